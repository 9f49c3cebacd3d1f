/** What every transport of snapshots promises, on whatever network. */
import type { TestFn } from 'ava';
import { brand } from '#internal/base/brand.ts';
import type { NodeId } from '#raft/core/types.ts';
import {
  type SnapshotReply,
  type SnapshotRequest,
  type SnapshotTransport,
  SnapshotTransportError,
} from '#raft/node/snapshot-transport.ts';

export type SnapshotEndpoint = {
  readonly transport: SnapshotTransport;
  readonly received: readonly (readonly [from: NodeId, request: SnapshotRequest])[];
  /** What it answers from now on; undefined: nothing, for ever. */
  answer: SnapshotReply | undefined;
};

/** Places for nodes 1 and 2. */
export type SnapshotNeighbourhood = AsyncDisposable & {
  open(id: NodeId, options?: { readonly clusterId: string }): Promise<SnapshotEndpoint>;
  crash(id: NodeId): Promise<void>;
  /** Lets time pass until the promise is settled. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Fires after a little of the place's time. */
  soon(): AbortSignal;
};

const [one, two] = [brand<NodeId>(1), brand<NodeId>(2)];

export function snapshotTransportSuite(
  test: TestFn,
  make: () => Promise<SnapshotNeighbourhood>,
): void {
  test('a question of every kind arrives as it was asked, and its answer comes back', async (t) => {
    await using place = await make();
    const [first, second] = [await place.open(one), await place.open(two)];
    for (const reply of replies) {
      second.answer = reply;
      for (const request of requests) {
        const signal = new AbortController().signal;
        t.deepEqual(await place.settle(first.transport.ask(two, request, { signal })), reply);
        t.deepEqual(second.received.at(-1), [one, request]);
      }
    }
    t.deepEqual(first.received, []);
  });

  test('a question without an answer ends with the signal', async (t) => {
    await using place = await make();
    const [first, second] = [await place.open(one), await place.open(two)];
    second.answer = undefined;
    const asking = first.transport.ask(two, requests[0]!, { signal: place.soon() });
    await t.throwsAsync(place.settle(asking), { instanceOf: SnapshotTransportError });
  });

  test('a peer that is not there, or of another cluster, does not answer', async (t) => {
    await using place = await make();
    const first = await place.open(one);
    const ask = (): Promise<SnapshotReply> =>
      place.settle(first.transport.ask(two, requests[0]!, { signal: place.soon() }));
    await t.throwsAsync(ask(), { instanceOf: SnapshotTransportError });
    const stranger = await place.open(two, { clusterId: 'another' });
    await t.throwsAsync(ask(), { instanceOf: SnapshotTransportError });
    t.deepEqual(stranger.received, []);
    await place.crash(two);
    await t.throwsAsync(ask(), { instanceOf: SnapshotTransportError });
    await place.open(two);
    t.is((await ask()).kind, 'taken');
  });

  test('after it was closed nothing is asked and nothing answered', async (t) => {
    await using place = await make();
    const [first, second] = [await place.open(one), await place.open(two)];
    await second.transport[Symbol.asyncDispose]();
    const asking = first.transport.ask(two, requests[0]!, { signal: place.soon() });
    await t.throwsAsync(place.settle(asking), { instanceOf: SnapshotTransportError });
    const back = second.transport.ask(one, requests[0]!, { signal: place.soon() });
    await t.throwsAsync(place.settle(back), { instanceOf: SnapshotTransportError });
    t.deepEqual([first.received, second.received], [[], []]);
  });
}

const bytes = Uint8Array.from({ length: 256 << 10 }, (_, i) => i % 251);
const requests: readonly SnapshotRequest[] = [
  { kind: 'offer', term: 3, manifest: Uint8Array.of(1, 2, 3) },
  { kind: 'chunk', term: 3, chunk: { index: 8, term: 2, offset: 65_536, checksum: 7, bytes } },
  { kind: 'finish', term: 3, index: 8, at: 2 },
];
const replies: readonly SnapshotReply[] = [
  { kind: 'continue', offset: 65_536 },
  { kind: 'refused', why: 'no, für immer' },
  { kind: 'taken' },
];
