/** What every peer transport promises, on whatever network. */
import { isDeepStrictEqual } from 'node:util';
import type { TestFn } from 'ava';
import { brand } from '#internal/base/brand.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import type { PeerTransport } from '#raft/node/peer-transport.ts';

export type Endpoint = {
  readonly id: NodeId;
  readonly transport: PeerTransport;
  readonly received: readonly Message[];
  readonly unreachable: ReadonlySet<NodeId>;
};

/** Three places for nodes 1, 2 and 3 that may reach each other. */
export type Neighbourhood = AsyncDisposable & {
  /** Starts the transport of a node, also once more after `crash`. */
  open(id: NodeId, options?: { readonly clusterId: string }): Promise<Endpoint>;
  /** Ends the process of a node, as seen from outside. */
  crash(id: NodeId): Promise<void>;
  /** Calls `nudge` again and again until `condition` holds. */
  until(condition: () => boolean, nudge: () => void): Promise<void>;
};

const [one, two, three] = [brand<NodeId>(1), brand<NodeId>(2), brand<NodeId>(3)];

export function peerTransportSuite(test: TestFn, make: () => Promise<Neighbourhood>): void {
  test('messages reach the peer they are for, each as it was sent', async (t) => {
    await using place = await make();
    const [first, second, third] = [
      await place.open(one),
      await place.open(two),
      await place.open(three),
    ];
    await connect(place, first, second);
    const messages = [...everyKind(one, two), large(one, two)];
    const arrived = (): readonly Message[] => second.received.filter(({ term }) => term > 1);
    first.transport.send(messages);
    await place.until(() => arrived().length === messages.length, nothing);
    t.true(isDeepStrictEqual(sorted(arrived()), messages));
    t.deepEqual(third.received, []);
  });

  test('both directions and several peers go at once', async (t) => {
    await using place = await make();
    const nodes = [await place.open(one), await place.open(two), await place.open(three)];
    const nudge = (): void => {
      for (const [from, { transport }] of nodes.entries()) {
        const to = [one, two, three].filter((id) => id !== from + 1);
        transport.send(to.map((id) => pulse(brand<NodeId>(from + 1), id)));
      }
    };
    await place.until(() => nodes.every(({ received }) => sendersOf(received).size === 2), nudge);
    t.pass();
  });

  test('a cluster of another name hears nothing of this one', async (t) => {
    await using place = await make();
    const stranger = await place.open(two, { clusterId: 'another' });
    const first = await place.open(one);
    const third = await place.open(three);
    const nudge = (): void => first.transport.send([pulse(one, two), pulse(one, three)]);
    await place.until(() => third.received.length > 20, nudge);
    t.deepEqual(stranger.received, []);
  });

  test('a peer that is not there is told to be unreachable, one that comes back is reached', async (t) => {
    await using place = await make();
    const first = await place.open(one);
    await connect(place, first, await place.open(two));
    await place.crash(two);
    await place.until(
      () => first.unreachable.has(two),
      () => first.transport.send([pulse(one, two)]),
    );
    t.false(first.unreachable.has(one));
    await connect(place, first, await place.open(two));
    t.pass();
  });

  test('a transport that was closed delivers and tells nothing any more', async (t) => {
    await using place = await make();
    const [first, second, third] = [
      await place.open(one),
      await place.open(two),
      await place.open(three),
    ];
    await connect(place, first, second);
    await connect(place, third, second);
    await second.transport[Symbol.asyncDispose]();
    const [heard, told] = [second.received.length, second.unreachable.size];
    second.transport.send([pulse(two, one)]);
    const nudge = (): void => {
      first.transport.send([pulse(one, two), pulse(one, three)]);
    };
    const before = third.received.length;
    await place.until(() => third.received.length > before + 20, nudge);
    t.deepEqual([second.received.length, second.unreachable.size], [heard, told]);
    t.deepEqual(first.received, []);
  });
}

/** Until a message has come through: what is sent before may be lost while the peer is dialed. */
async function connect(place: Neighbourhood, from: Endpoint, to: Endpoint): Promise<void> {
  const before = to.received.length;
  const nudge = (): void => from.transport.send([pulse(from.id, to.id)]);
  await place.until(() => to.received.length > before, nudge);
}

const nothing = (): void => {};
const pulse = (from: NodeId, to: NodeId): Message => ({
  kind: 'MsgHeartbeatResp',
  from,
  to,
  term: 1,
  context: 0,
});
/** Each has a term of its own, beyond that of `pulse`. */
function everyKind(from: NodeId, to: NodeId): readonly Message[] {
  const conf = { voters: [one], outgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const data = new TextEncoder().encode('text');
  const entries = [{ kind: 'normal', term: 4, index: 8, data }] as const;
  const at = (term: number) => ({ from, to, term });
  return [
    {
      kind: 'MsgPreVote',
      ...at(2),
      lastTerm: 1,
      lastIndex: 7,
      transfer: false,
      commit: 6,
      commitTerm: 1,
    },
    { kind: 'MsgVoteResp', ...at(3), reject: true, commit: 6, commitTerm: 1 },
    { kind: 'MsgApp', ...at(4), prevTerm: 1, prevIndex: 7, commit: 6, entries },
    { kind: 'MsgAppResp', ...at(5), index: 7, reject: true, hintIndex: 6, hintTerm: 1 },
    { kind: 'MsgHeartbeat', ...at(6), commit: 7, context: 9 },
    { kind: 'MsgSnap', ...at(7), snapshot: { index: 7, term: 1, conf } },
    { kind: 'MsgTimeoutNow', ...at(8) },
    { kind: 'MsgReadIndexResp', ...at(9), context: 9, index: 7 },
  ];
}

/** More than fits into one frame. */
function large(from: NodeId, to: NodeId): Message {
  const data = new Uint8Array(3 << 20).fill(7);
  const entries = [{ kind: 'normal', term: 1, index: 8, data }] as const;
  return { kind: 'MsgApp', from, to, term: 10, prevTerm: 1, prevIndex: 7, commit: 6, entries };
}

const sendersOf = (messages: readonly Message[]): ReadonlySet<NodeId> =>
  new Set(messages.map(({ from }) => from));
const sorted = (messages: readonly Message[]): readonly Message[] =>
  messages.toSorted((a, b) => a.term - b.term);
