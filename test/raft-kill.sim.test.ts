/**
 * Three real processes under load that are killed, three hundred times and at any moment, or frozen:
 * what somebody was told to be written is there in the end, once, on every node.
 *
 * `SEED=n npx ava --config ava.soak.config.js test/raft-kill.sim.test.ts` draws the same lots, though
 * not the same run: the machine has its part in it. `KILLS=n` kills another number of times.
 */
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { type Cluster, ownCluster } from '../bench/raft/clusters.ts';
import { type Verdict, Writers } from './raft/writers.ts';

const seed = Number(process.env['SEED'] ?? 1);
const kills = Number(process.env['KILLS'] ?? 300);
const freezes = 12;
const freezeMsMax = 10_000;
/** Faster than in production, so that three hundred elections take minutes. */
const quick = { tickMs: 30, electionTicks: 10, segmentBytes: 1 << 20, threaded: true };
const timing = { writers: 8, pauseMs: 5, tryMs: 1000 };

test.serial('kill -9 at any moment loses no answer, and nothing is written twice', async (t) => {
  const random = randomFromSeed(`kill ${seed}`);
  const leaders = new Map<number, number>();
  let [down, together] = [0, 0];
  const verdict = await underLoad(random, async (cluster, load) => {
    const nodes = cluster.addresses.map((_, node) => node);
    const pending: Promise<void>[] = [];
    const alive = new Set(nodes);
    for (let kill = 0; kill < kills;) {
      // Between answers, or whatever is going on: an election, a restart, a catching up.
      if (random.oneIn(4)) await pause(random.below(300));
      else await load.answers(random.below(60));
      // Now and then nobody is left: what is decided must be on disk, not in somebody's memory.
      const victims = random.oneIn(12) ? nodes : [random.oneIn(2) ? load.leader : random.below(3)];
      const hit = victims.filter((node) => alive.delete(node));
      if (hit.length > 1) together++;
      for (const node of hit) {
        kill++;
        if (node === load.leader) leaders.set(node, (leaders.get(node) ?? 0) + 1);
        pending.push(restart(cluster, node, random.below(200)).finally(() => alive.add(node)));
      }
      if (alive.size < 2) down++;
    }
    await Promise.all(pending);
  });
  const ofLeaders = [...leaders.values()].reduce((sum, count) => sum + count, 0);
  t.log(`SEED=${seed}: ${kills} kills, ${ofLeaders} of leaders, ${down} times no quorum`);
  t.log(`${together} times all at once; ${told(verdict)}`);
  judge(t, verdict);
  t.true(ofLeaders >= kills / 6, 'leaders were not killed');
  t.true(verdict.acknowledged >= 10 * kills, 'there was no load');
  t.true(verdict.doubts >= kills / 2, 'no question had to be asked twice');
});

test.serial('a leader that is frozen and thawed breaks no promise', async (t) => {
  const random = randomFromSeed(`freeze ${seed}`);
  let elections = 0;
  const verdict = await underLoad(random, async (cluster, load) => {
    for (let freeze = 0; freeze < freezes; freeze++) {
      const leader = await cluster.leader();
      process.kill(cluster.pid(leader), 'SIGSTOP');
      const frozenMs = freeze === 0 ? freezeMsMax : random.below(freezeMsMax / 4);
      const before = load.acknowledged;
      await pause(frozenMs);
      process.kill(cluster.pid(leader), 'SIGCONT');
      if (load.leader !== leader) elections++;
      // Thirty time-outs, so it takes more than a busy machine to miss them all.
      if (freeze === 0) t.true(load.acknowledged > before, 'nobody took the place');
      await pause(random.below(500));
    }
  });
  t.log(`SEED=${seed}: ${freezes} freezes, ${elections} new leaders; ${told(verdict)}`);
  judge(t, verdict);
  t.true(elections > 0, 'no freeze cost a leader its place');
});

async function underLoad(
  random: Random,
  harm: (cluster: Cluster, load: Writers) => Promise<void>,
): Promise<Verdict> {
  await using folder = await openTempFolder();
  await using cluster = await ownCluster(folder.path, (command) => command, quick);
  cluster.startAll();
  await cluster.leader();
  // Those that are started later find compiled what these leave.
  await cluster.endAll('SIGTERM');
  cluster.startAll();
  await cluster.leader();
  const { addresses } = cluster;
  using load = new Writers({ addresses, random: random.fork('load'), ...timing });
  await harm(cluster, load);
  await cluster.leader();
  return await load.stop();
}

async function restart(cluster: Cluster, node: number, afterMs: number): Promise<void> {
  await cluster.end(node, 'SIGKILL');
  await pause(afterMs);
  cluster.start(node);
}

function judge(t: ExecutionContext, { lost, doubled, disputed }: Verdict): void {
  t.deepEqual(lost, [], 'answers were given and forgotten');
  t.deepEqual(doubled, [], 'writes happened twice');
  t.deepEqual(disputed, [], 'the nodes do not agree');
}

const told = ({ acknowledged, unknown, doubts, longestGapMs }: Verdict): string =>
  `${acknowledged} answers, ${unknown} unknown, ${doubts} doubts, at most ${Math.round(longestGapMs)} ms without an answer`;
