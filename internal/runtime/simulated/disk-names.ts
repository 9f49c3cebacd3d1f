/**
 * The tree of names on a simulated disk. A file that was synced can still be lost by its name: what
 * was created, renamed or removed in a folder is certain only when that folder was synced. A power
 * cut keeps some of the uncertain changes, in their order, and forgets the others; a rename is kept
 * or forgotten as a whole.
 */
import type { Random } from '#internal/base/random.ts';
import { DiskContent } from './disk-content.ts';

export type FileEntry = { readonly kind: 'file'; readonly content: DiskContent };
export type FolderEntry = {
  readonly kind: 'folder';
  live: Map<string, Entry>;
  durable: Map<string, Entry>;
};
export type Entry = FileEntry | FolderEntry;

/** One name in one folder; without an entry it is removed. */
type Change = {
  readonly folder: FolderEntry;
  readonly name: string;
  readonly entry: Entry | undefined;
};
type Operation = readonly Change[];

export class DiskNames {
  readonly root: FolderEntry = newFolder();
  #pending: Operation[] = [];

  find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.root;
    for (const name of namesOf(path)) {
      entry = entry?.kind === 'folder' ? entry.live.get(name) : undefined;
    }
    return entry;
  }

  /** Whether a power cut right now would leave something at `path`, for sure. */
  isDurable(path: string): boolean {
    let entry: Entry | undefined = this.root;
    for (const name of namesOf(path)) {
      entry = entry?.kind === 'folder' ? entry.durable.get(name) : undefined;
    }
    return entry !== undefined;
  }

  /** The folder that holds `path`, and the last name; undefined when there is no such folder. */
  place(path: string): { readonly folder: FolderEntry; readonly name: string } | undefined {
    const names = namesOf(path);
    const name = names.pop();
    const folder = this.find(names.join('/'));
    return name === undefined || folder?.kind !== 'folder' ? undefined : { folder, name };
  }

  /** Changes names at once for the program, and some day for the disk. */
  change(operation: Operation): void {
    setNames('live', operation);
    this.#pending.push(operation);
  }

  /** Makes names in `folder` durable, with every earlier change that one of them stands on. */
  sync(folder: FolderEntry): void {
    this.#keep((operation) => operation.some((change) => change.folder === folder));
  }

  /** Paths of all files, as a program sees them. */
  paths(): readonly string[] {
    return [...pathsIn(this.root, '')];
  }

  /** The disk forgets a name, whatever was synced. */
  corrupt(path: string): void {
    const place = this.place(path);
    place?.folder.live.delete(place.name);
    place?.folder.durable.delete(place.name);
  }

  /** Returns how many changes were forgotten. */
  loseUnsynced(random: Random): number {
    const kept = random.below(4) / 3;
    this.#keep(() => random.chance(kept));
    const forgotten = this.#pending.length;
    const entries = [...this.#everyEntry()];
    this.#pending = [];
    for (const entry of entries) {
      if (entry.kind === 'folder') entry.live = new Map(entry.durable);
    }
    return forgotten;
  }

  /**
   * Makes the chosen changes durable, and those before them that changed a name of theirs: a file
   * that was renamed twice is never in two places.
   */
  #keep(isChosen: (operation: Operation) => boolean): void {
    const kept = new Set<Operation>();
    const names = new Map<FolderEntry, Set<string>>();
    for (const operation of this.#pending.toReversed()) {
      const isNeeded = operation.some((change) => names.get(change.folder)?.has(change.name));
      if (!isChosen(operation) && !isNeeded) continue;
      kept.add(operation);
      for (const { folder, name } of operation) {
        names.set(folder, (names.get(folder) ?? new Set()).add(name));
      }
    }
    for (const operation of this.#pending) if (kept.has(operation)) setNames('durable', operation);
    this.#pending = this.#pending.filter((operation) => !kept.has(operation));
  }

  /** Files that have a name; with `all`, also those whose name a power cut may bring back. */
  *files(which: 'live' | 'all'): Generator<DiskContent> {
    const entries = new Set<Entry>(liveEntries(this.root));
    if (which === 'all') for (const entry of this.#everyEntry()) entries.add(entry);
    for (const entry of entries) if (entry.kind === 'file') yield entry.content;
  }

  *#everyEntry(): Generator<Entry> {
    const seen = new Set<Entry>([this.root]);
    for (const operation of this.#pending) {
      for (const { folder, entry } of operation) {
        seen.add(folder);
        if (entry !== undefined) seen.add(entry);
      }
    }
    // A set hands out what is added to it while it is walked.
    for (const entry of seen) {
      yield entry;
      if (entry.kind === 'file') continue;
      for (const below of entry.durable.values()) seen.add(below);
      for (const below of entry.live.values()) seen.add(below);
    }
  }
}

export const newFolder = (): FolderEntry => ({
  kind: 'folder',
  live: new Map(),
  durable: new Map(),
});

export const newFile = (): FileEntry => ({ kind: 'file', content: new DiskContent() });

export const namesOf = (path: string): string[] =>
  path.split('/').filter((name) => name !== '' && name !== '.');

function setNames(view: 'live' | 'durable', operation: Operation): void {
  for (const { folder, name, entry } of operation) {
    if (entry === undefined) folder[view].delete(name);
    else folder[view].set(name, entry);
  }
}

function* pathsIn(folder: FolderEntry, above: string): Generator<string> {
  for (const [name, entry] of folder.live) {
    if (entry.kind === 'file') yield `${above}/${name}`;
    else yield* pathsIn(entry, `${above}/${name}`);
  }
}

function* liveEntries(folder: FolderEntry): Generator<Entry> {
  for (const entry of folder.live.values()) {
    yield entry;
    if (entry.kind === 'folder') yield* liveEntries(entry);
  }
}
