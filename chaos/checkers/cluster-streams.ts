/**
 * The order in which a scheduler's streams bring the updates of a task (contract 7.2). A stream keeps
 * the order in which its master wrote, but two connections do not wait for each other: whoever
 * subscribes anew before it closed the stream before may read what was written there long ago after
 * what the new one brings. What holds nevertheless:
 *
 * - a stream brings nothing older than what it has brought;
 * - nor anything older than what its scheduler had heard, on any stream, when it asked for this one;
 * - of two streams, one was written before the other: what they bring can be put in order so.
 */
import { Violation } from './violation.ts';

/** Places of updates in the order in which their agent sent them, by task. */
type Places = Map<string, number>;

export type Stream = {
  readonly owner: string;
  /** Of the streams of its owner, a later one has a greater number. */
  readonly number: number;
  /** The newest that was heard of each task before it was asked for. */
  readonly floor: ReadonlyMap<string, number>;
  /** The oldest and the newest that it has brought. */
  readonly first: Places;
  readonly last: Places;
  /** It brought something newer than these did: it was not written before them. */
  readonly notBefore: Set<Stream>;
};

export class StreamLaws {
  readonly #streams = new Map<string, Stream[]>();
  readonly #newest = new Map<string, Places>();

  /** `owner` asks for a stream. */
  asked(owner: string): Stream {
    const streams = this.#streams.get(owner) ?? [];
    const stream: Stream = {
      owner,
      number: streams.length,
      floor: new Map(this.#newest.get(owner)),
      first: new Map(),
      last: new Map(),
      notBefore: new Set(),
    };
    this.#streams.set(owner, [...streams, stream]);
    return stream;
  }

  /** The update of `task` at place `at` comes on `stream`. True when no stream has brought it before. */
  brought(stream: Stream, task: string, at: number): boolean {
    const { owner, floor, first, last } = stream;
    if (at < Math.max(floor.get(task) ?? 0, last.get(task) ?? 0)) {
      throw new Violation('update-order', `an update of ${task} was heard after a newer one`);
    }
    if (!first.has(task)) first.set(task, at);
    last.set(task, at);
    for (const other of this.#streams.get(owner) ?? []) {
      if (other !== stream) compare(stream, other, task);
    }
    const newest = this.#newest.get(owner) ?? new Map<string, number>();
    this.#newest.set(owner, newest);
    const isNew = at > (newest.get(task) ?? -1);
    if (isNew) newest.set(task, at);
    return isNew;
  }
}

function compare(one: Stream, other: Stream, task: string): void {
  if (isNewer(one, other, task)) one.notBefore.add(other);
  if (isNewer(other, one, task)) other.notBefore.add(one);
  if (one.notBefore.has(other) && other.notBefore.has(one)) {
    const both = `two streams of ${one.owner}`;
    throw new Violation('update-order', `${both} each brought something older than the other had`);
  }
}

/** `one` brought an update of `task` that is newer than one that `other` brought. */
function isNewer(one: Stream, other: Stream, task: string): boolean {
  const [newest, oldest] = [one.last.get(task), other.first.get(task)];
  return newest !== undefined && oldest !== undefined && newest > oldest;
}
