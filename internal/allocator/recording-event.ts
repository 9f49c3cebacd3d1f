/**
 * All that an allocator can be told, as it stands in a recording. The order of the fields of a record
 * and of the words of a list is part of the format: a change of it is a new version of the format.
 */
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import type {
  AgentTraits,
  AttributeConstraint,
  AttributePredicate,
  AttributeSelector,
  TextPattern,
} from '#internal/model/offer-constraints.ts';
import type { Limits } from '#internal/resources/limits.ts';
import type { Quantities } from '#internal/resources/quantities.ts';
import type { Disk, Reservation, Resource, Value } from '#internal/resources/resource.ts';
import { compilePattern } from './constraints-pattern.ts';
import type {
  AgentBar,
  Allocation,
  AllocatorEvent,
  AllocatorOptions,
  FrameworkWish,
  InverseAllocation,
  RefusalFilter,
  Round,
  Unavailability,
} from './event.ts';
import {
  branded,
  type Codec,
  flag,
  interned,
  list,
  map,
  number,
  optional,
  record,
  RecordingError,
  set,
  text,
  union,
  word,
} from './recording-codec.ts';

const agent = branded(agentId);
const framework = branded(frameworkId);
const aRole = branded(role);
const name = interned(text);

const value: Codec<Value> = union({
  scalar: record({ milli: number }),
  ranges: record({ ranges: list(record({ begin: number, end: number })) }),
  set: record({ items: list(text) }),
});

const labels = optional(list(record({ key: text, value: optional(text) })));

const reservation = interned(
  record<Reservation>({
    kind: word('static', 'dynamic'),
    role: text,
    principal: optional(text),
    labels,
  }),
);

const disk = record<Disk>({
  source: optional(
    record({
      kind: word('path', 'mount', 'block', 'raw'),
      root: optional(text),
      id: optional(text),
      vendor: optional(text),
      profile: optional(text),
      metadata: labels,
    }),
  ),
  persistence: optional(record({ id: text, principal: optional(text) })),
  volume: optional(
    record({ mode: word('rw', 'ro'), containerPath: text, hostPath: optional(text) }),
  ),
});

const resource = interned(
  record<Resource>({
    name,
    value,
    reservations: list(reservation),
    allocationRole: optional(name),
    disk: optional(disk),
    providerId: optional(text),
    revocable: flag,
    shared: flag,
  }),
);

const resources = list(resource);
const quantities = record<Quantities>({ milliOf: map(name, number) });
const limits = record<Limits>({ milliMaxOf: map(name, number) });

const selector: Codec<AttributeSelector> = union<AttributeSelector>({
  attribute: record({ name: text }),
  hostname: record({}),
  region: record({}),
  zone: record({}),
});

/** By its source: it is compiled again, without bounds, since it was within them once. */
const pattern: Codec<TextPattern> = {
  write: ({ source }) => source,
  read: (json, table) => {
    const compiled = compilePattern(text.read(json, table), {
      bytesMax: Infinity,
      instructionsMax: Infinity,
    });
    if (!compiled.ok) throw new RecordingError(compiled.refusal);
    return compiled.value;
  },
};

const predicate: Codec<AttributePredicate> = union<AttributePredicate>({
  exists: record({}),
  'not-exists': record({}),
  'text-equals': record({ value: text }),
  'text-not-equals': record({ value: text }),
  'text-matches': record({ pattern }),
  'text-not-matches': record({ pattern }),
});

const constraint = record<AttributeConstraint>({ selector, predicate });

const traits = record<AgentTraits>({
  hostname: text,
  attributes: list(record({ name: text, text: optional(text) })),
  domain: optional(record({ region: name, zone: name })),
});

const bar = word<AgentBar>('disconnected', 'unreachable', 'deactivated', 'draining');
const window = record<Unavailability>({ startMs: number, durationMs: optional(number) });
const filter = optional(record<RefusalFilter>({ untilMs: number }));

const capability = word<FrameworkCapability>(
  'REVOCABLE_RESOURCES',
  'TASK_KILLING_STATE',
  'GPU_RESOURCES',
  'SHARED_RESOURCES',
  'PARTITION_AWARE',
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'REGION_AWARE',
);

const wish: { readonly [Name in keyof FrameworkWish]: Codec<FrameworkWish[Name]> } = {
  roles: list(aRole),
  suppressedRoles: list(aRole),
  capabilities: set(capability),
  constraints: map(aRole, list(list(constraint))),
  minAllocatable: map(aRole, list(quantities)),
};

const holder = { frameworkId: framework, agentId: agent };
const onlyFramework = record({ frameworkId: framework });
const rolesOfFramework = record({ frameworkId: framework, roles: list(aRole) });

export const eventCodec: Codec<AllocatorEvent> = union<AllocatorEvent>({
  'agent-added': record({
    agentId: agent,
    used: list(record({ frameworkId: framework, resources })),
    total: resources,
    traits,
  }),
  'agent-updated': record({ agentId: agent, total: resources, traits }),
  'agent-removed': record({ agentId: agent }),
  'agent-barred': record({ agentId: agent, bar }),
  'agent-unbarred': record({ agentId: agent, bar }),
  'agent-scheduled': record({ agentId: agent, unavailability: optional(window) }),
  'resources-taken': record({ ...holder, resources }),
  'resources-returned': record({ ...holder, resources, filter }),
  'resources-converted': record({
    frameworkId: optional(framework),
    agentId: agent,
    consumed: resources,
    converted: resources,
  }),
  'offer-closed': record({ serial: number }),
  'inverse-offer-answered': record({ ...holder, filter }),
  'framework-added': record({ frameworkId: framework, ...wish }),
  'framework-updated': record({ frameworkId: framework, ...wish }),
  'framework-removed': onlyFramework,
  'framework-activated': onlyFramework,
  'framework-deactivated': onlyFramework,
  'roles-suppressed': rolesOfFramework,
  'roles-revived': rolesOfFramework,
  'weight-updated': record({ role: aRole, weight: number }),
  'quota-updated': record({ role: aRole, guarantees: quantities, limits }),
});

const sorter = word<AllocatorOptions['roleSorter']>('drf', 'random');

export const optionsCodec: Codec<AllocatorOptions> = record<AllocatorOptions>({
  allocationIntervalMs: number,
  minAllocatable: list(quantities),
  roleSorter: sorter,
  frameworkSorter: sorter,
  fairSharingExcluded: list(text),
  filterGpus: flag,
  region: optional(text),
});

export const roundCodec: Codec<Round> = record<Round>({
  offers: list(record<Allocation>({ serial: number, ...holder, role: aRole, resources })),
  inverseOffers: list(record<InverseAllocation>({ ...holder, unavailability: window })),
});
