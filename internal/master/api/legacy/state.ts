/** `/state` and `/state-summary`: the whole cluster in one reply (contract 13.4). */
import type { Agent, Task, TaskState } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { taskStateToWire } from '#internal/wire/task-state.ts';
import type { MasterView } from '../../door.ts';
import { masterPid } from '../addresses.ts';
import { agentGroups } from '../agent-groups.ts';
import { completedFrameworks, type FrameworkEntry, liveFrameworks } from '../framework-record.ts';
import type { Build, MasterProfile } from '../master-profile.ts';
import type { Usage } from '../usage.ts';
import { agentJson, recoveredAgentJson } from './agents.ts';
import { frameworkJson, frameworkSummaryJson } from './frameworks.ts';
import { double, type Json } from './json-text.ts';

type Members = Readonly<Record<string, Json | undefined>>;

export function stateJson(view: MasterView, usage: Usage, profile: MasterProfile): Json {
  const { self, electedMs, connectedAgents } = view;
  const { registered, recovered, unreachable } = agentGroups(view);
  const active = registered.filter(({ id }) => connectedAgents.has(id)).length;
  const pid = masterPid(self);
  return {
    ...buildJson(profile.build),
    start_time: double(view.startedMs / 1000),
    elected_time: electedMs === undefined ? undefined : double(electedMs / 1000),
    id: self.id,
    pid,
    hostname: self.hostname,
    capabilities: [],
    activated_slaves: double(active),
    deactivated_slaves: double(registered.length - active),
    unreachable_slaves: double(unreachable.length),
    leader: pid,
    leader_info: { id: self.id, pid, port: self.httpPort, hostname: self.hostname },
    cluster: profile.cluster,
    flags: profile.flags,
    slaves: registered.map((agent) => agentJson(view, usage, agent)),
    recovered_slaves: recovered.map(recoveredAgentJson),
    frameworks: liveFrameworks(view, usage).map(frameworkJson),
    completed_frameworks: completedFrameworks(view).map(frameworkJson),
    orphan_tasks: [],
    unregistered_frameworks: [],
  };
}

function buildJson({ version, date, timeSeconds, user, gitSha }: Build): Members {
  return {
    version,
    git_sha: gitSha,
    build_date: date,
    build_time: double(timeSeconds),
    build_user: user,
  };
}

/** The states that are counted: the rest did not exist when the endpoint was made. */
const counted: readonly TaskState[] = [
  'staging',
  'starting',
  'running',
  'killing',
  'finished',
  'killed',
  'failed',
  'lost',
  'error',
  'unreachable',
];

export function stateSummaryJson(view: MasterView, usage: Usage, profile: MasterProfile): Json {
  const frameworks = liveFrameworks(view, usage);
  const tasks = frameworks.flatMap(allTasks);
  const byAgent = Map.groupBy(tasks, ({ agentId }) => agentId);
  return {
    hostname: view.self.hostname,
    cluster: profile.cluster,
    slaves: agentGroups(view).registered.map((agent: Agent) => {
      const own = byAgent.get(agent.id) ?? [];
      const frameworkIds: readonly FrameworkId[] = own.map(({ frameworkId }) => frameworkId);
      return {
        ...agentJson(view, usage, agent),
        ...stateCounts(own),
        framework_ids: [...new Set(frameworkIds)],
      };
    }),
    frameworks: frameworks.map((entry) => {
      const own = allTasks(entry);
      const agentIds: readonly AgentId[] = own.map(({ agentId }) => agentId);
      return {
        ...frameworkSummaryJson(entry),
        ...stateCounts(own),
        slave_ids: [...new Set(agentIds)],
      };
    }),
  };
}

const allTasks = ({ tasks, unreachable, completed }: FrameworkEntry): readonly Task[] => [
  ...tasks,
  ...unreachable,
  ...completed,
];

function stateCounts(tasks: readonly Task[]): Members {
  const counts = new Map<TaskState, number>(counted.map((state) => [state, 0]));
  for (const { state } of tasks) {
    const count = counts.get(state);
    if (count !== undefined) counts.set(state, count + 1);
  }
  return Object.fromEntries([...counts].map(([state, count]) => [taskStateToWire(state), count]));
}
