/**
 * A node and its machine in two threads, each of which can be held up alone: what those who propose
 * are promised is the same as of a node in their own thread, and the cluster does not notice a machine
 * that is held up for a while.
 */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { ThreadedCluster } from '#internal/testing/threaded-cluster.ts';
import { bytes } from '#internal/testing/raft-cluster.ts';
import { defaultSnapshotOptions } from '#raft/node/snapshot-desk.ts';

test('what was proposed is applied on every machine in one order, and here before it is told', async (t) => {
  for (const seed of seedsOf(5)) {
    const cluster = await ThreadedCluster.start(seed);
    const leader = await cluster.leader();
    const told = ['a', 'b', 'c', 'd'].map(async (word) => {
      const { kind } = await leader.propose(word);
      return `${kind} ${leader.words.text.includes(word)}`;
    });
    t.deepEqual(new Set(await cluster.settle(Promise.all(told))), new Set(['applied true']));
    await cluster.until(() =>
      [...cluster.programs.values()].every(({ words }) => words.text === 'abcd'),
    );
    t.is((await cluster.settle(leader.node.read())).kind, 'current');
  }
});

test('a machine that is held up for half a second, again and again, costs no election', async (t) => {
  for (const seed of seedsOf(5)) {
    const cluster = await ThreadedCluster.start(seed);
    const leader = await cluster.leader();
    const { term } = leader.inner().standing();
    for (let round = 0; round < 20; round++) {
      const proposals = [0, 1, 2].map((at) => leader.propose(`${round}.${at};`));
      cluster.world.pause(`m${leader.id}`, 500);
      await cluster.world.runFor(650);
      const outcomes = await cluster.settle(Promise.all(proposals));
      t.true(
        outcomes.every(({ kind }) => kind === 'applied'),
        `SEED=${seed}`,
      );
    }
    for (const { inner } of cluster.programs.values()) t.is(inner().standing().term, term);
  }
});

test('a machine that is silent for long loses the office, and nothing else', async (t) => {
  for (const seed of seedsOf(5)) {
    const cluster = await ThreadedCluster.start(seed);
    const old = await cluster.leader();
    const before = cluster.world.nowMs;
    cluster.world.pause(`m${old.id}`, 20_000);
    const next = await cluster.leader({ not: old.id });
    const tookMs = cluster.world.nowMs - before;
    t.true(tookMs > 5000 && tookMs < 13_000, `SEED=${seed}: ${tookMs} ms`);
    t.is((await cluster.settle(next.propose('n'))).kind, 'applied');
    await cluster.until(() => old.words.text === 'n');
    t.not(old.node.standing().kind, 'leader');
  }
});

test('what was asked by a leader of the past is refused, though it leads again', async (t) => {
  const cluster = await ThreadedCluster.start(1);
  const old = await cluster.leader();
  const { term } = old.node.standing();
  cluster.world.pause(`m${old.id}`, 3000);
  const outcome = old.node.propose(bytes('stale'));
  const others = [1, 2, 3].filter((id) => id !== old.id).map((id) => `n${id}`);
  cluster.network.partition([[`n${old.id}`], others]);
  const found = (): number | undefined =>
    [1, 2, 3].find((id) => id !== old.id && cluster.program(id).inner().standing().ready);
  await cluster.until(() => found() !== undefined);
  cluster.network.heal();
  await cluster.world.runFor(300);
  const next = cluster.program(found()!);
  const { id } = old.inner().status();
  t.true(next.inner().beginHandOver(id).ok);
  await cluster.until(() => old.inner().standing().ready);
  t.true(old.inner().standing().term > term);
  const { kind, ...why } = await cluster.settle(outcome);
  t.like({ kind, ...why }, { kind: 'refused', reason: 'not-leader' });
  await cluster.until(() => old.node.standing().ready);
  t.is((await cluster.settle(old.propose('fresh'))).kind, 'applied');
  t.is(old.words.text, 'fresh');
});

test('a machine that is held up gets a bounded amount, and all of it in the end', async (t) => {
  const underWayBytesMax = 4000;
  const cluster = await ThreadedCluster.start(1, { underWayBytesMax });
  const leader = await cluster.leader();
  const follower = [1, 2, 3].find((id) => id !== leader.id)!;
  const program = cluster.program(follower);
  cluster.world.pause(`m${follower}`, 8000);
  const before = program.inner().status().applied;
  let text = '';
  for (let at = 0; at < 60; at++) {
    const word = `${at}:${'x'.repeat(200)};`;
    t.is((await cluster.settle(leader.propose(word))).kind, 'applied');
    text += word;
  }
  const { applied, stable } = program.inner().status();
  t.true(stable - before >= 60);
  // Each weighs some 236 bytes.
  t.true((applied - before) * 236 <= underWayBytesMax + 500, `${applied - before} handed over`);
  t.true(applied - before > 10);
  await cluster.until(() => program.words.text === text);
});

test('states cross the threads: one is made, one is sent, one is taken', async (t) => {
  const snapshots = { ...defaultSnapshotOptions, everyBytes: 2000, tailBytes: 400 };
  const cluster = await ThreadedCluster.start(1, { snapshots });
  const leader = await cluster.leader();
  const sleeper = [1, 2, 3].find((id) => id !== leader.id)!;
  cluster.crash(sleeper);
  let text = '';
  for (let at = 0; at < 150; at++) {
    const word = `${at}:${'x'.repeat(20)};`;
    t.is((await cluster.settle(leader.propose(word))).kind, 'applied');
    text += word;
  }
  const { words } = await cluster.boot(sleeper);
  await cluster.until(() => words.text === text);
  t.true(words.restored > 0);
  // A process that starts anew finds the state where the log does not reach.
  cluster.crash(leader.id);
  const again = await cluster.boot(leader.id);
  await cluster.until(() => again.words.text === text);
  t.true(again.words.restored > 0);
  t.deepEqual([...cluster.faults], []);
});

test('a log that fails ends the program, with the reason', async (t) => {
  const cluster = await ThreadedCluster.start(1);
  const leader = await cluster.leader();
  cluster.disks.get(leader.id)!.failNextSync();
  const outcome = leader.propose('never');
  await cluster.until(() => cluster.faults.size > 0);
  const fault = cluster.faults.get(leader.id);
  t.like(fault, { name: 'WalError', code: 'IO' });
  t.regex(String(fault), /Cannot write the Raft log in \/node\/log/);
  t.deepEqual(await cluster.settle(outcome), { kind: 'refused', reason: 'unknown' });
});

test('a machine that cannot apply an entry ends the program', async (t) => {
  const cluster = await ThreadedCluster.start(1);
  const leader = await cluster.leader();
  leader.words.apply = () => {
    throw new Error('an entry of a newer version');
  };
  void leader.propose('odd');
  await cluster.until(() => cluster.faults.has(leader.id));
  t.regex(String(cluster.faults.get(leader.id)), /an entry of a newer version/);
});

test('who leaves hands over, closes the log, and answers what was asked', async (t) => {
  for (const seed of seedsOf(5)) {
    const cluster = await ThreadedCluster.start(seed);
    const leader = await cluster.leader();
    const proposals = Array.from({ length: 20 }, (_, at) => leader.propose(`${at};`));
    await cluster.world.runFor(0);
    await cluster.settle(leader.node.leave());
    const kinds = (await cluster.settle(Promise.all(proposals))).map(({ kind }) => kind);
    t.deepEqual(new Set(kinds), new Set(['applied']), `SEED=${seed}`);
    cluster.crash(leader.id);
    await cluster.boot(leader.id);
    await cluster.leader();
    t.pass();
  }
});

test('leadership is handed over when that is asked for', async (t) => {
  const cluster = await ThreadedCluster.start(1);
  const leader = await cluster.leader();
  const heir = [1, 2, 3].find((id) => id !== leader.id)!;
  const to = cluster.program(heir).inner().status().id;
  t.deepEqual(await cluster.settle(leader.node.handOver({ to })), { kind: 'done' });
  t.is((await cluster.leader()).id, heir);
  t.true(leader.node.figures().length > 0);
});
