/**
 * What was fetched with `cache` set, kept for whoever wants the same: per user and URI. Fetches of one URI
 * at the same time are one. What was used least recently goes when there is more than may be; what
 * somebody holds stays until he lets go, so for that long there may be more. It is empty at the start.
 */
import { assert } from '#internal/base/assert.ts';
import type { Files } from '#internal/runtime/files.ts';

export type FetchCacheOptions = {
  /** Of this cache alone. */
  readonly folder: string;
  readonly bytesMax: number;
};

/** A file that stays as long as it is held. Let go once. */
export type Held = {
  readonly path: string;
  readonly sizeBytes: number;
  release(): Promise<void>;
};

type Entry = {
  readonly path: string;
  readonly filled: Promise<number>;
  /** Zero until it is filled. */
  sizeBytes: number;
  holders: number;
};

export class FetchCache {
  readonly #files: Files;
  readonly #options: FetchCacheOptions;
  /** The one used least recently first. */
  readonly #entries = new Map<string, Entry>();
  #usedBytes = 0;
  #made = 0;

  private constructor(files: Files, options: FetchCacheOptions) {
    this.#files = files;
    this.#options = options;
  }

  static async open(
    { files }: { readonly files: Files },
    options: FetchCacheOptions,
  ): Promise<FetchCache> {
    await files.remove(options.folder);
    await files.makeFolder(options.folder);
    return new FetchCache(files, options);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * The file of that name; `fill` makes it at the path it is given when it is missing, and says how long
   * it is. When that fails, it fails for all who wait for it, and the next one tries anew.
   */
  async hold(key: string, fill: (path: string) => Promise<number>): Promise<Held> {
    const entry = this.#entries.get(key) ?? this.#begin(key, fill);
    entry.holders += 1;
    this.#touch(key, entry);
    try {
      await entry.filled;
    } catch (error) {
      entry.holders -= 1;
      throw error;
    }
    await this.#evict();
    return {
      path: entry.path,
      sizeBytes: entry.sizeBytes,
      release: async () => {
        assert(entry.holders > 0, `"${entry.path}" is let go twice`);
        entry.holders -= 1;
        await this.#evict();
      },
    };
  }

  #begin(key: string, fill: (path: string) => Promise<number>): Entry {
    this.#made += 1;
    const path = `${this.#options.folder}/${this.#made}`;
    const entry: Entry = {
      path,
      sizeBytes: 0,
      holders: 0,
      filled: fill(path).then(
        (sizeBytes) => {
          entry.sizeBytes = sizeBytes;
          this.#usedBytes += sizeBytes;
          return sizeBytes;
        },
        async (error: unknown) => {
          this.#entries.delete(key);
          await this.#files.remove(path);
          throw error;
        },
      ),
    };
    return entry;
  }

  #touch(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  async #evict(): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#usedBytes <= this.#options.bytesMax) return;
      if (entry.holders > 0) continue;
      this.#entries.delete(key);
      this.#usedBytes -= entry.sizeBytes;
      await this.#files.remove(entry.path);
    }
  }
}
