/**
 * Whom a node has met: each node's birth (a random mark that its disk got when it was new) and the ids
 * that are retired. So a node that lost its disk is not taken for the one it was: it has forgotten its
 * votes and what it acknowledged, and would let decided entries be undone.
 *
 * What is learnt is written a little later. A crash in between forgets an acquaintance, which is then
 * made again; births that several nodes know are not forgotten by all of them.
 */
import { assert } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import type { Random } from '#internal/base/random.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { NodeId } from '#raft/core/types.ts';

/** Which ids are used up: part of what the log decided, since changes of the membership retire them. */
export type RetiredIds = {
  isRetired(peer: NodeId): boolean;
  retired(): readonly NodeId[];
  retire(peer: NodeId): void;
  /** They are members by our log: whatever told us otherwise is not decided, as far as it knows. */
  reinstate(peers: readonly NodeId[]): void;
  /** The log has been written. */
  markUsed(): void;
  /** Resolves when what is known is on disk, or could not be written. */
  flush(): Promise<void>;
};

/** What a transport asks at each handshake. */
export type Acquaintances = {
  /** Ours, told to every peer. */
  readonly birth: string;
  /** Undefined when the peer may be who it says; otherwise why not, for an operator to read. */
  acquaint(peer: NodeId, birth: string): string | undefined;
};

/** In memory alone: for programs that keep nothing, and for tests. */
export function passingAcquaintances(birth: string): Acquaintances {
  const births = new Map<NodeId, string>();
  return {
    birth,
    acquaint(peer, theirs) {
      const known = births.get(peer) ?? theirs;
      births.set(peer, known);
      return known === theirs ? undefined : otherDisk(peer);
    },
  };
}

const otherDisk = (peer: NodeId): string =>
  `Node ${peer} was here with another disk. One that lost its log has forgotten its votes: ` +
  'it joins anew, under an id that was never used';

export type PeerBookDependencies = {
  readonly files: Files;
  readonly random: Random;
  readonly logger: Logger;
};

export type PeerBookOptions = {
  readonly path: string;
  readonly id: NodeId;
  /** The node's log has never been written. */
  readonly isLogNew: boolean;
};

/** `code`: `WIPED` (the log is gone, the book is not), `CORRUPT`. */
export class PeerBookError extends Error {
  override readonly name: string = 'PeerBookError';
  readonly code: 'WIPED' | 'CORRUPT';

  constructor(code: PeerBookError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type Page = {
  readonly birth: string;
  /** The log has been written at least once. */
  readonly isUsed: boolean;
  readonly births: ReadonlyMap<NodeId, string>;
  readonly retired: ReadonlySet<NodeId>;
};

/** Opens the book, or makes it. Throws `PeerBookError` when the node must not start. */
export async function openPeerBook(
  dependencies: PeerBookDependencies,
  options: PeerBookOptions,
): Promise<PeerBook> {
  const { files, random } = dependencies;
  const { path, id, isLogNew } = options;
  const written = await readPage(files, path);
  if (written?.isUsed === true && isLogNew) {
    const why = `The log of node ${id} is gone: it has forgotten its votes`;
    throw new PeerBookError('WIPED', `${why}. Let it join anew, under an id that was never used`);
  }
  const birth = Buffer.from(random.bytes(16)).toString('hex');
  const page = written ?? { birth, isUsed: false, births: new Map(), retired: new Set() };
  const book = new PeerBook(dependencies, { path, page });
  if (written === undefined) await writePage(files, path, page);
  // The process that wrote it may have died before its name was durable.
  else await files.syncFolder(folderOf(path));
  return book;
}

export class PeerBook implements Acquaintances, RetiredIds, AsyncDisposable {
  readonly #dependencies: PeerBookDependencies;
  readonly #path: string;
  #page: Page;
  #written: Page;
  #writing: Promise<void> | undefined;

  constructor(
    dependencies: PeerBookDependencies,
    { path, page }: { readonly path: string; readonly page: Page },
  ) {
    this.#dependencies = dependencies;
    this.#path = path;
    this.#page = page;
    this.#written = page;
  }

  get birth(): string {
    return this.#page.birth;
  }

  acquaint(peer: NodeId, birth: string): string | undefined {
    const { births } = this.#page;
    if (this.isRetired(peer)) {
      return `Node ${peer} was removed from the cluster. Let it join anew, under another id`;
    }
    const known = births.get(peer);
    if (known === birth) return undefined;
    if (known !== undefined) return otherDisk(peer);
    this.#turn({ ...this.#page, births: new Map([...births, [peer, birth]]) });
    return undefined;
  }

  /** An id that was in the cluster, or a new one that we have met. */
  hasMet(peer: NodeId): boolean {
    return this.#page.births.has(peer);
  }

  isRetired(peer: NodeId): boolean {
    return this.#page.retired.has(peer);
  }

  /** In rising order. */
  retired(): readonly NodeId[] {
    return [...this.#page.retired].toSorted((one, other) => one - other);
  }

  /** For ever: its id is used up. */
  retire(peer: NodeId): void {
    if (this.isRetired(peer)) return;
    this.#turn({ ...this.#page, retired: new Set([...this.#page.retired, peer]) });
  }

  reinstate(peers: readonly NodeId[]): void {
    if (!peers.some((peer) => this.isRetired(peer))) return;
    const retired = new Set(this.#page.retired).difference(new Set(peers));
    this.#turn({ ...this.#page, retired });
  }

  /** The log has been written: from now on its loss is noticed. */
  markUsed(): void {
    if (!this.#page.isUsed) this.#turn({ ...this.#page, isUsed: true });
  }

  /** Resolves when all that is known is written, or could not be. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  #turn(page: Page): void {
    this.#page = page;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    const { files, logger } = this.#dependencies;
    while (this.#written !== this.#page) {
      const page = this.#page;
      try {
        await writePage(files, this.#path, page);
      } catch (error) {
        // It is tried again with the next thing learnt.
        logger.warn('The book of peers was not written', { error });
        return;
      }
      this.#written = page;
    }
  }
}

async function writePage(files: Files, path: string, page: Page): Promise<void> {
  const { birth, isUsed, births, retired } = page;
  const written = { version, birth, isUsed, births: [...births], retired: [...retired] };
  const beside = `${path}.new`;
  await files.remove(beside);
  const file = await files.open(beside, { create: true });
  try {
    await file.write(0, [new TextEncoder().encode(JSON.stringify(written))]);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(beside, path);
  await files.syncFolder(folderOf(path));
}

const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

async function readPage(files: Files, path: string): Promise<Page | undefined> {
  let text: string;
  try {
    const file = await files.open(path);
    try {
      text = new TextDecoder().decode(await file.read(0, await file.size()));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof FilesError && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return pageFromJson(JSON.parse(text));
  } catch (cause) {
    throw new PeerBookError('CORRUPT', `The book of peers ${path} is damaged`, { cause });
  }
}

const version = 1;

function pageFromJson(written: unknown): Page {
  assert(isRecord(written) && written['version'] === version, 'not a book of this version');
  const { birth, isUsed, births, retired } = written;
  assert(typeof birth === 'string' && typeof isUsed === 'boolean', 'no birth');
  assert(Array.isArray(births) && Array.isArray(retired), 'no peers');
  const met = births.map((row: unknown): [NodeId, string] => {
    assert(Array.isArray(row) && typeof row[1] === 'string', 'a peer without a birth');
    return [idFrom(row[0]), row[1]];
  });
  return { birth, isUsed, births: new Map(met), retired: new Set(retired.map(idFrom)) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function idFrom(value: unknown): NodeId {
  assert(typeof value === 'number' && Number.isSafeInteger(value), 'not a node id');
  return brand<NodeId>(value);
}
