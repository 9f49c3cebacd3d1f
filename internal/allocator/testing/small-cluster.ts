/** Clusters of a few agents and frameworks, for tests that say what is in them. */
import { randomFromSeed } from '#internal/base/random.ts';
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { limits } from '#internal/resources/limits.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { quantities } from '#internal/resources/quantities.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo } from '#internal/resources/resources.ts';
import { type Allocator, newAllocator } from '../allocator.ts';
import {
  type Allocation,
  allocatorDefaults,
  type AllocatorEvent,
  type AllocatorOptions,
  type FrameworkUse,
  type FrameworkWish,
} from '../event.ts';

export function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

export const use = (id: string, name: string, text: string): FrameworkUse => ({
  frameworkId: frameworkId(id),
  resources: allocatedTo(name, amount(text)),
});

export function agentAdded(
  id: string,
  total: string | Resources,
  { used = [], region }: { readonly used?: readonly FrameworkUse[]; readonly region?: string } = {},
): AllocatorEvent {
  const domain = region === undefined ? undefined : { region, zone: 'z' };
  return {
    kind: 'agent-added',
    agentId: agentId(id),
    total: typeof total === 'string' ? amount(total) : total,
    traits: { hostname: id, attributes: [], domain },
    used,
  };
}

type Wish = Partial<Omit<FrameworkWish, 'roles' | 'capabilities'>> & {
  readonly capabilities?: readonly FrameworkCapability[];
};

export const frameworkAdded = (
  id: string,
  roles: readonly string[],
  { capabilities = [], ...wish }: Wish = {},
): AllocatorEvent => ({
  kind: 'framework-added',
  frameworkId: frameworkId(id),
  roles: roles.map(role),
  suppressedRoles: [],
  capabilities: new Set(capabilities),
  constraints: new Map(),
  minAllocatable: new Map(),
  ...wish,
});

type Amounts = Readonly<Record<string, number>>;

/** In whole units. */
export const quotaUpdated = (
  name: string,
  guarantees: Amounts,
  bounds: Amounts = {},
): AllocatorEvent => ({
  kind: 'quota-updated',
  role: role(name),
  guarantees: quantities(milliOf(guarantees)),
  limits: limits(milliOf(bounds)),
});

/** All of an offer comes back. */
export const returned = (offer: Allocation, untilMs?: number): AllocatorEvent => ({
  kind: 'resources-returned',
  frameworkId: offer.frameworkId,
  agentId: offer.agentId,
  resources: offer.resources,
  filter: untilMs === undefined ? undefined : { untilMs },
});

export function started(
  events: readonly AllocatorEvent[],
  options: Partial<AllocatorOptions> = {},
): Allocator {
  const made = newAllocator({ random: randomFromSeed(1) }, { ...allocatorDefaults, ...options });
  for (const event of events) made.handle(event);
  return made;
}

export const offersAt = (target: Allocator, nowMs = 0): readonly Allocation[] =>
  target.allocate({ nowMs }).offers;

const milliOf = (amounts: Amounts): readonly (readonly [string, number])[] =>
  Object.entries(amounts).map(([name, value]) => [name, value * 1000] as const);
