/**
 * How long a client that tries again and again is without an answer: after the death of the leader,
 * and while it hands over. One Put at a time goes to the node that answered last, then around.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { systemRandom } from '#internal/runtime/real/random.ts';
import type { Cluster } from './clusters.ts';
import { decodePutReply, encodeMoveLeader, encodePut, paths } from './kv-messages.ts';

const put = encodePut({ key: Buffer.from('gap'), value: Buffer.alloc(256) });
const tryMs = 250;
const retryMs = 2;
const withinMs = 30_000;
const settleMs = 300;

/** `kill -9` of the leader, started again afterwards; each at another moment between heartbeats. */
export async function failoverGapsMs(cluster: Cluster, count: number): Promise<readonly number[]> {
  const gaps: number[] = [];
  for (let round = 0; round < count; round++) {
    const leader = await cluster.leader();
    await putUntilTaken(cluster, leader);
    await pause(settleMs + systemRandom().below(200));
    const start = performance.now();
    const dead = cluster.end(leader, 'SIGKILL');
    await putUntilTaken(cluster, (leader + 1) % cluster.addresses.length, leader);
    gaps.push(performance.now() - start);
    await dead;
    cluster.start(leader);
    await everybodyAnswers(cluster);
  }
  return gaps;
}

/** From the request to hand over to the first Put that the heir has taken. */
export async function transferGapsMs(cluster: Cluster, count: number): Promise<readonly number[]> {
  const gaps: number[] = [];
  await everybodyAnswers(cluster);
  for (let round = 0; round < count; round++) {
    const leader = await cluster.leader();
    const heir = (leader + 1) % cluster.addresses.length;
    const { header } = await cluster.status(heir);
    await putUntilTaken(cluster, leader);
    await pause(settleMs);
    const start = performance.now();
    const moved = cluster.client(leader).call(paths.moveLeader, encodeMoveLeader(header.memberId));
    const taken = putUntilTaken(cluster, heir, leader).then(() => performance.now() - start);
    const [gapMs] = await Promise.all([taken, moved]);
    gaps.push(gapMs);
  }
  return gaps;
}

/** Begins with `first`; `not` is the one whose answers do not count. */
async function putUntilTaken(cluster: Cluster, first: number, not?: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  const nodes = cluster.addresses.length;
  for (let node = first; performance.now() < deadline; node = (node + 1) % nodes) {
    if (node === not) continue;
    try {
      decodePutReply(await cluster.client(node).call(paths.put, put, tryMs));
      return;
    } catch {
      await pause(retryMs);
    }
  }
  throw new Error(`${cluster.name} took no Put within ${withinMs} ms`);
}

async function everybodyAnswers(cluster: Cluster): Promise<void> {
  const leader = await cluster.leader();
  const { header } = await cluster.status(leader);
  for (const node of cluster.addresses.keys()) {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const status = await cluster.status(node).catch(() => undefined);
      if (status !== undefined && status.header.revision >= header.revision) break;
      if (performance.now() > deadline) throw new Error(`${cluster.name}: ${node} stays behind`);
      await pause(20);
    }
  }
}
