/** The next run as it would be under another policy. Nothing is changed by it, not even luck. */
import { sum } from '#internal/resources/resources.ts';
import { quantitiesOf } from './amounts.ts';
import { type Books, wake } from './books.ts';
import type { Allocation, PolicyEvent, Quota } from './event.ts';
import { takePolicyEvent } from './events.ts';
import { ungive } from './holdings.ts';
import type { Given } from './look.ts';
import { rootOf } from './quota-book.ts';
import { dropExpired } from './refusals.ts';
import { remember } from './rehearsal.ts';
import { wishes } from './rules.ts';
import { advance, beginRun } from './run.ts';

export type Policy = {
  /** Laid over what is in force. */
  readonly events: readonly PolicyEvent[];
  /** Nobody's filter counts. */
  readonly ignoresFilters: boolean;
};

/** What would be given to whom. It is not on offer, so it has no serial number. */
export type Placement = Omit<Allocation, 'serial'>;

/** `seed` is the luck of the next run. */
export function whatIf(
  books: Books,
  { nowMs, seed }: { readonly nowMs: number; readonly seed: number },
  { events, ignoresFilters }: Policy,
): readonly Placement[] {
  dropExpired(books, nowMs);
  const recall = remember(books);
  const before = events.map((event) => policyBefore(books, event));
  for (const event of events) takePolicyEvent(books, event);
  const restoreFilters = ignoresFilters ? setFiltersAside(books) : undefined;
  const given: Given[] = [];
  advance(beginRun(books, nowMs, seed), Infinity, (of) => given.push(...of));
  for (const { agent, client } of given.toReversed()) ungive(books, agent, client);
  restoreFilters?.();
  for (const event of before.toReversed()) takePolicyEvent(books, event);
  recall();
  return placementsOf(given);
}

/** The event that makes the policy what it is now. */
function policyBefore(books: Books, event: PolicyEvent): PolicyEvent {
  const { role } = event;
  return event.kind === 'weight-updated'
    ? { kind: 'weight-updated', role, weight: books.weights.get(role) ?? 1 }
    : { kind: 'quota-updated', role, ...quotaOf(books, role) };
}

function quotaOf({ quotas, names }: Books, role: string): Quota {
  const { guarantees, limits } = rootOf(quotas, role);
  const amounts = guarantees.map((milli, name) => ({ name, milli }));
  const bounds = limits.flatMap((milliMax, name) =>
    milliMax === undefined ? [] : [[names.list[name] ?? '', milliMax] as const],
  );
  return { guarantees: quantitiesOf(names, amounts), limits: { milliMaxOf: new Map(bounds) } };
}

/** Who refused something is asked about every agent again, until the filters are put back. */
function setFiltersAside(books: Books): () => void {
  const clients = [...books.frameworks.values()].flatMap((one) => [...one.clients.values()]);
  const kept = clients.map((client) => ({ client, refusals: [...client.refusals] }));
  for (const { client, refusals } of kept) {
    client.refusals.clear();
    if (refusals.length > 0 && wishes(client)) wake(books, client);
  }
  return () => {
    for (const { client, refusals } of kept) {
      for (const [agent, list] of refusals) client.refusals.set(agent, list);
    }
  };
}

/** One for each framework and role on an agent, also when it was given to in two stages. */
function placementsOf(given: readonly Given[]): readonly Placement[] {
  const placements = new Map<string, Placement>();
  for (const { agent, client, part } of given) {
    const { framework, role } = client;
    const key = `${agent.id} ${framework.id} ${role.role}`;
    const before = placements.get(key)?.resources;
    // The shared volumes are the same both times.
    const more = part.resources.filter(({ shared }) => before === undefined || !shared);
    placements.set(key, {
      frameworkId: framework.id,
      role: role.role,
      agentId: agent.id,
      resources: sum([before ?? [], more]),
    });
  }
  return [...placements.values()];
}
