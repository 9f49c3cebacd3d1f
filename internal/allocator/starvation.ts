/** Who has been without offers for how long, and who sits on them. */
import type { FrameworkId } from '#internal/model/ids.ts';
import { addQuantities, noQuantities, scalarQuantities } from '#internal/resources/quantities.ts';
import type { Books, Client } from './books.ts';
import type { Hoarder, Starvation } from './explanation.ts';

/** Of every framework in each of its roles. */
export function starvation({ frameworks }: Books, nowMs: number): readonly Starvation[] {
  return [...frameworks.values()].flatMap(({ id: frameworkId, clients }) =>
    [...clients.values()]
      .filter(({ isSubscribed }) => isSubscribed)
      .map((client) => ({
        frameworkId,
        role: client.role.role,
        waitingMs: waitingMs(client, nowMs),
        nextMs: nextMs(client, nowMs),
      })),
  );
}

/** Of every framework with outstanding offers; the longest wait first. */
export function hoarders({ offers }: Books, nowMs: number): readonly Hoarder[] {
  const found = new Map<FrameworkId, Hoarder>();
  for (const { client, sinceMs, resources } of offers.values()) {
    const frameworkId = client.framework.id;
    const before = found.get(frameworkId);
    found.set(frameworkId, {
      frameworkId,
      offers: (before?.offers ?? 0) + 1,
      oldestMs: Math.max(before?.oldestMs ?? 0, nowMs - sinceMs),
      held: addQuantities(before?.held ?? noQuantities, scalarQuantities(resources)),
    });
  }
  return [...found.values()].toSorted((one, other) => other.oldestMs - one.oldestMs);
}

function waitingMs({ share, offeredMs, wishedMs }: Client, nowMs: number): number | undefined {
  if (!share.isQueued) return undefined;
  const sinceMs = Math.max(offeredMs ?? -Infinity, wishedMs ?? -Infinity);
  return sinceMs === -Infinity ? 0 : Math.max(0, nowMs - sinceMs);
}

function nextMs({ refusals }: Client, nowMs: number): number | undefined {
  let first = Infinity;
  for (const list of refusals.values()) {
    for (const { untilMs } of list) first = Math.min(first, untilMs);
  }
  return first === Infinity ? undefined : Math.max(0, first - nowMs);
}
