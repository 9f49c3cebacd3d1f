/** Archives for tests, written byte by byte: also such as no honest program would write. */
import { crc32 } from '#internal/runtime/inflating.ts';

export type TarEntry = {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  /** `0` a file, `1` a hard link, `2` a link, `3` a device, `5` a folder, `6` a pipe… */
  readonly type?: string;
  readonly target?: string;
};

export function tarOf(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(
    ({ name, content = '', mode = 0o644, type = '0', target = '' }) => {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      const header = new Uint8Array(512);
      put(header, 0, name);
      put(header, 100, `${mode.toString(8).padStart(7, '0')}\0`);
      put(header, 124, `${bytes.length.toString(8).padStart(11, '0')}\0`);
      put(header, 148, '        ');
      put(header, 156, type);
      put(header, 157, target);
      put(header, 257, 'ustar\u000000');
      const sum = header.reduce((total, byte) => total + byte, 0);
      put(header, 148, `${sum.toString(8).padStart(6, '0')}\0 `);
      const padding = new Uint8Array((512 - (bytes.length % 512)) % 512);
      return [header, bytes, padding];
    },
  );
  return joined([...blocks, new Uint8Array(1024)]);
}

export type ZipEntry = {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** With its type, as `stat` has it. */
  readonly mode?: number;
  /** `content` as it is stored, deflated. */
  readonly deflated?: Uint8Array;
  /** What the directory says of its length; the truth when left out. */
  readonly claimedBytes?: number;
};

export function zipOf(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, content = '', mode = 0o100644, deflated, claimedBytes } of entries) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const path = new TextEncoder().encode(name);
    const stored = deflated ?? bytes;
    const said = [deflated === undefined ? 0 : 8, crc32(bytes, 0), stored.length] as const;
    const common = [...said, claimedBytes ?? bytes.length, path.length] as const;
    const local = new Uint8Array(30);
    fill(local, common, { signature: 0x04_03_4b_50, methodAt: 8 });
    const entry = new Uint8Array(46);
    fill(entry, common, { signature: 0x02_01_4b_50, methodAt: 10 });
    const view = new DataView(entry.buffer);
    view.setUint8(5, 3);
    view.setUint32(38, mode * 0x1_00_00, true);
    view.setUint32(42, offset, true);
    parts.push(local, path, stored);
    directory.push(entry, path);
    offset += local.length + path.length + stored.length;
  }
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06_05_4b_50, true);
  view.setUint16(10, entries.length, true);
  view.setUint32(12, joined(directory).length, true);
  view.setUint32(16, offset, true);
  return joined([...parts, ...directory, end]);
}

type Said = readonly [method: number, crc: number, packed: number, size: number, name: number];

function fill(
  header: Uint8Array,
  [method, crc, packedBytes, sizeBytes, nameBytes]: Said,
  { signature, methodAt }: { readonly signature: number; readonly methodAt: number },
): void {
  const view = new DataView(header.buffer);
  view.setUint32(0, signature, true);
  view.setUint16(methodAt, method, true);
  view.setUint32(methodAt + 6, crc, true);
  view.setUint32(methodAt + 10, packedBytes, true);
  view.setUint32(methodAt + 14, sizeBytes, true);
  view.setUint16(methodAt + 18, nameBytes, true);
}

function put(header: Uint8Array, at: number, text: string): void {
  header.set(new TextEncoder().encode(text), at);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
