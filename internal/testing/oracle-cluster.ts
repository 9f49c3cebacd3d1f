/**
 * The small cluster that the transcripts of `operator/master` and `legacy` show, rebuilt from its own
 * GET_STATE: one agent, one framework with a running and a finished task, one offer. The commands of
 * our log lead to it, so what is shown of it comes the way that everything comes.
 */
import { assert } from '#internal/base/assert.ts';
import type { Agent, MasterAddress, Task } from '#internal/model/cluster.ts';
import { agentId, frameworkId, masterId, offerId, role } from '#internal/model/ids.ts';
import { subtract, unallocated, allocatedTo } from '#internal/resources/resources.ts';
import { apply } from '#internal/state/apply.ts';
import type { Command } from '#internal/state/command.ts';
import { newState, type State } from '#internal/state/state.ts';
import { agentFromDescription } from '#internal/wire/agent.ts';
import { frameworkFromWire } from '#internal/wire/framework.ts';
import { fromJson } from '#internal/wire/json.ts';
import { agentUpdateFromWire } from '#internal/wire/status.ts';
import { taskFromWire } from '#internal/wire/task.ts';
import { taskStateFromWire } from '#internal/wire/task-state.ts';
import type { MasterView } from '#internal/master/door.ts';
import type { Result } from '#internal/base/result.ts';
import type { Task as WireTask, TimeInfo } from '#proto/gen/mesos/v1.ts';
import type { Response_GetState } from '#proto/gen/mesos/v1/master.ts';
import { exchange, replyText } from './oracle-http.ts';

const recorded = fromJson(
  'mesos.v1.master.Response',
  replyText(exchange('operator/master/GET_STATE')),
);
const legacyState: unknown = JSON.parse(replyText(exchange('legacy/master_state')));

export const oracleMaster: MasterAddress = {
  id: masterId(textAt(legacyState, 'id')),
  hostname: 'localhost',
  ip: '127.0.0.1',
  httpPort: 5050,
  grpcPort: 5060,
};

/** The flags that the recorded master ran with. */
export const oracleFlags: Readonly<Record<string, string>> = flagsOf(legacyState);

/** `offerName` is the only thing that differs between the recordings: `O1`, `O3`. */
export function oracleView(offerName: string): MasterView {
  const shown = recorded.get_state;
  assert(shown !== undefined, 'the transcript of GET_STATE shows a state');
  const { state, agent } = rebuild(shown);
  const [framework] = state.frameworks.values();
  assert(framework !== undefined, 'the rebuilt state has a framework');
  const [running] = framework.tasks.values();
  assert(running !== undefined, 'the rebuilt framework has a live task');
  const rest = subtract(agent.total, unallocated(running.resources));
  return {
    state,
    self: oracleMaster,
    startedMs: secondsToMs(legacyState, 'start_time'),
    electedMs: secondsToMs(legacyState, 'elected_time'),
    offers: [
      {
        id: offerId(`${oracleMaster.id}-${offerName}`),
        frameworkId: framework.framework.id,
        agent,
        role: role('ops'),
        resources: allocatedTo('ops', rest),
        executorIds: [],
      },
    ],
    inverseAnswers: [],
    connectedAgents: new Set([agent.id]),
    recoveredAgents: new Set(),
    connectedFrameworks: new Set([framework.framework.id]),
    recoveredFrameworks: new Set(),
  };
}

/** The same after the commands of one more moment. */
export function afterwards(view: MasterView, commands: readonly Command[]): MasterView {
  return { ...view, state: commands.reduce(next, view.state) };
}

function rebuild({ get_agents, get_frameworks, get_tasks }: Response_GetState): {
  readonly state: State;
  readonly agent: Agent;
} {
  const shownAgent = get_agents?.agents?.[0];
  const shownFramework = get_frameworks?.frameworks?.[0];
  assert(shownAgent !== undefined && shownFramework !== undefined, 'an agent and a framework');
  const { agent_info, version, capabilities = [], registered_time } = shownAgent;
  const agent = accepted(
    agentFromDescription(
      { agent_info, version, ip: '127.0.0.1', capabilities },
      {
        id: agentId(agent_info.id?.value ?? ''),
        registration: 'first',
        total: [],
        atMs: timeMs(registered_time),
      },
    ),
  );
  const { framework_info } = shownFramework;
  const framework = accepted(
    frameworkFromWire(framework_info, {
      id: frameworkId(framework_info.id?.value ?? ''),
      atMs: timeMs(shownFramework.registered_time),
    }),
  );
  const atMs = framework.registeredMs;
  const commands: Command[] = [
    { kind: 'admit-agent', atMs, agent },
    { kind: 'subscribe-framework', atMs, framework },
    ...[...(get_tasks?.tasks ?? []), ...(get_tasks?.completed_tasks ?? [])].flatMap(taskCommands),
  ];
  return { state: commands.reduce(next, newState()), agent };
}

/** Launched, reported state by state, acknowledged each time. */
function taskCommands(shown: WireTask): readonly Command[] {
  const task = launched(shown);
  const { id: taskId, frameworkId: framework, agentId: agent } = task;
  const atMs = task.launchedMs;
  const updates = (shown.statuses ?? []).map((status) => accepted(agentUpdateFromWire(status)));
  const reports = updates.flatMap((update): Command[] => {
    const ids = { frameworkId: framework, taskId, agentId: agent };
    return [
      { kind: 'update-tasks', atMs, updates: [{ ...ids, state: update.state, update }] },
      { kind: 'acknowledge-updates', atMs, acknowledgements: [{ ...ids, uuid: update.uuid }] },
    ];
  });
  assert(updates.at(-1)?.state === taskStateFromWire(shown.state), 'the last update is the state');
  return [{ kind: 'launch-tasks', atMs, tasks: [task] }, ...reports];
}

function launched({ name, task_id, agent_id, framework_id, resources, labels }: WireTask): Task {
  assert(resources !== undefined && labels !== undefined, 'the shown tasks have both');
  return accepted(
    taskFromWire(
      { name, task_id, agent_id, resources, labels },
      { frameworkId: frameworkId(framework_id.value), role: role('ops'), atMs: 1_795_394_192_600 },
    ),
  );
}

const next = (state: State, command: Command): State => apply(state, command).state;

function accepted<Value>(result: Result<Value, string>): Value {
  assert(result.ok, `refused: ${result.ok ? '' : result.refusal}`);
  return result.value;
}

const timeMs = (time: TimeInfo | undefined): number =>
  Number((time?.nanoseconds ?? 0n) / 1000n) / 1000;

function textAt(value: unknown, key: string): string {
  const found = memberOf(value, key);
  assert(typeof found === 'string', `${key} is text`);
  return found;
}

function secondsToMs(value: unknown, key: string): number {
  const found = memberOf(value, key);
  assert(typeof found === 'number', `${key} is a number`);
  return found * 1000;
}

function flagsOf(value: unknown): Readonly<Record<string, string>> {
  const flags = memberOf(value, 'flags');
  assert(typeof flags === 'object' && flags !== null, 'flags are an object');
  return Object.fromEntries(Object.entries(flags).map(([name, text]) => [name, String(text)]));
}

function memberOf(value: unknown, key: string): unknown {
  assert(typeof value === 'object' && value !== null, `an object has the key ${key}`);
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
