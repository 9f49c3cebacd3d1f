/**
 * What a sandbox is about to get, put together in a stage of ours: files, folders and links, from as many
 * URIs and archives as there are. Links are made last, so that nothing is ever written through one, and
 * only such as can lead nowhere else. Set-uid, set-gid and sticky bits are dropped.
 */
import type { Stage } from '#internal/runtime/stage.ts';
import { ArchiveError } from './archive.ts';
import { shorten, staysInside } from './member-path.ts';

export type AssemblyLimits = {
  /** Of all files together. */
  readonly bytesMax: number;
  /** Files, folders and links. */
  readonly membersMax: number;
};

type Path = readonly string[];

export class Assembly {
  readonly #stage: Stage;
  readonly #limits: AssemblyLimits;
  readonly #kinds = new Map<string, 'file' | 'folder' | 'link'>();
  readonly #links: { readonly path: Path; readonly target: string }[] = [];
  #bytes = 0;
  #members = 0;

  constructor({ stage }: { readonly stage: Stage }, limits: AssemblyLimits) {
    this.#stage = stage;
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A file takes the place of one that came before. */
  async file(path: Path, content: AsyncIterable<Uint8Array>, mode: number): Promise<void> {
    await this.#clear(path, 'file');
    await this.#stage.writeFile(path, this.#counted(content), fileMode(mode));
  }

  /** As `file`, of one that lies elsewhere and is ours. */
  async copy(
    path: Path,
    { from, sizeBytes }: { readonly from: string; readonly sizeBytes: number },
    mode: number,
  ): Promise<void> {
    await this.#clear(path, 'file');
    this.#spend(sizeBytes);
    await this.#stage.copyFile(path, from, fileMode(mode));
  }

  async folder(path: Path, mode: number): Promise<void> {
    if (path.length === 0) return;
    await this.#clear(path, 'folder');
    // Its owner has to be able to clear it away.
    await this.#stage.makeFolder(path, (mode & 0o777) | 0o700);
  }

  async link(path: Path, target: string): Promise<void> {
    if (!staysInside(path, target)) {
      throw new ArchiveError(
        `The link '${shorten(path.join('/'))}' leads out of the sandbox, to '${shorten(target)}'`,
      );
    }
    await this.#clear(path, 'link');
    this.#links.push({ path, target });
  }

  async hardLink(path: Path, existing: Path): Promise<void> {
    if (this.#kinds.get(existing.join('/')) !== 'file') {
      throw new ArchiveError(
        `'${shorten(path.join('/'))}' is to be the same as '${shorten(existing.join('/'))}', ` +
          'which is no file of the archive',
      );
    }
    // It is there already.
    if (path.join('/') === existing.join('/')) return;
    await this.#clear(path, 'file');
    await this.#stage.hardLink(path, existing);
  }

  /** Makes the links. Nothing can be added after it. */
  async finish(): Promise<void> {
    for (const { path, target } of this.#links) await this.#stage.link(path, target);
  }

  /** Makes sure that something of that kind can be made at `path`. */
  async #clear(path: Path, kind: 'file' | 'folder' | 'link'): Promise<void> {
    const name = path.join('/');
    this.#members += 1;
    if (this.#members > this.#limits.membersMax) {
      throw new ArchiveError(`There are more than ${this.#limits.membersMax} files`);
    }
    if (path.length === 0) throw new ArchiveError('A file has no name');
    for (let length = 1; length < path.length; length++) {
      const above = path.slice(0, length).join('/');
      if ((this.#kinds.get(above) ?? 'folder') !== 'folder') {
        throw new ArchiveError(`'${shorten(name)}' leads through '${shorten(above)}', no folder`);
      }
      this.#kinds.set(above, 'folder');
    }
    const before = this.#kinds.get(name);
    if (before !== undefined && (before !== kind || kind === 'link')) {
      throw new ArchiveError(`'${shorten(name)}' is there twice, as a ${before} and as a ${kind}`);
    }
    this.#kinds.set(name, kind);
    if (before === 'file') await this.#stage.removeFile(path);
  }

  async *#counted(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.#spend(chunk.length);
      yield chunk;
    }
  }

  #spend(bytes: number): void {
    this.#bytes += bytes;
    const { bytesMax } = this.#limits;
    if (this.#bytes > bytesMax) throw new ArchiveError(`It is more than ${bytesMax} bytes`);
  }
}

const fileMode = (mode: number): number => (mode & 0o777) | 0o600;
