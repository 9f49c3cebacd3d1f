/** Who votes, changed while words are written: nothing is lost, and what would be unsafe is refused. */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import type { MembershipOutcome } from './membership.ts';
import { defaultSnapshotOptions } from './snapshot-desk.ts';
import { idOf, TestCluster } from '#internal/testing/raft-cluster.ts';

const snapshots = { ...defaultSnapshotOptions, everyBytes: 2000, tailBytes: 400 };

test('three become five and then three others, every node replaced, while words are written', async (t) => {
  for (const seed of seedsOf(8)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3], { snapshots });
    const writer = new Writer(cluster);
    await cluster.leader();
    for (const id of [4, 5, 6]) await cluster.boot(id);
    for (const voters of [
      [1, 2, 3, 4, 5],
      [3, 4, 5, 6, 2],
      [4, 5, 6],
    ]) {
      await writer.write(20);
      const outcome = await changed(cluster, voters, writer);
      t.is(outcome.kind, 'done', `SEED=${seed} ${JSON.stringify([voters, outcome])}`);
    }
    for (const id of [1, 2, 3]) cluster.crash(id);
    await writer.write(20);
    await cluster.untilAll(writer.text, [4, 5, 6]);
    t.deepEqual([...cluster.faults], [], `SEED=${seed}`);
  }
});

test('a set that could not lose a node is refused, unless the operator accepts it', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3]);
  const leader = await cluster.leader();
  const two = await cluster.settle(leader.membership.change({ voters: [1, 2].map(idOf) }));
  t.like(two, { kind: 'refused', refusal: { kind: 'no-spare' } });
  const other = [1, 2, 3].find((id) => idOf(id) !== leader.node.status().id)!;
  cluster.crash(other);
  await cluster.world.runFor(3000);
  // The same set: but one of it is down, so it has no spare already.
  const voters = [1, 2, 3].filter((id) => id !== other).map(idOf);
  const accepted = await cluster.settle(leader.membership.change({ voters, acceptNoSpare: true }));
  t.like(accepted, { kind: 'done', voters });
});

test('a dead node is replaced by a new one', async (t) => {
  const cluster = await TestCluster.start(2, [1, 2, 3], { snapshots });
  const writer = new Writer(cluster);
  await writer.write(100);
  const leader = await cluster.leader();
  const dead = [1, 2, 3].find((id) => idOf(id) !== leader.node.status().id);
  cluster.wipe(dead!);
  await cluster.boot(4);
  const voters = [...[1, 2, 3].filter((id) => id !== dead), 4];
  t.is((await changed(cluster, voters, writer)).kind, 'done');
  await cluster.untilAll(writer.text, voters);
});

test('a newcomer that is not there is given up, and removed when nobody asks for it any more', async (t) => {
  const cluster = await TestCluster.start(3, [1, 2, 3]);
  const { node, membership } = await cluster.leader();
  const outcome = await cluster.settle(membership.change({ voters: [1, 2, 3, 4, 5].map(idOf) }));
  t.like(outcome, { kind: 'refused', refusal: { kind: 'too-slow' } });
  t.deepEqual(node.status().conf.learners, [4, 5].map(idOf));
  t.deepEqual(node.status().conf.voters, [1, 2, 3].map(idOf));
  await cluster.boot(4);
  const voters = [1, 2, 3, 4].map(idOf);
  t.deepEqual(await cluster.settle(membership.change({ voters })), { kind: 'done', voters });
  t.deepEqual(node.status().conf.learners, []);
});

test('an id that was removed once is refused for ever', async (t) => {
  const cluster = await TestCluster.start(4, [1, 2, 3]);
  const writer = new Writer(cluster);
  await cluster.boot(4);
  t.is((await changed(cluster, [1, 2, 3, 4], writer)).kind, 'done');
  const { id } = (await cluster.leader()).node.status();
  const gone = [1, 2, 3].find((each) => idOf(each) !== id)!;
  const rest = [1, 2, 3, 4].filter((each) => each !== gone);
  t.is((await changed(cluster, rest, writer)).kind, 'done');
  const again = await changed(cluster, [1, 2, 3, 4], writer);
  t.deepEqual(again, { kind: 'refused', refusal: { kind: 'id-used', node: idOf(gone) } });
});

test('one change at a time, and only by the leader', async (t) => {
  const cluster = await TestCluster.start(5, [1, 2, 3]);
  const leader = await cluster.leader();
  await cluster.boot(4);
  const voters = [1, 2, 3, 4].map(idOf);
  const first = leader.membership.change({ voters });
  const second = leader.membership.change({ voters });
  t.deepEqual(await second, { kind: 'refused', refusal: { kind: 'in-progress' } });
  t.is((await cluster.settle(first)).kind, 'done');
  const follower = [...cluster.programs.values()].find(({ node }) => node !== leader.node)!;
  const asked = await follower.membership.change({ voters });
  t.like(asked, { kind: 'refused', refusal: { kind: 'not-leader' } });
});

test('a leader that resigns in the middle of a change says that it does not know', async (t) => {
  const cluster = await TestCluster.start(6, [1, 2, 3]);
  const { node, membership } = await cluster.leader();
  const { id } = node.status();
  const heir = [1, 2, 3].find((each) => idOf(each) !== id)!;
  const changing = membership.change({ voters: [idOf(heir)], acceptNoSpare: true });
  // Without it the change begins, and cannot end.
  cluster.crash(heir);
  const outcome = await cluster.settle(changing);
  t.deepEqual(outcome, { kind: 'refused', refusal: { kind: 'unknown' } });
  t.like(node.status().conf, { voters: [idOf(heir)], outgoing: [1, 2, 3].map(idOf) });
});

test('a node that lost its disk is not taken for the one it was', async (t) => {
  const cluster = await TestCluster.start(6, [1, 2, 3]);
  const writer = new Writer(cluster);
  await writer.write(5);
  const { id } = (await cluster.leader()).node.status();
  const victim = [1, 2, 3].find((each) => idOf(each) !== id)!;
  await cluster.world.runFor(3000);
  const { birth } = cluster.program(victim).book;
  cluster.wipe(victim);
  const wiped = await cluster.boot(victim, [1, 2, 3]);
  await writer.write(5);
  await cluster.world.runFor(10_000);
  t.is(wiped.words.text, '');
  const refusal = cluster.program(Number(id)).book.acquaint(idOf(victim), wiped.book.birth);
  t.regex(refusal ?? '', /was here with another disk.*under an id that was never used/);
  t.is(cluster.program(Number(id)).book.acquaint(idOf(victim), birth), undefined);
});

test('a node whose log alone is gone does not start', async (t) => {
  const cluster = await TestCluster.start(7, [1, 2, 3]);
  const writer = new Writer(cluster);
  await writer.write(5);
  await cluster.world.runFor(1000);
  cluster.crash(1);
  await cluster.removeLog(1);
  await t.throwsAsync(cluster.settle(cluster.open(1, [1, 2, 3])), {
    code: 'WIPED',
    message: /The log of node 1 is gone/,
  });
});

/** Writes words one after the other to whoever leads, and knows what must be there. */
class Writer {
  text = '';
  readonly #cluster: TestCluster;
  #count = 0;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  async write(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const word = `${++this.#count}:${'y'.repeat(20)};`;
      await this.#cluster.write(word);
      this.text += word;
    }
  }
}

/** Asks whoever leads, again while that one falls, and writes meanwhile. */
async function changed(
  cluster: TestCluster,
  voters: readonly number[],
  writer: Writer,
): Promise<MembershipOutcome> {
  for (;;) {
    const { membership } = await cluster.leader();
    const asking = membership.change({ voters: voters.map(idOf) });
    await writer.write(3);
    const outcome = await cluster.settle(asking);
    const isOver = outcome.kind === 'done' || !again.has(outcome.refusal.kind);
    if (isOver) return outcome;
  }
}

const again: ReadonlySet<string> = new Set(['not-leader', 'in-progress', 'unknown']);
