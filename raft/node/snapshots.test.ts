/** Snapshots in a cluster: made without stopping, sent to whoever is too far behind, survived. */
import test from 'ava';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { defaultSnapshotOptions } from './snapshot-desk.ts';
import { idOf, TestCluster } from '#internal/testing/raft-cluster.ts';

const snapshots = { ...defaultSnapshotOptions, everyBytes: 2000, tailBytes: 400 };
const word = (at: number): string => `${at}:${'x'.repeat(20)};`;

test('logs are compacted behind snapshots while words are written', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3], { snapshots });
  let text = '';
  for (let at = 0; at < 200; at++) {
    await cluster.write(word(at));
    text += word(at);
  }
  await cluster.untilAll(text, [1, 2, 3]);
  for (const { log, node } of cluster.programs.values()) {
    t.true(log.firstIndex() > 100, `the log begins at ${log.firstIndex()}`);
    t.true(figure(node, 'snapshots_made') > 1);
  }
});

test('a follower that slept through a compaction is brought up by a snapshot', async (t) => {
  for (const seed of seedsOf(10)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3], { snapshots });
    const leader = await cluster.leader();
    const sleeper = [1, 2, 3].find((id) => idOf(id) !== leader.node.status().id)!;
    cluster.crash(sleeper);
    let text = '';
    for (let at = 0; at < 150; at++) {
      await cluster.write(word(at));
      text += word(at);
    }
    const { words } = await cluster.boot(sleeper);
    await cluster.untilAll(text, [1, 2, 3]);
    t.true(words.restored > 0, `SEED=${seed}`);
    await cluster.write('after;');
    await cluster.untilAll(`${text}after;`, [1, 2, 3]);
    t.deepEqual([...cluster.faults], [], `SEED=${seed}`);
  }
});

test('a snapshot that is interrupted by crashes and a bad network arrives in the end', async (t) => {
  let resumed = 0;
  for (const seed of seedsOf(10)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3], {
      snapshots: { ...snapshots, bytesPerSecondMax: 4000, askTimeoutMs: 300, stallMsMax: 5000 },
    });
    const random = cluster.world.random('test');
    const leader = await cluster.leader();
    const sleeper = [1, 2, 3].find((id) => idOf(id) !== leader.node.status().id)!;
    cluster.crash(sleeper);
    let text = '';
    for (let at = 0; at < 200; at++) {
      await cluster.write(word(at));
      text += word(at);
    }
    cluster.network.setFaults({ ...calm, loss: 0.1, repeat: 0.1, delayMsMax: 50 });
    await cluster.boot(sleeper);
    for (let crashes = 0; crashes < 3; crashes++) {
      await cluster.world.runFor(500 + random.below(1500));
      if (cluster.programs.has(idOf(sleeper))) cluster.crash(sleeper);
      const { store } = await cluster.boot(sleeper);
      resumed += store.newest() === undefined ? 1 : 0;
    }
    cluster.network.setFaults(calm);
    await cluster.untilAll(text, [1, 2, 3]);
    t.deepEqual([...cluster.faults], [], `SEED=${seed}`);
  }
  t.true(resumed > 0, 'no snapshot was ever interrupted');
});

test('a peer that went silent holds up no snapshot of another', async (t) => {
  for (const seed of seedsOf(5)) {
    // A chunk a second, so that the silence comes in the middle.
    const slow = { ...snapshots, bytesPerSecondMax: 300, askTimeoutMs: 300, stallMsMax: 100_000 };
    const cluster = await TestCluster.start(seed, [1, 2, 3, 4, 5], { snapshots: slow });
    const leader = await cluster.leader();
    const others = [1, 2, 3, 4, 5].filter((id) => idOf(id) !== leader.node.status().id);
    const [first = 0, second = 0] = others;
    cluster.crash(first);
    cluster.crash(second);
    let text = '';
    for (let at = 0; at < 150; at++) {
      await cluster.write(word(at));
      text += word(at);
    }
    const { node } = await cluster.leader();
    const isSentTo = (id: number): boolean =>
      node.status().progress.get(idOf(id))?.kind === 'snapshot';
    await cluster.boot(first);
    await cluster.until(() => isSentTo(first));
    await cluster.world.runFor(500);
    cluster.world.pause(`n${first}`, 200_000);
    await cluster.boot(second);
    const sinceMs = cluster.world.nowMs;
    await cluster.untilAll(text, [second]);
    t.true(
      cluster.world.nowMs - sinceMs < 40_000,
      `SEED=${seed}: ${cluster.world.nowMs - sinceMs}`,
    );
    t.deepEqual([...cluster.faults], [], `SEED=${seed}`);
  }
});

test('all stop at any moment and start again from snapshots and logs: nothing is lost', async (t) => {
  for (const seed of seedsOf(10)) {
    const cluster = await TestCluster.start(seed, [1, 2, 3], { snapshots });
    const random = cluster.world.random('test');
    let text = '';
    for (let round = 0; round < 4; round++) {
      const length = 30 + random.below(60);
      for (let at = 0; at < length; at++) {
        await cluster.write(word(at));
        text += word(at);
      }
      await cluster.world.runFor(random.below(20));
      for (const id of [1, 2, 3]) cluster.crash(id);
      for (const id of [1, 2, 3]) await cluster.boot(id);
    }
    await cluster.leader();
    await cluster.untilAll(text, [1, 2, 3]);
    t.deepEqual([...cluster.faults], [], `SEED=${seed}`);
  }
});

test('a log without the snapshot that it begins behind is refused with advice', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3], { snapshots });
  for (let at = 0; at < 150; at++) await cluster.write(word(at));
  await cluster.until(() => cluster.program(1).log.firstIndex() > 50);
  const { store } = cluster.program(1);
  const newest = store.newest()!.mark;
  cluster.crash(1);
  const life = cluster.world.boot('n1');
  const files = simulatedFiles({ disk: cluster.disk(1), life });
  await cluster.settle(files.remove('/node/snapshots'));
  await cluster.settle(files.syncFolder('/node'));
  cluster.world.crash('n1');
  t.true(newest.index > 0);
  await t.throwsAsync(cluster.settle(cluster.open(1, [])), {
    code: 'NO_SNAPSHOT',
    message: /join anew, under an id that was never used/,
  });
});

const calm = { delayMsMin: 0.1, delayMsMax: 1, slow: 0, slowMs: 0, loss: 0, repeat: 0 };

const figure = (node: { figures(): readonly { name: string; value: number }[] }, name: string) =>
  node.figures().find((each) => each.name === name)?.value ?? 0;
