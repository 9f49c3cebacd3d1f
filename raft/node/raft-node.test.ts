/**
 * Three nodes with their real logs on simulated disks, on a simulated network: what a node promises
 * to those who propose, whatever becomes of its leadership, its disk and its peers.
 */
import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import { openWal } from '#storage/wal/wal.ts';
import { defaultRaftNodeOptions, RaftNode, type RaftNodeOptions } from './raft-node.ts';
import type { AppliedEntry, Proposal, Standing } from './replicated-log.ts';

const ids = [1, 2, 3].map((id) => brand<NodeId>(id));
const withinMs = 60_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

test('what the leader was asked for is applied on every node, in one order', async (t) => {
  const cluster = await Cluster.start(1);
  const leader = await cluster.leader();
  const proposals = await cluster.all(['a', 'b', 'c'].map((text) => leader.propose(bytes(text))));
  t.deepEqual(kinds(proposals), ['applied', 'applied', 'applied']);
  await cluster.until(() => ids.every((id) => cluster.textOf(id) === 'abc'));
  t.pass();
});

test('proposals of one turn share one write', async (t) => {
  const cluster = await Cluster.start(2);
  const leader = await cluster.leader();
  const before = leader.status().last;
  const proposals = Array.from({ length: 500 }, (_, i) => leader.propose(bytes(`${i}`)));
  let writes = 0;
  for (let stable = leader.status().stable; stable < before + 500;) {
    await cluster.world.step();
    if (leader.status().stable > stable) writes++;
    ({ stable } = leader.status());
  }
  t.is(writes, 1);
  t.true(kinds(await cluster.all(proposals)).every((kind) => kind === 'applied'));
});

test('a node that does not lead says who does', async (t) => {
  const cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  const follower = cluster.others(leader)[0]!;
  await cluster.until(() => follower.standing().leader !== undefined);
  const refused = { kind: 'refused', reason: 'not-leader', leader: leader.status().id } as const;
  t.deepEqual(await follower.propose(bytes('x')), refused);
});

test('a proposal for another term than that which we lead is refused', async (t) => {
  const cluster = await Cluster.start(3);
  const leader = await cluster.leader();
  const { term } = leader.standing();
  for (const other of [term - 1, term + 1]) {
    const refused = await cluster.settle(leader.propose(bytes('x'), { term: other }));
    t.like(refused, { kind: 'refused', reason: 'not-leader' });
  }
  t.like(await cluster.settle(leader.propose(bytes('y'), { term })), { kind: 'applied', term });
});

test('too large and too many proposals are refused', async (t) => {
  const cluster = await Cluster.start(4, { entryBytesMax: 10, proposalsMax: 2 });
  const leader = await cluster.leader();
  const large = await leader.propose(bytes('more than ten bytes'));
  t.deepEqual(large, { kind: 'refused', reason: 'too-large' });
  const answers = await cluster.all(['a', 'b', 'c'].map((text) => leader.propose(bytes(text))));
  t.deepEqual(kinds(answers), ['applied', 'applied', 'busy']);
});

test('a proposal whose place went to another leader is lost, and known to be', async (t) => {
  const cluster = await Cluster.start(5);
  const old = await cluster.leader();
  const { id } = old.status();
  cluster.network.partition([[`n${id}`], ids.filter((other) => other !== id).map((o) => `n${o}`)]);
  const lonely = old.propose(bytes('never'));
  const next = await cluster.leader({ not: old });
  await cluster.all([next.propose(bytes('instead'))]);
  cluster.network.heal();
  t.deepEqual(await cluster.settle(lonely), { kind: 'refused', reason: 'lost' });
  await cluster.until(() => ids.every((each) => cluster.textOf(each) === 'instead'));
});

test('a deposed leader that learns nothing answers after a while all the same', async (t) => {
  const cluster = await Cluster.start(6);
  const old = await cluster.leader();
  for (const other of cluster.others(old)) cluster.crash(other.status().id);
  const proposal = await cluster.settle(old.propose(bytes('x')));
  t.deepEqual(proposal, { kind: 'refused', reason: 'unknown' });
});

test('a leader is ready when it has applied an entry of its own term, and tells so', async (t) => {
  const cluster = await Cluster.start(7);
  const seen: Standing[] = [];
  const watching = ids.map((id) => cluster.node(id).watch((standing) => seen.push(standing)));
  const leader = await cluster.leader();
  const { term, id } = leader.status();
  const led = seen.filter(({ kind }) => kind === 'leader');
  t.deepEqual(led, [
    { kind: 'leader', term, leader: id, ready: false },
    { kind: 'leader', term, leader: id, ready: true },
  ]);
  for (const each of watching) each[Symbol.dispose]();
  const told = seen.length;
  await cluster.settle(leader.stop());
  await cluster.leader({ not: leader });
  t.is(seen.length, told);
});

test('a leader is not ready before it has applied what was decided under others', async (t) => {
  const cluster = await Cluster.start(12, { committedBytesMax: 1 });
  const first = await cluster.leader();
  await cluster.all('abcdef'.split('').map((text) => first.propose(bytes(text))));
  for (const id of ids) cluster.crash(id);
  await cluster.boot();
  const known: string[] = [];
  for (const id of ids) {
    cluster.node(id).watch(({ ready }) => {
      if (ready) known.push(cluster.textOf(id));
    });
  }
  await cluster.leader();
  t.deepEqual(known, ['abcdef']);
});

test('a node whose disk fails stops and says so, and says nothing else', async (t) => {
  const cluster = await Cluster.start(8);
  const leader = await cluster.leader();
  const { id } = leader.status();
  cluster.disk(id).failNextSync();
  const proposal = await cluster.settle(leader.propose(bytes('x')));
  t.deepEqual(proposal, { kind: 'refused', reason: 'unknown' });
  t.like(cluster.faults.get(id), { name: 'WalError', code: 'IO' });
  const heir = await cluster.leader({ not: leader });
  t.deepEqual(kinds(await cluster.all([heir.propose(bytes('y'))])), ['applied']);
});

test('all stop at once and start again: nothing applied is forgotten', async (t) => {
  const cluster = await Cluster.start(9);
  const leader = await cluster.leader();
  await cluster.all([leader.propose(bytes('kept'))]);
  for (const id of ids) cluster.crash(id);
  await cluster.boot();
  await cluster.leader();
  await cluster.until(() => ids.every((id) => cluster.textOf(id) === 'kept'));
  t.pass();
});

test('what a state machine kept does not come again', async (t) => {
  const cluster = await Cluster.start(11);
  const leader = await cluster.leader();
  await cluster.all([leader.propose(bytes('a')), leader.propose(bytes('b'))]);
  await cluster.until(() => ids.every((id) => cluster.textOf(id) === 'ab'));
  for (const id of ids) cluster.crash(id);
  await cluster.boot({ isKept: true });
  await cluster.all([(await cluster.leader()).propose(bytes('c'))]);
  await cluster.until(() => ids.every((id) => cluster.textOf(id).endsWith('c')));
  for (const id of ids) t.is(cluster.textOf(id), 'abc');
});

test('a node that was stopped answers what it still owes', async (t) => {
  const cluster = await Cluster.start(10);
  const leader = await cluster.leader();
  const proposal = leader.propose(bytes('x'));
  await cluster.settle(leader.stop());
  t.deepEqual(await proposal, { kind: 'refused', reason: 'unknown' });
  t.deepEqual(await leader.propose(bytes('y')), { kind: 'refused', reason: 'unknown' });
});

const kinds = (proposals: readonly Proposal[]): readonly string[] =>
  proposals.map((proposal) => (proposal.kind === 'applied' ? 'applied' : proposal.reason));

class Cluster {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly faults = new Map<NodeId, unknown>();
  readonly #datagrams: SimulatedDatagrams<Message>;
  readonly #options: Partial<RaftNodeOptions>;
  readonly #disks = new Map<NodeId, SimulatedDisk>();
  readonly #nodes = new Map<NodeId, RaftNode>();
  readonly #applied = new Map<NodeId, AppliedEntry[]>();

  static async start(seed: number, options: Partial<RaftNodeOptions> = {}): Promise<Cluster> {
    const cluster = new Cluster(seed, options);
    await cluster.boot();
    return cluster;
  }

  constructor(seed: number, options: Partial<RaftNodeOptions>) {
    this.world = new SimulatedWorld({ seed });
    this.network = new SimulatedNetwork({ world: this.world });
    this.#datagrams = new SimulatedDatagrams({ network: this.network }, { name: 'raft' });
    this.#options = options;
    for (const id of ids) {
      this.#disks.set(id, new SimulatedDisk({ world: this.world }, { name: `n${id}` }));
    }
  }

  /** `isKept`: the state machines find what they had applied, as if they had it on disk. */
  async boot({ isKept } = { isKept: false }): Promise<void> {
    for (const id of ids) await this.#bootNode(id, isKept ? this.#applied.get(id)! : []);
  }

  crash(id: NodeId): void {
    this.world.crash(`n${id}`);
    this.#nodes.delete(id);
  }

  node(id: NodeId): RaftNode {
    return this.#nodes.get(id)!;
  }

  disk(id: NodeId): SimulatedDisk {
    return this.#disks.get(id)!;
  }

  others(node: RaftNode): readonly RaftNode[] {
    return [...this.#nodes.values()].filter((other) => other !== node);
  }

  textOf(id: NodeId): string {
    const applied = this.#applied.get(id) ?? [];
    return applied.map(({ data }) => new TextDecoder().decode(data)).join('');
  }

  async leader({ not }: { readonly not?: RaftNode } = {}): Promise<RaftNode> {
    let found: RaftNode | undefined;
    await this.until(() => {
      const nodes = [...this.#nodes.values()];
      found = nodes.find((node) => node !== not && node.standing().ready);
      return found !== undefined;
    });
    return found!;
  }

  async until(condition: () => boolean): Promise<void> {
    if (!(await this.world.runUntil(condition, { withinMs }))) throw new Error('it never came');
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise, { withinMs });
  }

  all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
    return this.settle(Promise.all(promises));
  }

  async #bootNode(id: NodeId, applied: AppliedEntry[]): Promise<void> {
    const life = this.world.boot(`n${id}`);
    const files = simulatedFiles({ disk: this.disk(id), life });
    const log = await this.settle(
      openWal(
        { files, clock: simulatedClock({ world: this.world, life }), logger: quiet },
        {
          folder: '/raft',
          clusterId: 'test',
          nodeId: id,
          bootstrap: {
            voters: ids,
            outgoing: [],
            learners: [],
            learnersNext: [],
            autoLeave: false,
          },
          segmentBytes: 1 << 20,
        },
      ),
    );
    this.#applied.set(id, applied);
    const node = new RaftNode(
      {
        clock: simulatedClock({ world: this.world, life }),
        random: this.world.random(`node ${id} ${this.world.events}`),
        logger: quiet,
        log,
        machine: {
          apply: (entries) => void applied.push(...entries),
          appliedIndex: () => applied.at(-1)?.index ?? 0,
        },
        connect: (handlers) => {
          this.#datagrams.bind(life, (message) => handlers.onMessages([message]));
          const send = (message: Message): void =>
            this.#datagrams.send(life, `n${message.to}`, message);
          return {
            send: (messages) => messages.forEach(send),
            retire: () => {},
            [Symbol.asyncDispose]: async () => this.#datagrams.unbind(life),
          };
        },
        onFault: (fault) => this.faults.set(id, fault),
      },
      { ...defaultRaftNodeOptions, ...this.#options, id },
    );
    this.#nodes.set(id, node);
  }
}
