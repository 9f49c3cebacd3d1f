/** Events for properties: every kind, with all that may be in it. They make no sense in a row. */
import fc from 'fast-check';
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import type { AttributeConstraint } from '#internal/model/offer-constraints.ts';
import { limits } from '#internal/resources/limits.ts';
import { quantities } from '#internal/resources/quantities.ts';
import { anyResources } from '#internal/testing/any-resources.ts';
import { compilePattern } from '../constraints-pattern.ts';
import type { AgentBar, AllocatorEvent } from '../event.ts';

const anyAgentId = fc.nat(20).map((n) => agentId(`agent-${n}`));
const anyFrameworkId = fc.nat(9).map((n) => frameworkId(`framework-${n}`));
const anyRole = fc.constantFrom('a', 'b', 'a/b', '*').map(role);
const anyRoles = fc.uniqueArray(anyRole, { maxLength: 3 });
const anyMilli = fc.nat(9000);
const anyAmounts = fc.array(fc.tuple(fc.constantFrom('cpus', 'mem'), anyMilli), { maxLength: 2 });
const anyQuantities = anyAmounts.map((list) => quantities(list));
const anyText = fc.oneof(fc.constantFrom('r1', ''), fc.string({ unit: 'grapheme' }));
const option = <Value>(one: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(one, { nil: undefined });

const anyUntil = fc.oneof(anyMilli, fc.constant(Infinity));
const anyFilter = option(fc.record({ untilMs: anyUntil }));

function patternOf(source: string): AttributeConstraint['predicate'] {
  const pattern = compilePattern(source);
  if (!pattern.ok) throw new Error(pattern.refusal);
  return { kind: 'text-matches', pattern: pattern.value };
}

const anyConstraint: fc.Arbitrary<AttributeConstraint> = fc.record({
  selector: fc.oneof(
    anyText.map((name) => ({ kind: 'attribute' as const, name })),
    fc.constantFrom('hostname', 'region', 'zone').map((kind) => ({ kind })),
  ),
  predicate: fc.oneof(
    fc.constantFrom('exists', 'not-exists').map((kind) => ({ kind })),
    fc.record({ kind: fc.constantFrom('text-equals', 'text-not-equals'), value: anyText }),
    fc.constantFrom('r.*', '(?i)x|y').map(patternOf),
  ),
});

const anyWish = fc.record({
  roles: anyRoles,
  suppressedRoles: anyRoles,
  capabilities: fc
    .subarray<FrameworkCapability>(['GPU_RESOURCES', 'MULTI_ROLE', 'REGION_AWARE'])
    .map((list) => new Set(list)),
  constraints: fc
    .array(fc.tuple(anyRole, fc.array(fc.array(anyConstraint, { maxLength: 2 }), { maxLength: 2 })))
    .map((entries) => new Map(entries)),
  minAllocatable: fc
    .array(fc.tuple(anyRole, fc.array(anyQuantities, { maxLength: 2 })))
    .map((entries) => new Map(entries)),
});

const anyTraits = fc.record({
  hostname: anyText,
  attributes: fc.array(fc.record({ name: anyText, text: option(anyText) }), { maxLength: 3 }),
  domain: option(fc.record({ region: anyText, zone: anyText })),
});

const anyBar = fc.constantFrom<AgentBar>('disconnected', 'unreachable', 'deactivated', 'draining');
const anyUse = fc.record({ frameworkId: anyFrameworkId, resources: anyResources });
const aFramework = { frameworkId: anyFrameworkId };
const anAgent = { agentId: anyAgentId };
const kind = <Kind extends string>(one: Kind): fc.Arbitrary<Kind> => fc.constant(one);

export const anyEvent: fc.Arbitrary<AllocatorEvent> = fc.oneof(
  fc.record({
    kind: kind('agent-added'),
    ...anAgent,
    used: fc.array(anyUse, { maxLength: 2 }),
    total: anyResources,
    traits: anyTraits,
  }),
  fc.record({ kind: kind('agent-updated'), ...anAgent, total: anyResources, traits: anyTraits }),
  fc.record({ kind: kind('agent-removed'), ...anAgent }),
  fc.record({ kind: fc.constantFrom('agent-barred', 'agent-unbarred'), ...anAgent, bar: anyBar }),
  fc.record({
    kind: kind('agent-scheduled'),
    ...anAgent,
    unavailability: option(fc.record({ startMs: anyMilli, durationMs: option(anyMilli) })),
  }),
  fc.record({ kind: kind('resources-taken'), ...aFramework, ...anAgent, resources: anyResources }),
  fc.record({
    kind: kind('resources-returned'),
    ...aFramework,
    ...anAgent,
    resources: anyResources,
    filter: anyFilter,
  }),
  fc.record({
    kind: kind('resources-converted'),
    frameworkId: option(anyFrameworkId),
    ...anAgent,
    consumed: anyResources,
    converted: anyResources,
  }),
  fc.record({ kind: kind('offer-closed'), serial: fc.nat() }),
  fc.record({
    kind: kind('inverse-offer-answered'),
    ...aFramework,
    ...anAgent,
    filter: anyFilter,
  }),
  fc
    .tuple(fc.constantFrom('framework-added', 'framework-updated'), anyFrameworkId, anyWish)
    .map(([one, id, wish]) => ({ kind: one, frameworkId: id, ...wish })),
  fc.record({
    kind: fc.constantFrom('framework-removed', 'framework-activated', 'framework-deactivated'),
    ...aFramework,
  }),
  fc.record({
    kind: fc.constantFrom('roles-suppressed', 'roles-revived'),
    ...aFramework,
    roles: anyRoles,
  }),
  fc.record({ kind: kind('weight-updated'), role: anyRole, weight: fc.constantFrom(0.5, 1, 2) }),
  fc.record({
    kind: kind('quota-updated'),
    role: anyRole,
    guarantees: anyQuantities,
    limits: anyAmounts.map((list) => limits(list)),
  }),
);
