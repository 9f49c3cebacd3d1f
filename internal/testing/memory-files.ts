/**
 * `Files` over a map of one folder's files, for tests that open the same image many thousand times:
 * nothing takes time and nothing is lost. What is written goes into a copy.
 */
import { type File, type Files, FilesError } from '#internal/runtime/files.ts';

export type MemoryFiles = Files & {
  /** The files as they are now. */
  contents(): ReadonlyMap<string, Uint8Array>;
};

export function memoryFiles(folder: string, image: ReadonlyMap<string, Uint8Array>): MemoryFiles {
  const held = new Map(image);
  const nameOf = (path: string): string => path.slice(folder.length + 1);
  return {
    contents: () => held,
    async open(path, { create = false, exclusive = false } = {}) {
      const name = nameOf(path);
      const isThere = held.has(name);
      if (isThere && exclusive) throw new FilesError('EEXIST', path);
      if (!isThere && !create) throw new FilesError('ENOENT', path);
      if (!isThere) held.set(name, new Uint8Array(0));
      return handle(held, { name });
    },
    async list() {
      return [...held.keys()].toSorted();
    },
    async stat(path) {
      const found = held.get(nameOf(path));
      return found === undefined ? undefined : { kind: 'file', sizeBytes: found.length };
    },
    async makeFolder() {},
    async rename(source, target) {
      const found = held.get(nameOf(source));
      if (found === undefined) throw new FilesError('ENOENT', source);
      held.delete(nameOf(source));
      held.set(nameOf(target), found);
    },
    async remove(path) {
      held.delete(nameOf(path));
    },
    async syncFolder() {},
    async freeBytes() {
      return Infinity;
    },
    async lock() {
      return { async [Symbol.asyncDispose]() {} };
    },
  };
}

function handle(held: Map<string, Uint8Array>, at: { readonly name: string }): File {
  // A rename moves the bytes; whoever has them open goes on with them.
  let bytes = held.get(at.name) ?? new Uint8Array(0);
  const change = (next: Uint8Array): void => {
    for (const [name, found] of held) if (found === bytes) held.set(name, next);
    bytes = next;
  };
  return {
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    async write(offset, parts) {
      const added = Buffer.concat(parts);
      const next = new Uint8Array(Math.max(bytes.length, offset + added.length));
      next.set(bytes);
      next.set(added, offset);
      change(next);
    },
    async truncate(sizeBytes) {
      const next = new Uint8Array(sizeBytes);
      next.set(bytes.subarray(0, sizeBytes));
      change(next);
    },
    async sync() {},
    size: async () => bytes.length,
    async close() {},
  };
}
