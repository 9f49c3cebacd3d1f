/**
 * Between a core that decides and a disk that takes its time: what a node says when its writes end
 * late, and what a restart knows when a crash keeps only some of them.
 */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogBatch, LogStore } from '#raft/core/log-store.ts';
import { MemoryLog } from '#raft/core/memory-log.ts';
import { carryOut, confOf, messagesOf, newNode, nodeId } from '#raft/core/test-cluster.ts';
import type { Message, NodeId, Term } from '#raft/core/types.ts';
import { defaultRaftNodeOptions, RaftNode } from './raft-node.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;
const conf = confOf(1, 2, 3);
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

test('a vote and an acknowledgement leave when the write that backs them has ended (catalogue 17)', async (t) => {
  const node = new NodeUnderTest();
  await node.hear(vote(1, two));
  t.is(node.vote(), two);
  t.deepEqual(node.promises(), [], 'its vote is on its way to the disk');
  await node.write();
  t.like(node.promises(), [{ kind: 'MsgVoteResp', to: two, term: 1, reject: false }]);
  await node.hear({
    kind: 'MsgApp',
    from: two,
    to: one,
    term: 1,
    prevTerm: 0,
    prevIndex: 0,
    entries: [{ term: 1, index: 1, kind: 'noop', data: new Uint8Array() }],
    commit: 0,
  });
  t.is(node.promises().length, 1);
  await node.write();
  t.like(node.promises()[1], { kind: 'MsgAppResp', to: two, index: 1, reject: false });
});

test('whichever writes a crash leaves, no vote that was told of is given again in its term (catalogue 19)', async (t) => {
  const node = new NodeUnderTest();
  const asked: readonly (readonly [Term, NodeId])[] = [
    [1, two],
    [2, three],
    [4, two],
  ];
  for (const [term, candidate] of asked) {
    await node.hear(vote(term, candidate));
    for (; node.isWriting; await node.write()) votesAreSpent();
    votesAreSpent();
    t.like(node.promises().at(-1), { kind: 'MsgVoteResp', to: candidate, term, reject: false });
  }

  function votesAreSpent(): void {
    for (const { to, term } of node.promises()) {
      const log = node.afterCrash();
      const other = to === two ? three : two;
      const again = newNode(1, log);
      again.step(vote(term, other));
      const granted = messagesOf(carryOut(again, log)).filter(
        (message) => message.kind === 'MsgVoteResp' && !message.reject,
      );
      t.deepEqual(granted, [], `node ${to} has our vote of term ${term}`);
    }
  }
});

const vote = (term: Term, from: NodeId): Message => ({
  kind: 'MsgVote',
  from,
  to: one,
  term,
  lastTerm: 9,
  lastIndex: 9,
  transfer: false,
  commit: 0,
  commitTerm: 0,
});

/** Node 1 of three, whose disk ends a write when it is told to. */
class NodeUnderTest {
  readonly #world = new SimulatedWorld({ seed: 1 });
  readonly #log = new MemoryLog({}, { conf });
  readonly #written: LogBatch[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #said: Message[] = [];
  readonly #node: RaftNode;
  #onMessages: (messages: readonly Message[]) => void = () => {};

  constructor() {
    const clock = simulatedClock({ world: this.#world, life: this.#world.boot('n1') });
    this.#node = new RaftNode(
      {
        clock,
        random: randomFromSeed(1),
        logger: quiet,
        log: this.#slowLog(),
        machine: { apply: () => {}, appliedIndex: () => 0 },
        connect: (handlers) => {
          this.#onMessages = (messages) => handlers.onMessages(messages);
          return {
            send: (messages) => void this.#said.push(...messages),
            retire: () => {},
            [Symbol.asyncDispose]: async () => {},
          };
        },
        onFault: (fault) => {
          throw fault;
        },
      },
      { ...defaultRaftNodeOptions, id: one },
    );
  }

  /** The vote that it remembers of its present term. */
  vote(): NodeId | undefined {
    return this.#node.status().vote;
  }

  get isWriting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What it has said that binds it. */
  promises(): readonly Message[] {
    return this.#said.filter(({ kind }) => kind === 'MsgVoteResp' || kind === 'MsgAppResp');
  }

  async hear(message: Message): Promise<void> {
    this.#onMessages([message]);
    await this.#world.runFor(1);
  }

  /** The oldest write ends. */
  async write(): Promise<void> {
    this.#waiting.shift()?.();
    await this.#world.runFor(1);
  }

  /** Its disk, as a crash at this moment leaves it. */
  afterCrash(): MemoryLog {
    const log = new MemoryLog({}, { conf });
    for (const batch of this.#written) log.write(batch);
    return log;
  }

  #slowLog(): LogStore {
    const log = this.#log;
    return {
      initial: log.initial,
      firstIndex: () => log.firstIndex(),
      lastIndex: () => log.lastIndex(),
      term: (index) => log.term(index),
      entries: (from, to, bytesMax) => log.entries(from, to, bytesMax),
      snapshot: () => log.snapshot(),
      compact: (mark) => log.compact(mark),
      installSnapshot: (mark) => log.installSnapshot(mark),
      hasRoom: () => true,
      close: () => log.close(),
      append: (batch) =>
        new Promise((resolve) => {
          this.#waiting.push(() => {
            log.write(batch);
            this.#written.push(batch);
            resolve();
          });
        }),
    };
  }
}
