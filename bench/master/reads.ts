/**
 * GET_STATE, the whole of it in JSON, as an operator's tool asks: bytes a second from the leader to the
 * last byte here, next to `JSON.stringify` of the same object in this process, in turns; and how long
 * the leader answered nobody meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Tell } from '../figure.ts';
import { median } from '../raft/latencies.ts';
import type { Ground } from './ground.ts';

const rounds = 5;

export async function stateReadFigures({ cluster }: Ground, tell: Tell): Promise<void> {
  const leader = await cluster.leader();
  const told: number[] = [];
  const made: number[] = [];
  let bytes = 0;
  let stallMs = 0;
  // The stalls of the last seconds are asked for, and those before are not of these reads.
  await pause(11_000);
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    const text = await getState(cluster.http[leader] ?? '');
    const elapsedMs = performance.now() - startMs;
    bytes = text.length;
    told.push((1000 * bytes) / elapsedMs);
    const metrics = await cluster.metrics(leader);
    stallMs = Math.max(stallMs, metrics.get('loop/longest_stall_ms/10secs') ?? NaN);
    const state: unknown = JSON.parse(text.toString());
    const beginMs = performance.now();
    const again = JSON.stringify(state).length;
    made.push((1000 * again) / (performance.now() - beginMs));
  }
  tell(
    { name: 'get-state-size', value: bytes, unit: 'bytes' },
    { name: 'get-state', value: median(told), unit: 'bytes/s' },
    { name: 'json-stringify-of-the-same', value: median(made), unit: 'bytes/s' },
    { name: 'get-state-over-json-stringify', value: median(told) / median(made), unit: 'times' },
    { name: 'get-state-longest-stall', value: stallMs, unit: 'ms' },
  );
}

async function getState(address: string): Promise<Buffer> {
  const reply = await fetch(`http://${address}/api/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ type: 'GET_STATE' }),
  });
  if (!reply.ok) throw new Error(`GET_STATE: ${reply.status} ${await reply.text()}`);
  return Buffer.from(await reply.arrayBuffer());
}
