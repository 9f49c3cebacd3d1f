/**
 * All that the masters agree on. Immutable, and shared between versions: keeping an old one costs
 * what has changed since, and two are compared by identity (`records.ts`).
 */
import { List, Map } from 'immutable';
import { type Brand, brand } from '#internal/base/brand.ts';
import {
  type Agent,
  type CompletedFramework,
  type Executor,
  type Framework,
  isTerminal,
  type MasterAddress,
  type Task,
} from '#internal/model/cluster.ts';
import type { FrameworkStore } from '#internal/model/framework-store.ts';
import type { AgentId, ExecutorId, FrameworkId, Role, TaskId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import { type Maintenance, noMaintenance, type Quota } from '#internal/model/policy.ts';
import type { VolumeRecord } from '#internal/model/volume.ts';
import type { Resources } from '#internal/resources/resource.ts';

export type State = {
  /** What `apply` does with a command may change only where this says so (`version.ts`). */
  readonly version: number;
  readonly leader: Leader | undefined;
  /** Drawn once, for ever; undefined below version 4. */
  readonly clusterId: string | undefined;
  /** When the masters compared their states last, and which entry's. */
  readonly checked: Checked | undefined;
  /** How much is remembered of what is over. */
  readonly histories: Histories;
  /** Admitted and unreachable ones. */
  readonly agents: Map<AgentId, Agent>;
  /** The agent of each registration; derived from `agents`. */
  readonly registrations: Map<string, AgentId>;
  /** What runs on each agent that runs something; derived from tasks and executors. */
  readonly loads: Map<AgentId, Load>;
  /** By uuid, on each agent: those that are not over, and those that are not acknowledged. */
  readonly operations: Map<AgentId, Map<string, Operation>>;
  readonly frameworks: Map<FrameworkId, FrameworkRecord>;
  /** Oldest first, no more than `histories` say. */
  readonly completedFrameworks: List<CompletedFramework>;
  /** Agents that an operator declared gone, and when; at most `goneAgentsMax`, the newest. */
  readonly goneAgents: Map<AgentId, number>;
  /** Of the roles whose weight was ever set; the others weigh 1. */
  readonly weights: Map<Role, number>;
  /** Of the roles whose quota was ever set. */
  readonly quotas: Map<Role, Quota>;
  readonly maintenance: Maintenance;
  /** By `volumeName`, of each agent: those that it has, and those that it left behind. */
  readonly volumes: Map<AgentId, Map<string, VolumeRecord>>;
  /** Who has each volume, or left it behind, by its origin; derived from `volumes`. */
  readonly volumeHolders: Map<string, AgentId>;
};

export type Leader = {
  readonly nodeId: number;
  readonly master: MasterAddress;
  readonly electedMs: number;
};

export type Checked = { readonly index: number; readonly atMs: number };

/** The newest so many are kept. */
export type Histories = {
  readonly completedFrameworks: number;
  /** Of each framework. */
  readonly completedTasks: number;
  readonly unreachableTasks: number;
};

/** A framework that may subscribe, with its tasks. An id is in at most one of `tasks`, `unreachable`. */
export type FrameworkRecord = {
  readonly framework: Framework;
  /** Not acknowledged to the end; on agents that are admitted, or terminal. */
  readonly tasks: Map<TaskId, Task>;
  /** No more than `histories` say; the ones that are unreachable longest go first. */
  readonly unreachable: Map<TaskId, Task>;
  /** Oldest first, no more than `histories` say. An id may be there more than once. */
  readonly completed: List<Task>;
  /** The number of `completed`'s first element, counted from the framework's first. */
  readonly completedFirst: number;
  /** By `executorKey`. They stay while their agent is not reached. */
  readonly executors: Map<ExecutorKey, Executor>;
  /** What it keeps for itself. */
  readonly store: FrameworkStore;
};

/** An agent may run what another runs under the same id. */
export type ExecutorKey = Brand<string, 'ExecutorKey'>;

/** The live tasks and the executors of one agent. */
export type Load = {
  /** By framework. */
  readonly tasks: Map<FrameworkId, Map<TaskId, true>>;
  /** How many tasks that are not terminal each of its executors has, by framework. */
  readonly executors: Map<FrameworkId, Map<ExecutorId, number>>;
  /** What executors, and tasks that are not terminal, hold; unallocated. */
  readonly used: Resources;
};

/** One that is forgotten may register again under its old id. */
export const goneAgentsMax = 102_400;
/** Mesos's, and ours until a leader that is told another says so. */
export const usualHistories: Histories = {
  completedFrameworks: 50,
  completedTasks: 1000,
  unreachableTasks: 1000,
};

export function newState(): State {
  return {
    version: 1,
    leader: undefined,
    clusterId: undefined,
    checked: undefined,
    histories: usualHistories,
    agents: Map(),
    registrations: Map(),
    loads: Map(),
    operations: Map(),
    frameworks: Map(),
    completedFrameworks: List(),
    goneAgents: Map(),
    weights: Map(),
    quotas: Map(),
    maintenance: noMaintenance,
    volumes: Map(),
    volumeHolders: Map(),
  };
}

export const executorKey = (agent: AgentId, id: ExecutorId): ExecutorKey =>
  brand<ExecutorKey>(`${agent}/${id}`);

/** An executor, while it lives. */
export function executorOf(
  state: State,
  { frameworkId, agentId, id }: Pick<Executor, 'frameworkId' | 'agentId' | 'id'>,
): Executor | undefined {
  return state.frameworks.get(frameworkId)?.executors.get(executorKey(agentId, id));
}

/** The executors on an agent, in no order that means anything. */
export function executorsOnAgent(state: State, agent: AgentId): readonly Executor[] {
  const found: Executor[] = [];
  for (const [frameworkId, ids] of state.loads.get(agent)?.executors ?? []) {
    for (const id of ids.keys()) {
      const executor = executorOf(state, { frameworkId, agentId: agent, id });
      if (executor !== undefined) found.push(executor);
    }
  }
  return found;
}

/** What holds something of an agent: tasks that have not ended, and executors. */
export function holdersOnAgent(
  state: State,
  agent: AgentId,
): readonly Pick<Task, 'frameworkId' | 'resources'>[] {
  const running = tasksOnAgent(state, agent).filter((task) => !isTerminal(task.state));
  return [...running, ...executorsOnAgent(state, agent)];
}

/** A framework's live task. */
export function liveTask(state: State, framework: FrameworkId, id: TaskId): Task | undefined {
  return state.frameworks.get(framework)?.tasks.get(id);
}

/** Whether a task has ended, and is out of the books but for the history. Another may live under its id. */
export function isCompleted(state: State, framework: FrameworkId, id: TaskId): boolean {
  const { tasks, unreachable, completed } = state.frameworks.get(framework) ?? {};
  if (tasks?.has(id) === true || unreachable?.has(id) === true) return false;
  return completed?.some((task) => task.id === id) === true;
}

/** A removed framework, while it is remembered. */
export function completedFramework(state: State, id: FrameworkId): CompletedFramework | undefined {
  return state.completedFrameworks.find((completed) => completed.framework.id === id);
}

/** The live tasks on an agent, in no order that means anything. */
export function tasksOnAgent(state: State, agent: AgentId): readonly Task[] {
  const found: Task[] = [];
  for (const [frameworkId, ids] of state.loads.get(agent)?.tasks ?? []) {
    for (const id of ids.keys()) {
      const task = liveTask(state, frameworkId, id);
      if (task !== undefined) found.push(task);
    }
  }
  return found;
}

/** The operations of an agent in the order in which they were decided. */
export function operationsOnAgent({ operations }: State, agent: AgentId): readonly Operation[] {
  const known = operations.get(agent);
  if (known === undefined) return [];
  return [...known.values()].toSorted((left, right) => left.ordinal - right.ordinal);
}
