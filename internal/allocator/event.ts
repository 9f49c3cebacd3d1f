/**
 * All that the allocator is told, and what it answers. Plain data (a compiled pattern apart, which has
 * its source): a run can be recorded and played again.
 */
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import type { AgentTraits, OfferConstraints } from '#internal/model/offer-constraints.ts';
import type { Limits } from '#internal/resources/limits.ts';
import { type Quantities, quantities } from '#internal/resources/quantities.ts';
import type { Resources } from '#internal/resources/resource.ts';

export type AllocatorEvent = AgentEvent | HoldingEvent | FrameworkEvent | PolicyEvent;

export type AgentEvent =
  /** `used` is what its tasks hold, allocated, by framework. Nothing bars it. */
  | ({
      readonly kind: 'agent-added';
      readonly agentId: AgentId;
      readonly used: readonly FrameworkUse[];
    } & AgentDescription)
  /** It came back, perhaps another: filters on it are dropped. */
  | ({ readonly kind: 'agent-updated'; readonly agentId: AgentId } & AgentDescription)
  /** Whatever was allocated on it is forgotten: nothing is to be returned. */
  | { readonly kind: 'agent-removed'; readonly agentId: AgentId }
  /** Keeps its allocations and gets no new ones, until nothing bars it any more. */
  | { readonly kind: 'agent-barred'; readonly agentId: AgentId; readonly bar: AgentBar }
  | { readonly kind: 'agent-unbarred'; readonly agentId: AgentId; readonly bar: AgentBar }
  /** A maintenance window: who holds something is asked to leave. Undefined when it was lifted. */
  | {
      readonly kind: 'agent-scheduled';
      readonly agentId: AgentId;
      readonly unavailability: Unavailability | undefined;
    };

/** Why an agent is not offered; several may hold at once. */
export type AgentBar = 'disconnected' | 'unreachable' | 'deactivated' | 'draining';

export type AgentDescription = {
  /** Everything that it has; unallocated. */
  readonly total: Resources;
  readonly traits: AgentTraits;
};

/** From when, and how long; undefined is for ever. Wall-clock time: it is only passed on. */
export type Unavailability = {
  readonly startMs: number;
  readonly durationMs: number | undefined;
};

/** Resources on one agent that a framework holds, each with its allocation role. */
export type FrameworkUse = { readonly frameworkId: FrameworkId; readonly resources: Resources };

export type HoldingEvent =
  /** Taken without having been allocated here: a task that a returning agent reports. */
  | {
      readonly kind: 'resources-taken';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly resources: Resources;
    }
  /**
   * An offer was declined, rescinded or used in part, or a task ended. `resources` as they were
   * allocated, with their role. With `filter` they are refused (contract 6.6).
   */
  | {
      readonly kind: 'resources-returned';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly resources: Resources;
      readonly filter: RefusalFilter | undefined;
    }
  /**
   * An operation made something else of resources (contract 6.5). Of those that `frameworkId` holds,
   * both with their role; of free ones, unallocated, when it is undefined.
   */
  | {
      readonly kind: 'resources-converted';
      readonly frameworkId: FrameworkId | undefined;
      readonly agentId: AgentId;
      readonly consumed: Resources;
      readonly converted: Resources;
    }
  /**
   * The offer of this serial number is not outstanding any more, however it ended. What became of its
   * resources is told besides, before or after. Offers of agents and frameworks that are removed end
   * by themselves; a serial number that is unknown is passed over.
   */
  | { readonly kind: 'offer-closed'; readonly serial: number }
  /** The framework answered, yes or no, and is left alone until the filter is over. */
  | {
      readonly kind: 'inverse-offer-answered';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly filter: RefusalFilter | undefined;
    };

/**
 * Until when no subset of the refused is offered again (`refusalFilter` reckons it), on the clock of
 * the runs. Refused on behalf of the role that they were allocated to.
 */
export type RefusalFilter = { readonly untilMs: number };

export type FrameworkEvent =
  /** Begins active. What its tasks hold was told with the agents, in either order. */
  | ({ readonly kind: 'framework-added'; readonly frameworkId: FrameworkId } & FrameworkWish)
  | ({ readonly kind: 'framework-updated'; readonly frameworkId: FrameworkId } & FrameworkWish)
  /** All that it holds must be returned by `resources-returned`, before or after. */
  | { readonly kind: 'framework-removed'; readonly frameworkId: FrameworkId }
  | { readonly kind: 'framework-activated'; readonly frameworkId: FrameworkId }
  /** Disconnected: its filters are dropped. */
  | { readonly kind: 'framework-deactivated'; readonly frameworkId: FrameworkId }
  /** No roles given: all of the framework's. */
  | {
      readonly kind: 'roles-suppressed';
      readonly frameworkId: FrameworkId;
      readonly roles: readonly Role[];
    }
  /** Also drops the filters of these roles. No roles given: all of the framework's. */
  | {
      readonly kind: 'roles-revived';
      readonly frameworkId: FrameworkId;
      readonly roles: readonly Role[];
    };

export type FrameworkWish = {
  readonly roles: readonly Role[];
  readonly suppressedRoles: readonly Role[];
  readonly capabilities: ReadonlySet<FrameworkCapability>;
  readonly constraints: OfferConstraints;
  /**
   * What an offer for this role has to contain at least one of, instead of the cluster's minimum. An
   * empty list is content with anything (contract 6.6).
   */
  readonly minAllocatable: ReadonlyMap<Role, readonly Quantities[]>;
};

export type PolicyEvent =
  /** How much more of the cluster a role is due than one of weight 1. */
  | { readonly kind: 'weight-updated'; readonly role: Role; readonly weight: number }
  /** Of a top-level role (contract 10.4). No guarantees and no limits: it has no quota any more. */
  | ({ readonly kind: 'quota-updated'; readonly role: Role } & Quota);

export type Quota = { readonly guarantees: Quantities; readonly limits: Limits };

/** What one run gives out, or one slice of it. */
export type Round = {
  readonly offers: readonly Allocation[];
  readonly inverseOffers: readonly InverseAllocation[];
};

/** What one framework is to be offered on one agent; it holds it from now on. */
export type Allocation = {
  /** Names the offer in `offer-closed`; counted up from 1. */
  readonly serial: number;
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  readonly agentId: AgentId;
  /**
   * Allocated to `role`. The very same array each time the same resources of an agent are offered for
   * a role again, so that what was made of it (its JSON, say) can be kept beside it.
   */
  readonly resources: Resources;
};

/** A framework is asked to leave an agent. It is not asked again before it answered. */
export type InverseAllocation = {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly unavailability: Unavailability;
};

/**
 * A run in slices. With nothing told in between, the slices give together what one piece gives. What
 * is told in between counts from the next slice on.
 */
export type Run = {
  readonly isOver: boolean;
  /** Looks at so many agents more. */
  step(agentsMax: number): Round;
};

/** Who goes first: the least served by dominant share, or by weighted lot. */
export type Sorter = 'drf' | 'random';

export type AllocatorOptions = {
  /** How often `allocate` is called. A filter lasts at least so long, so that one run honours it. */
  readonly allocationIntervalMs: number;
  /** Offered only when it contains at least one of these. */
  readonly minAllocatable: readonly Quantities[];
  /** Among roles, and among the frameworks of a role. */
  readonly roleSorter: Sorter;
  readonly frameworkSorter: Sorter;
  /** Names that do not count for shares, say `gpus`. */
  readonly fairSharingExcluded: readonly string[];
  /** Agents with gpus are only for frameworks that can use them. */
  readonly filterGpus: boolean;
  /** The master's; agents of another are only for frameworks that are aware of regions. */
  readonly region: string | undefined;
};

/** Contract 2.2: a run each second, `cpus:0.01|mem:32`. */
export const allocatorDefaults: AllocatorOptions = {
  allocationIntervalMs: 1000,
  minAllocatable: [quantities([['cpus', 10]]), quantities([['mem', 32_000]])],
  roleSorter: 'drf',
  frameworkSorter: 'drf',
  fairSharingExcluded: [],
  filterGpus: true,
  region: undefined,
};
