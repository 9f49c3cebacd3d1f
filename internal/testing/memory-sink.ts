/** A stream's reader as it suits a test: it takes everything at once, or nothing until told. */
import type { HttpSink } from '#internal/runtime/http.ts';

export type MemorySink = HttpSink & {
  readonly chunks: Uint8Array[];
  readonly state: () => 'open' | 'ended' | 'destroyed';
  /** Takes what waits. */
  drain(): void;
};

export function memorySink({ isSlow }: { readonly isSlow: boolean }): MemorySink {
  const chunks: Uint8Array[] = [];
  const over = new AbortController();
  let state: 'open' | 'ended' | 'destroyed' = 'open';
  let backlogBytes = 0;
  return {
    chunks,
    state: () => state,
    closed: over.signal,
    get backlogBytes() {
      return backlogBytes;
    },
    write(chunk) {
      if (state !== 'open') return;
      chunks.push(chunk);
      if (isSlow) backlogBytes += chunk.length;
    },
    drain() {
      backlogBytes = 0;
    },
    end() {
      if (state === 'open') state = 'ended';
      over.abort();
    },
    destroy() {
      state = 'destroyed';
      over.abort();
    },
  };
}
