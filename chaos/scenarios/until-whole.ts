/** When a cluster is whole: one master leads, all others follow it, and all agents are with it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Member, RealCluster } from '#chaos/nemesis/real-cluster.ts';

const answerMs = 2000;
const everyMs = 200;

/** Rejects with what is missing when that takes too long, or when it is aborted. */
export async function untilWhole(
  cluster: RealCluster,
  { signal, withinMs }: { readonly signal: AbortSignal; readonly withinMs: number },
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const missing = await missingIn(cluster);
    if (missing === undefined) return;
    if (signal.aborted || performance.now() > deadlineMs) throw new Error(missing);
    await pause(everyMs);
  }
}

async function missingIn({ masters, agents }: RealCluster): Promise<string | undefined> {
  const leaders = await Promise.all(masters.map(async (master) => await leaderAccordingTo(master)));
  const lost = masters.filter((_, n) => leaders[n] === undefined);
  if (lost.length > 0) return `${lost.map(({ name }) => name).join(', ')} knows of no leader`;
  if (new Set(leaders).size > 1) return `masters do not agree who leads: ${leaders.join(', ')}`;
  const text = await textOf(`http://${leaders[0]}/slaves`);
  const active = text.split('"active":true').length - 1;
  return active === agents.length ? undefined : `${active} of ${agents.length} agents are there`;
}

/** `host:port` of the leader. */
async function leaderAccordingTo({ address }: Member): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    const reply = await fetch(`http://${address}/redirect`, { redirect: 'manual', signal });
    await reply.arrayBuffer();
    return reply.headers.get('location')?.replace(/^\/\//, '').replace(/\/$/, '');
  } catch {
    return undefined;
  }
}

async function textOf(url: string): Promise<string> {
  try {
    const reply = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(answerMs) });
    return await reply.text();
  } catch {
    return '';
  }
}
