/**
 * The state machine as the node's thread has it: entries go to the other thread, in order, and count
 * as applied. They are, for whoever looks at it from there: whatever follows them over the pipe is
 * heard after them, and neither thread outlives the other. A bounded amount is under way at a time.
 *
 * What the machine over there says of entries is not carried: one with verdicts lives here, around
 * this one (`SessionMachine`).
 */
import { assert } from '#internal/base/assert.ts';
import type { Index } from '#raft/core/types.ts';
import type { AppliedEntry, StateMachine, StateSnapshot } from '#raft/node/replicated-log.ts';
import { type CarriedError, uncarried } from './carried-error.ts';
import type { ChunkStreams } from './chunk-streams.ts';
import type { ToMachine } from './messages.ts';
import { packEntries } from './packed-entries.ts';

export type RemoteMachineDependencies = {
  readonly send: (message: ToMachine, moved?: readonly ArrayBuffer[]) => void;
  readonly streams: ChunkStreams;
};

export type RemoteMachineOptions = {
  readonly appliedIndex: Index;
  /** Data of entries that are not applied over there yet. Beyond it nothing more is taken. */
  readonly underWayBytesMax: number;
};

/** What an entry weighs beside its data. */
const entryCost = 32;

export class RemoteMachine implements StateMachine {
  readonly #dependencies: RemoteMachineDependencies;
  readonly #underWayBytesMax: number;
  #handed: Index;
  /** Oldest first. */
  #underWay: { readonly last: Index; readonly bytes: number }[] = [];
  #bytes = 0;
  /** Of those after the last that the other thread was to tell of. */
  #untoldBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #streams = 0;
  #restoring: { readonly stream: number; readonly done: PromiseWithResolvers<void> } | undefined;

  constructor(dependencies: RemoteMachineDependencies, options: RemoteMachineOptions) {
    this.#dependencies = dependencies;
    this.#underWayBytesMax = options.underWayBytesMax;
    this.#handed = options.appliedIndex;
  }

  apply(entries: readonly AppliedEntry[]): void {
    const last = entries.at(-1)?.index;
    if (last === undefined) return;
    const packed = packEntries(entries);
    const bytes = entries.reduce((sum, { data }) => sum + data.length + entryCost, 0);
    const isTold = this.#isToldNow(bytes);
    this.#dependencies.send({ kind: 'apply', entries: packed, isTold }, [packed.bytes.buffer]);
    this.#handed = last;
    this.#underWay.push({ last, bytes });
    this.#bytes += bytes;
  }

  /** Over there all up to `index` is applied. */
  onApplied(index: Index): void {
    const rest = this.#underWay.filter(({ last }) => last > index);
    this.#underWay = rest;
    this.#bytes = rest.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#isFull) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  room(): Promise<void> | undefined {
    if (!this.#isFull) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  appliedIndex(): Index {
    return this.#handed;
  }

  snapshot(): StateSnapshot {
    const { send, streams } = this.#dependencies;
    const stream = ++this.#streams;
    send({ kind: 'snapshot', stream });
    return { index: this.#handed, chunks: streams.take(stream) };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    assert(this.#restoring === undefined, 'one state takes the place of the machine at a time');
    const { send, streams } = this.#dependencies;
    const stream = ++this.#streams;
    const done = Promise.withResolvers<void>();
    this.#restoring = { stream, done };
    streams.serve(stream, chunks);
    send({ kind: 'restore', stream, index });
    await done.promise.finally(() => (this.#restoring = undefined));
    this.#handed = index;
  }

  onRestored(stream: number, fault: CarriedError | undefined): void {
    assert(this.#restoring?.stream === stream, 'a state was restored that nobody sent');
    if (fault === undefined) this.#restoring.done.resolve();
    else this.#restoring.done.reject(uncarried(fault));
  }

  /** Each word wakes a thread. By this many, whoever is full has one on its way. */
  #isToldNow(bytes: number): boolean {
    this.#untoldBytes += bytes;
    if (this.#untoldBytes < this.#underWayBytesMax / 4) return false;
    this.#untoldBytes = 0;
    return true;
  }

  get #isFull(): boolean {
    return this.#bytes >= this.#underWayBytesMax;
  }
}
