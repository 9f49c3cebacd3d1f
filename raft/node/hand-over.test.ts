/** Leaving leadership behind, by choice or because the disk stalls; and reads that are never stale. */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { handOver, heirOf, leave } from './hand-over.ts';
import type { Proposal } from './replicated-log.ts';
import { bytes, idOf, TestCluster } from '#internal/testing/raft-cluster.ts';

test('a leader that leaves names its heir: the gap is far below an election time-out', async (t) => {
  for (const seed of seedsOf(10)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3]);
    await cluster.write('a');
    const old = await cluster.leader();
    const { id } = old.node.status();
    const before = cluster.world.nowMs;
    await cluster.settle(leave(old.node));
    cluster.crash(Number(id));
    await cluster.leader({ not: id });
    await cluster.write('b');
    const gapMs = cluster.world.nowMs - before;
    t.true(gapMs < 200, `SEED=${seed}: ${gapMs} ms`);
    await cluster.untilAll(
      'ab',
      [1, 2, 3].filter((each) => idOf(each) !== id),
    );
  }
});

test('what was proposed before leadership was handed over learns its outcome', async (t) => {
  for (const seed of seedsOf(10)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3]);
    const { node } = await cluster.leader();
    const proposals = Array.from({ length: 20 }, (_, at) => node.propose(bytes(`${at};`)));
    const leaving = leave(node);
    const late = node.propose(bytes('late;'));
    await cluster.settle(leaving);
    const kinds = new Set((await cluster.settle(Promise.all(proposals))).map(kindOf));
    t.deepEqual([...kinds], ['applied'], `SEED=${seed}`);
    t.true(['applied', 'dropped', 'not-leader'].includes(kindOf(await cluster.settle(late))));
  }
});

test('leadership goes to whom one wants, and stays when that one does not answer', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3]);
  const first = await cluster.leader();
  const [heir, other] = [1, 2, 3].filter((id) => idOf(id) !== first.node.status().id);
  t.deepEqual(await cluster.settle(handOver(first.node, { to: idOf(heir!) })), { kind: 'done' });
  const second = await cluster.leader();
  t.is(second.node.status().id, idOf(heir!));
  cluster.crash(other!);
  const refused = await cluster.settle(handOver(second.node, { to: idOf(other!) }));
  t.deepEqual(refused, { kind: 'refused', reason: 'too-slow' });
  t.is(kindOf(await cluster.settle(second.node.propose(bytes('x')))), 'applied');
  const asked = await cluster.settle(handOver(first.node));
  t.deepEqual(asked, { kind: 'refused', reason: 'not-leader' });
});

test('the heir is the voter with most of the log', (t) => {
  const at = { next: 9, inflight: 0, kind: 'replicate', isActive: true } as const;
  const conf = { outgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const status = {
    id: idOf(1),
    conf: { ...conf, voters: [1, 2, 3, 4].map(idOf), learners: [idOf(5)] },
    progress: new Map([
      [idOf(2), { ...at, match: 5 }],
      [idOf(3), { ...at, match: 7, isActive: false }],
      [idOf(4), { ...at, match: 7 }],
      [idOf(5), { ...at, match: 8 }],
    ]),
  };
  t.is(heirOf(status), idOf(4));
  t.is(heirOf({ ...status, conf: { ...conf, voters: [idOf(1)] } }), undefined);
});

test('a leader whose disk does not answer resigns, and another goes on', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3]);
  const old = await cluster.leader();
  const { id } = old.node.status();
  cluster.disk(Number(id)).setSyncMs(60_000, 60_000);
  const lonely = old.node.propose(bytes('stuck;'));
  const next = await cluster.leader({ not: id });
  t.not(next.node.status().id, id);
  t.is(old.node.standing().kind, 'follower');
  const figures = new Map(old.node.figures().map(({ name, value }) => [name, value]));
  t.is(figures.get('resignations_disk_stall'), 1);
  t.is(kindOf(await cluster.settle(next.node.propose(bytes('on;')))), 'applied');
  t.not(kindOf(await cluster.settle(lonely)), 'not-leader');
});

test('a leader whose disk is never idle, but answers, keeps its office', async (t) => {
  const cluster = await TestCluster.start(2, [1, 2, 3]);
  const { node } = await cluster.leader();
  const { id, term } = node.status();
  // One write right after the other, each far shorter than a stall: a look finds one under way.
  cluster.disk(Number(id)).setSyncMs(90, 110);
  let applied = 0;
  for (let at = 0; at < 100; at++) {
    void node
      .propose(bytes(`${at};`))
      .then(({ kind }) => void (applied += kind === 'applied' ? 1 : 0));
    await cluster.world.runFor(50);
  }
  t.like(node.standing(), { kind: 'leader', term });
  t.true(applied > 90, `${applied}`);
});

test('a read sees what was acknowledged before it was asked, on every node', async (t) => {
  for (const seed of seedsOf(10)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3]);
    const random = cluster.world.random('test');
    let served = 0;
    for (let at = 0; at < 30; at++) {
      await cluster.write(`${at};`);
      const reader = cluster.program(1 + random.below(3));
      const read = await cluster.settle(reader.node.read());
      if (read.kind === 'refused') continue;
      served++;
      t.true(reader.words.text.includes(`${at};`), `SEED=${seed} ${at}`);
      t.true(read.index <= reader.node.status().applied);
    }
    t.true(served > 20, `SEED=${seed}: ${served}`);
  }
});

test('a leader that was cut off serves no read, though it does not know yet', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3]);
  await cluster.write('old;');
  const old = await cluster.leader();
  const { id } = old.node.status();
  const others = [1, 2, 3].filter((each) => idOf(each) !== id).map((each) => `n${each}`);
  cluster.network.partition([[`n${id}`], others]);
  const reading = old.node.read();
  await cluster.leader({ not: id });
  const read = await cluster.settle(reading);
  t.deepEqual(read, { kind: 'refused', reason: 'unknown' });
});

test('a node that stops answers its readers', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3]);
  const { node } = await cluster.leader();
  const reading = node.read();
  await cluster.settle(node.stop());
  t.deepEqual(await reading, { kind: 'refused', reason: 'unknown' });
  t.deepEqual(await node.read(), { kind: 'refused', reason: 'unknown' });
});

const kindOf = (proposal: Proposal): string =>
  proposal.kind === 'applied' ? 'applied' : proposal.reason;
