/** Ctrl-P Ctrl-Q leaves a container and lets it go on, as people know it from elsewhere. */
const first = 0x10;
const second = 0x11;

export type DetachKeys = {
  /** True when these bytes, with those before them, end in leaving. */
  take(data: Uint8Array): boolean;
};

export function newDetachKeys(): DetachKeys {
  let wasFirst = false;
  return {
    take: (data) => {
      for (const byte of data) {
        if (wasFirst && byte === second) return true;
        wasFirst = byte === first;
      }
      return false;
    },
  };
}
