/** All that the allocator is told, and what it answers. Plain data: a run can be recorded. */
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';

export type AllocatorEvent =
  /** `used` is what its tasks hold, allocated, by framework. It begins active. */
  | {
      readonly kind: 'agent-added';
      readonly agentId: AgentId;
      readonly total: Resources;
      readonly used: readonly FrameworkUse[];
    }
  /** Whatever was allocated on it is forgotten: nothing is to be returned. */
  | { readonly kind: 'agent-removed'; readonly agentId: AgentId }
  | { readonly kind: 'agent-activated'; readonly agentId: AgentId }
  /** Keeps its allocations and gets no new ones. */
  | { readonly kind: 'agent-deactivated'; readonly agentId: AgentId }
  /** A new total (or other attributes): filters on this agent are dropped. */
  | { readonly kind: 'agent-updated'; readonly agentId: AgentId; readonly total: Resources }
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
    }
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
    };

/** Resources on one agent that a framework holds, each with its allocation role. */
export type FrameworkUse = { readonly frameworkId: FrameworkId; readonly resources: Resources };

export type FrameworkWish = {
  readonly roles: readonly Role[];
  readonly suppressedRoles: readonly Role[];
  readonly capabilities: ReadonlySet<FrameworkCapability>;
};

/**
 * Until when no subset of the refused is offered again (`refusalFilter` reckons it). Refused on
 * behalf of the role that they were allocated to.
 */
export type RefusalFilter = { readonly untilMs: number };

/** What one framework is to be offered on one agent; it holds it from now on. */
export type Allocation = {
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  readonly agentId: AgentId;
  /** Allocated to `role`. */
  readonly resources: Resources;
};

export type AllocatorOptions = {
  /** How often `allocate` is called. A filter lasts at least so long, so that one run honours it. */
  readonly allocationIntervalMs: number;
  /** Offered only when at least one of these is there, in thousandths. */
  readonly minAllocatable: readonly { readonly name: string; readonly milli: number }[];
};

/** Contract 2.2: a run each second, `cpus:0.01|mem:32`. */
export const allocatorDefaults: AllocatorOptions = {
  allocationIntervalMs: 1000,
  minAllocatable: [
    { name: 'cpus', milli: 10 },
    { name: 'mem', milli: 32_000 },
  ],
};
