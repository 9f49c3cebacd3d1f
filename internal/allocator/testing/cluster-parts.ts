/** What simulated clusters are made of: agents, wishes and quotas of chance. */
import type { Random } from '#internal/base/random.ts';
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import { role, type Role } from '#internal/model/ids.ts';
import type { OfferConstraints } from '#internal/model/offer-constraints.ts';
import { limits } from '#internal/resources/limits.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { quantities } from '#internal/resources/quantities.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { resources } from '#internal/resources/resources.ts';
import type { AgentDescription, FrameworkWish, Quota } from '../event.ts';
import { noQuota } from './cluster-truth.ts';

export const clusterRoles: readonly Role[] = ['a', 'b', 'c', 'a/x', 'a/y', 'a/x/z', 'b/z', '*'].map(
  role,
);
export const quotaRoles: readonly Role[] = ['a', 'b', 'c'].map(role);

export function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

export function some<Item>(random: Random, items: readonly Item[], oneIn: number): Item[] {
  return items.filter(() => random.oneIn(oneIn));
}

const plainTotals = [
  'cpus:16;mem:65536;disk:102400;ports:[31000-31999]',
  'cpus:8;mem:16384;disk:51200;ports:[31000-31099,32000-32099,33000-33099]',
  'cpus:4;mem:4096',
  'cpus:2;mem:512;disk:100',
];
const reservedParts = [
  'cpus(a):2;mem(a):1024',
  'mem(a/x):2048',
  'cpus(b):1;disk(b):100',
  'cpus(c):4',
];

export function anyDescription(random: Random): AgentDescription {
  const parts = [amount(pick(random, plainTotals)), amount(pick(random, reservedParts))];
  if (random.oneIn(2)) parts.pop();
  if (random.oneIn(10)) parts.push(amount('gpus:4'));
  if (random.oneIn(8)) parts.push(revocable(amount('cpus:3')));
  if (random.oneIn(8)) parts.push(volume(random.below(1000), random.oneIn(2)));
  if (random.oneIn(8)) parts.push(refined(amount('mem(a):256'), 'a/x'));
  return {
    total: resources(parts.flat()),
    traits: {
      hostname: `host-${random.below(1000)}.example.org`,
      attributes: [{ name: 'rack', text: `r${random.below(4)}` }],
      domain: random.oneIn(3)
        ? { region: pick(random, ['north', 'south']), zone: `z${random.below(3)}` }
        : undefined,
    },
  };
}

const revocable = (list: Resources): Resource[] => list.map((one) => ({ ...one, revocable: true }));

const refined = (list: Resources, to: string): Resource[] =>
  list.map((one) => ({
    ...one,
    reservations: [
      ...one.reservations,
      { kind: 'dynamic', role: to, principal: undefined, labels: undefined },
    ],
  }));

const volume = (id: number, shared: boolean): Resource[] =>
  amount('disk(a):64').map((one) => ({
    ...one,
    shared,
    disk: {
      source: undefined,
      persistence: { id: `v${id}`, principal: undefined },
      volume: { mode: 'rw', containerPath: 'data', hostPath: undefined },
    },
  }));

const optionalCapabilities: readonly FrameworkCapability[] = [
  'REVOCABLE_RESOURCES',
  'SHARED_RESOURCES',
  'RESERVATION_REFINEMENT',
  'GPU_RESOURCES',
  'REGION_AWARE',
];

export function anyWish(random: Random): FrameworkWish {
  const first = pick(random, clusterRoles);
  const roles = [...new Set([first, ...some(random, clusterRoles, 6)])];
  return {
    roles,
    suppressedRoles: some(random, roles, 10),
    capabilities: new Set(['MULTI_ROLE', ...some(random, optionalCapabilities, 2)] as const),
    constraints: random.oneIn(5) ? onRack(first, `r${random.below(4)}`) : new Map(),
    minAllocatable: random.oneIn(5)
      ? new Map([[first, pick(random, [[], [quantities([['cpus', 2000]])]])]])
      : new Map(),
  };
}

const onRack = (one: Role, rack: string): OfferConstraints =>
  new Map([
    [
      one,
      [
        [
          {
            selector: { kind: 'attribute', name: 'rack' },
            predicate: { kind: 'text-equals', value: rack },
          },
        ],
      ],
    ],
  ]);

/** Of a cluster of so many agents, perhaps more than there is. Limits are no smaller than guarantees. */
export function anyQuota(random: Random, agents: number): Quota {
  if (random.oneIn(3)) return noQuota;
  const guaranteed = random.below(4 * agents) * 1000;
  const guarantees = quantities([
    ['cpus', guaranteed],
    ['mem', random.oneIn(2) ? random.below(4 * agents) * 1_000_000 : 0],
  ]);
  const limited = guaranteed + random.below(8 * agents) * 1000;
  return { guarantees, limits: limits(random.oneIn(2) ? [['cpus', limited]] : []) };
}

/** Some of an offer; what is indivisible as a whole. */
export function someOf(random: Random, offered: Resources): Resources {
  const taken: Resource[] = [];
  for (const one of offered) {
    if (random.oneIn(3)) continue;
    if (one.value.kind === 'scalar' && one.disk === undefined && one.name !== 'gpus') {
      const milli = Math.ceil(one.value.milli / (1 + random.below(6)));
      taken.push({ ...one, value: { kind: 'scalar', milli } });
    } else if (one.value.kind === 'ranges') {
      const [first] = one.value.ranges;
      if (first !== undefined) {
        taken.push({ ...one, value: { kind: 'ranges', ranges: [{ ...first, end: first.begin }] } });
      }
    } else taken.push(one);
  }
  return resources(taken);
}
