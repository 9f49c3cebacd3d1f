/**
 * Takes a snapshot from a leader, chunk by chunk, into a folder beside the others. Nothing of it is
 * trusted but what the manifest's checksums confirm: that holds for what comes in, and for what a
 * session before a break left behind. So nothing needs a sync before the end (raft.md, bug 37).
 */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { File } from '#internal/runtime/files.ts';
import type { ChunkRefusal, SnapshotChunk } from '#raft/core/snapshot-store.ts';
import type { SnapshotManifest, SnapshotReceiver } from '#raft/core/snapshot-store.ts';
import { crc32c } from '#storage/wal/crc32c.ts';
import { dataName, type Draft, type Ground, manifestName, readWhole } from './snapshot-folder.ts';
import { snapshotName, soundChunks, writeWhole } from './snapshot-folder.ts';
import { SnapshotError } from './snapshot-error.ts';

type ReceiverDependencies = {
  readonly ground: Ground;
  readonly commit: (draft: Draft) => Promise<void>;
  readonly guard: <T>(work: () => Promise<T>) => Promise<T>;
};

type ReceiverOptions = { readonly manifest: SnapshotManifest; readonly encoded: Uint8Array };

export async function newReceiver(
  dependencies: ReceiverDependencies,
  options: ReceiverOptions,
): Promise<SnapshotReceiver> {
  const { files, folder } = dependencies.ground;
  const name = `${snapshotName(options.manifest.mark)}.part`;
  const path = `${folder}/${name}`;
  const { data, chunks } = await dependencies.guard(async () => {
    // Of the same index and term, but another node's: its bytes may differ in every chunk.
    const left = await readWhole(files, `${path}/${manifestName}`);
    const isSame = left !== undefined && isEqual(left, options.encoded);
    await files.makeFolder(path);
    if (!isSame) await writeWhole(files, `${path}/${manifestName}`, options.encoded);
    const file = await files.open(`${path}/${dataName}`, { create: true });
    return { data: file, chunks: isSame ? await soundChunks(file, options.manifest) : 0 };
  });
  return new Receiver(dependencies, { ...options, name, data, chunks });
}

type Begun = ReceiverOptions & {
  readonly name: string;
  readonly data: File;
  /** That are there already. */
  readonly chunks: number;
};

class Receiver implements SnapshotReceiver {
  readonly manifest: SnapshotManifest;
  readonly #dependencies: ReceiverDependencies;
  readonly #name: string;
  readonly #data: File;
  #chunks: number;
  #isOver = false;
  #work: Promise<unknown> | undefined;

  constructor(dependencies: ReceiverDependencies, { manifest, name, data, chunks }: Begun) {
    this.manifest = manifest;
    this.#dependencies = dependencies;
    this.#name = name;
    this.#data = data;
    this.#chunks = chunks;
  }

  nextOffset(): number {
    const { chunkBytes, sizeBytes } = this.manifest;
    return Math.min(this.#chunks * chunkBytes, sizeBytes);
  }

  async take(chunk: SnapshotChunk): Promise<Result<number, ChunkRefusal>> {
    const { mark, checksums } = this.manifest;
    const isOurs = chunk.index === mark.index && chunk.term === mark.term;
    if (this.#isOver || !isOurs) return refuse({ kind: 'superseded' });
    const expected = this.nextOffset();
    if (chunk.offset > expected) return refuse({ kind: 'gap', expected });
    if (chunk.offset < expected || this.#chunks === checksums.length) return accept(expected);
    const checksum = checksums[this.#chunks];
    if (chunk.bytes.length !== this.#nextBytes() || crc32c(chunk.bytes) !== checksum) {
      return refuse({ kind: 'damaged', expected });
    }
    await this.#alone(() => this.#data.write(expected, [chunk.bytes]));
    this.#chunks++;
    return accept(this.nextOffset());
  }

  async commit(): Promise<SnapshotManifest> {
    if (this.#isOver) throw new SnapshotError('CLOSED', 'Another snapshot is received by now');
    const { manifest } = this;
    assert(this.#chunks === manifest.checksums.length, 'a snapshot was not received to its end');
    const draft = { name: this.#name, data: this.#data, manifest };
    await this.#alone(() => this.#dependencies.commit(draft));
    await this.close();
    return manifest;
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    // Who waits for the write hears of its fault.
    await this.#work?.catch(() => {});
    await this.#dependencies.guard(() => this.#data.close());
  }

  #nextBytes(): number {
    const { chunkBytes, sizeBytes } = this.manifest;
    return Math.min(chunkBytes, sizeBytes - this.#chunks * chunkBytes);
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    assert(this.#work === undefined, 'a snapshot is received twice at a time');
    this.#work = this.#dependencies.guard(work);
    try {
      await this.#work;
    } finally {
      this.#work = undefined;
    }
  }
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i]);
