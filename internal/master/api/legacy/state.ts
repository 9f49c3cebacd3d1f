/** `/state` and `/state-summary`: the whole cluster in one reply (contract 13.4). */
import type { Steps } from '#internal/base/steps.ts';
import type { Task, TaskState } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { domainToWire } from '#internal/wire/agent-traits.ts';
import { chained, each } from '#internal/wire/streamed.ts';
import { taskStateToWire } from '#internal/wire/task-state.ts';
import type { MasterView } from '../../door.ts';
import { masterPid } from '../addresses.ts';
import { agentGroups } from '../agent-groups.ts';
import { completedFrameworks, type FrameworkEntry, liveFrameworks } from '../framework-record.ts';
import type { Build, MasterProfile } from '../master-profile.ts';
import type { Usage } from '../usage.ts';
import { agentJson, legacyDomain, recoveredAgentJson } from './agents.ts';
import { frameworkJson, frameworkSummaryJson } from './frameworks.ts';
import { double, type Json } from './json-text.ts';

type Members = Readonly<Record<string, Json | undefined>>;

export function stateJson(view: MasterView, usage: Usage, profile: MasterProfile): Json {
  const { self, electedMs, connectedAgents } = view;
  const { registered, recovered, unreachable } = agentGroups(view);
  const active = registered.filter(({ id }) => connectedAgents.has(id)).length;
  const pid = masterPid(self);
  const domain = profile.domain && legacyDomain(domainToWire(profile.domain));
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
    domain,
    leader_info: { id: self.id, pid, port: self.httpPort, hostname: self.hostname, domain },
    cluster: profile.cluster,
    flags: profile.flags,
    slaves: each(registered, (agent) => agentJson(view, usage, agent)),
    recovered_slaves: each(recovered, recoveredAgentJson),
    frameworks: each(liveFrameworks(view, usage), frameworkJson),
    completed_frameworks: each(completedFrameworks(view), frameworkJson),
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

export function* stateSummaryJson(
  view: MasterView,
  usage: Usage,
  profile: MasterProfile,
): Steps<Json> {
  const frameworks = liveFrameworks(view, usage);
  const byAgent = new Map<AgentId, Summary<FrameworkId>>();
  const byFramework = new Map<FrameworkId, Summary<AgentId>>();
  for (const entry of frameworks) {
    for (const { agentId, frameworkId, state } of allTasks(entry)) {
      note(byAgent, agentId, state, frameworkId);
      note(byFramework, frameworkId, state, agentId);
      yield;
    }
  }
  return {
    hostname: view.self.hostname,
    cluster: profile.cluster,
    slaves: each(agentGroups(view).registered, (agent) => {
      const own = byAgent.get(agent.id) ?? newSummary();
      return {
        ...agentJson(view, usage, agent),
        ...stateCounts(own.states),
        framework_ids: [...own.others],
      };
    }),
    frameworks: each(frameworks, (entry) => {
      const own = byFramework.get(entry.framework.id) ?? newSummary();
      return {
        ...frameworkSummaryJson(entry),
        ...stateCounts(own.states),
        slave_ids: [...own.others],
      };
    }),
  };
}

/** Of the tasks of one agent or framework: their states, and on the other side of what they are. */
type Summary<Other> = { readonly states: Map<TaskState, number>; readonly others: Set<Other> };

const newSummary = <Other>(): Summary<Other> => ({
  states: new Map(counted.map((state) => [state, 0])),
  others: new Set(),
});

function note<Id, Other>(
  summaries: Map<Id, Summary<Other>>,
  id: Id,
  state: TaskState,
  other: Other,
): void {
  const summary = summaries.get(id) ?? newSummary<Other>();
  summaries.set(id, summary);
  const count = summary.states.get(state);
  if (count !== undefined) summary.states.set(state, count + 1);
  summary.others.add(other);
}

const allTasks = ({ tasks, unreachable, completed }: FrameworkEntry): Iterable<Task> =>
  chained(tasks, unreachable, completed);

const stateCounts = (states: ReadonlyMap<TaskState, number>): Members =>
  Object.fromEntries([...states].map(([state, count]) => [taskStateToWire(state), count]));
