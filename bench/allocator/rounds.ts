/**
 * What is timed, for the allocator and for the yardstick alike: runs over the whole cluster while
 * frameworks refuse all that they are offered, then one after which they accept.
 */
import { cpuMs } from './cpu-time.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { type Allocator, newAllocator } from '#internal/allocator/allocator.ts';
import { type Allocation, allocatorDefaults } from '#internal/allocator/event.ts';
import { refusalFilter } from '#internal/allocator/refusals.ts';
import { subtract } from '#internal/resources/resources.ts';
import { newStraightforward, type PlainOffer, type Reckoning } from './straightforward.ts';
import { agentsOf, frameworksOf, type Shape, taskOf } from './workload.ts';

/** Runs in which everything is free; all but the first see the filters of those before. */
export const roundCount = 4;
const refuseSeconds = 3600;
const roundMs = 1000;

export type Timed = { readonly ms: number; readonly offers: number };

/** A cluster in which everything is free and wanted. */
export function newCluster(shape: Shape, seed = 1): Allocator {
  const allocator = newAllocator({ random: randomFromSeed(seed) }, allocatorDefaults);
  for (const { id, total, traits } of agentsOf(shape)) {
    allocator.handle({ kind: 'agent-added', agentId: id, total, traits, used: [] });
  }
  for (const { id, role } of frameworksOf(shape)) {
    allocator.handle({
      kind: 'framework-added',
      frameworkId: id,
      roles: [role],
      suppressedRoles: [],
      capabilities: new Set(['MULTI_ROLE']),
      constraints: new Map(),
      minAllocatable: new Map(),
    });
  }
  return allocator;
}

/** `review` sees each run's offers before they are refused. */
export function timeRounds(
  allocator: Allocator,
  review: (offers: readonly Allocation[]) => void = () => undefined,
): { readonly rounds: readonly Timed[]; readonly held: readonly Allocation[] } {
  const rounds: Timed[] = [];
  for (let round = 0; ; round++) {
    const nowMs = round * roundMs;
    const start = cpuMs();
    const { offers } = allocator.allocate({ nowMs });
    rounds.push({ ms: cpuMs() - start, offers: offers.length });
    review(offers);
    if (round === roundCount - 1) return { rounds, held: acceptAll(allocator, offers) };
    for (const offer of offers) refuse(allocator, offer, nowMs);
  }
}

function refuse(allocator: Allocator, offer: Allocation, nowMs: number): void {
  const { agentId, frameworkId, resources, serial } = offer;
  const filter = refusalFilter(refuseSeconds, nowMs, allocatorDefaults);
  allocator.handle({ kind: 'offer-closed', serial });
  allocator.handle({ kind: 'resources-returned', frameworkId, agentId, resources, filter });
}

/** One task on each offer; the rest is refused. Returns what tasks hold. */
function acceptAll(allocator: Allocator, offers: readonly Allocation[]): readonly Allocation[] {
  return offers.flatMap((offer) => {
    const task = taskOf(offer.resources);
    refuse(
      allocator,
      { ...offer, resources: subtract(offer.resources, task) },
      roundCount * roundMs,
    );
    return [{ ...offer, resources: task }];
  });
}

/** Of the yardstick: one run without filters, and one with. */
const plainRoundCount = 2;

/** The same with a yardstick, of which only `agentsMax` agents are looked at in a run. */
export function timeStraightforward(
  shape: Shape,
  reckoning: Reckoning,
  agentsMax: number,
): readonly Timed[] {
  const yardstick = newStraightforward(randomFromSeed(1), reckoning);
  for (const { id, total } of agentsOf(shape)) yardstick.addAgent(id, total);
  for (const { id, role } of frameworksOf(shape)) yardstick.addFramework(id, role);
  return Array.from({ length: plainRoundCount }, (_, round) => {
    const nowMs = round * roundMs;
    const start = cpuMs();
    const offers: readonly PlainOffer[] = yardstick.allocate(nowMs, agentsMax);
    const ms = cpuMs() - start;
    for (const offer of offers) yardstick.giveBack(offer, refuseSeconds, nowMs);
    return { ms, offers: offers.length };
  });
}
