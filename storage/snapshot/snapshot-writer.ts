/** Writes a snapshot beside the others, in whatever pieces its state machine hands over. */
import { assert } from '#internal/base/assert.ts';
import type { File } from '#internal/runtime/files.ts';
import type { SnapshotManifest, SnapshotWriter } from '#raft/core/snapshot-store.ts';
import type { SnapshotMark } from '#raft/core/types.ts';
import { crc32c } from '#storage/wal/crc32c.ts';
import { sizeBytesMax } from './manifest.ts';
import { type Draft, type Ground, dataName, snapshotName } from './snapshot-folder.ts';
import { SnapshotError } from './snapshot-error.ts';

type WriterDependencies = {
  readonly ground: Ground;
  /** Publishes; the store's, so that it knows the newest one. */
  readonly commit: (draft: Draft) => Promise<void>;
  /** Runs disk work, and tells its faults as `SnapshotError`. */
  readonly guard: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onEnd: () => void;
};

type WriterOptions = { readonly mark: SnapshotMark; readonly chunkBytes: number };

export async function newWriter(
  dependencies: WriterDependencies,
  options: WriterOptions,
): Promise<SnapshotWriter> {
  const { files, folder } = dependencies.ground;
  const name = `${snapshotName(options.mark)}.tmp`;
  const data = await dependencies.guard(async () => {
    await files.remove(`${folder}/${name}`);
    await files.makeFolder(`${folder}/${name}`);
    return await files.open(`${folder}/${name}/${dataName}`, { create: true });
  });
  return new Writer(dependencies, { ...options, name, data });
}

class Writer implements SnapshotWriter {
  readonly #dependencies: WriterDependencies;
  readonly #options: WriterOptions & { readonly name: string; readonly data: File };
  #sizeBytes = 0;
  readonly #checksums: number[] = [];
  /** Of the chunk that is not full yet. */
  #checksum = 0;
  #isBusy = false;
  #isOver = false;

  constructor(
    dependencies: WriterDependencies,
    options: WriterOptions & { readonly name: string; readonly data: File },
  ) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#alone(async () => {
      assert(this.#sizeBytes + bytes.length <= sizeBytesMax, 'the snapshot is too large');
      await this.#options.data.write(this.#sizeBytes, [bytes]);
      this.#sum(bytes);
    });
  }

  commit(): Promise<SnapshotManifest> {
    return this.#alone(async () => {
      const { mark, chunkBytes, name, data } = this.#options;
      const isPartial = this.#sizeBytes % chunkBytes !== 0;
      const checksums = isPartial ? [...this.#checksums, this.#checksum] : [...this.#checksums];
      const manifest = { mark, sizeBytes: this.#sizeBytes, chunkBytes, checksums };
      await this.#dependencies.commit({ name, data, manifest });
      await this.#end();
      return manifest;
    });
  }

  async abandon(): Promise<void> {
    if (this.#isOver) return;
    assert(!this.#isBusy, 'a snapshot is abandoned while it is written');
    const { ground, guard } = this.#dependencies;
    await this.#end();
    await guard(() => ground.files.remove(`${ground.folder}/${this.#options.name}`));
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    this.#dependencies.onEnd();
    await this.#options.data.close();
  }

  #sum(bytes: Uint8Array): void {
    const { chunkBytes } = this.#options;
    for (let from = 0; from < bytes.length;) {
      const room = chunkBytes - (this.#sizeBytes % chunkBytes);
      const to = Math.min(bytes.length, from + room);
      this.#checksum = crc32c(bytes, from, to, this.#checksum);
      this.#sizeBytes += to - from;
      from = to;
      if (this.#sizeBytes % chunkBytes !== 0) continue;
      this.#checksums.push(this.#checksum);
      this.#checksum = 0;
    }
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver) throw new SnapshotError('CLOSED', 'This snapshot is finished or abandoned');
    assert(!this.#isBusy, 'a snapshot is written twice at a time');
    this.#isBusy = true;
    try {
      return await this.#dependencies.guard(work);
    } finally {
      this.#isBusy = false;
    }
  }
}
