/**
 * What operators read of an agent, next to what a real Mesos agent let them read. The agent's state is
 * made of the recording itself, so names and their order have to be the same; what is not the same on
 * purpose stands here, and in `docs/mesos-differences.md`.
 */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { differences } from '#internal/testing/json-differences.ts';
import { agentExchanges, type Exchange, replyText } from '#internal/testing/oracle-http.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { Response, Response_GetContainers_Container } from '#proto/gen/mesos/v1/agent.ts';
import type { ExecutorInfo, ResourceStatistics, Task } from '#proto/gen/mesos/v1.ts';
import {
  type CheckpointWrite,
  nothingRecovered,
  type Recovered,
} from '#storage/checkpoint/records.ts';
import { type AgentSettings, type AgentState, recoveredState, usualTimes } from '../core/state.ts';
import { History, usualHistory } from '../history.ts';
import { look } from './operator-looks.ts';
import { shownContainers } from './shown-containers.ts';
import { stateJson } from './state-json.ts';

const recorded = (name: string): Exchange => {
  const found = agentExchanges().find((one) => one.name === name);
  assert(found !== undefined, `no recording is called ${name}`);
  return found;
};

const responseOf = (name: string): Response =>
  fromJson('mesos.v1.agent.Response', replyText(recorded(name)));

const settings: AgentSettings = {
  ...usualTimes,
  masters: ['m:5060'],
  description: {
    agent_info: responseOf('extra/operator/agent_GET_STATE_draining').get_agent?.agent_info ?? {
      hostname: 'h',
    },
    version: '0.1.0',
    ip: '10.0.0.1',
    capabilities: [{ type: 'MULTI_ROLE' }],
  },
  endpoint: '10.0.0.1:5051',
  path: '/bin',
};

/** What an agent with that checkpoint knows. */
function stateOf(more: Partial<Recovered>): AgentState {
  const identity = { registration_uuid: 'r', agent_id: 'a-1' };
  return recoveredState({ ...nothingRecovered, identity, ...more }, settings, 0);
}

const executorRecord = (
  info: ExecutorInfo,
  containerId: string,
): Recovered['executors'][number] => ({
  framework_id: info.framework_id?.value ?? '',
  info,
  container_id: containerId,
  has_tasks: true,
  ...(info.type === 'CUSTOM' && { phase: 'RUNNING' as const }),
  process: { pid: 9n, start_ticks: 1n, boot_id: 'b' },
});

const isOfCommand = ({ type }: ExecutorInfo): boolean => type === undefined;

/** A task as it was described, which the agent's own words of it leave out in part. */
const taskRecord = (
  task: Pick<Task, 'name' | 'task_id' | 'framework_id' | 'state'> & Partial<Task>,
): Recovered['tasks'][number] => {
  const status = task.statuses?.at(-1);
  const container = status?.container_status?.container_id;
  const executorId = task.executor_id?.value;
  return {
    task: {
      framework_id: task.framework_id.value,
      info: {
        name: task.name,
        task_id: task.task_id,
        agent_id: { value: 'a-1' },
        ...(task.resources !== undefined && { resources: task.resources }),
      },
      container_id: container?.value ?? 'c',
      ...(executorId !== undefined && {
        pod: {
          executor_id: executorId,
          container_id: container?.parent?.value ?? 'c',
          group_id: 'g',
        },
      }),
    },
    progress: {
      state: task.state,
      next_update: 3n,
      process: { pid: 7n, start_ticks: 1n, boot_id: 'b' },
      ...(status !== undefined && { status }),
    },
    updates: [],
  };
};

const seenOf = (state: AgentState, history = new History(usualHistory)) => ({
  state,
  settings,
  history,
  version: '0.1.0',
  flags: {},
  loggingLevel: 0,
});

function compared(theirs: Response, ours: Response | undefined): readonly string[] {
  assert(ours !== undefined, 'it is not answered');
  const [one, other] = [theirs, ours].map((said) => toJson('mesos.v1.agent.Response', said));
  return differences(JSON.parse(one ?? ''), JSON.parse(other ?? ''), '');
}

test('executors are told as Mesos tells them, living and completed', (t) => {
  for (const name of [
    'extra/executor/agent_GET_EXECUTORS',
    'extra/group/agent_GET_EXECUTORS_after_second_group',
    'extra/partition/returned_agent_GET_EXECUTORS',
  ]) {
    const { executors = [], completed_executors: completed = [] } =
      responseOf(name).get_executors ?? {};
    const all = [...executors, ...completed].map(({ executor_info }) => executor_info);
    const known = all.filter((info) => !isOfCommand(info));
    const state = stateOf({
      frameworks: all.map(({ framework_id: id }) => ({
        info: { user: 'root', name: 'f', ...(id !== undefined && { id }) },
      })),
      executors: known.map((info) => executorRecord(info, info.executor_id.value)),
      tasks: all.filter(isOfCommand).map((info) =>
        taskRecord({
          name: 't',
          task_id: { value: info.executor_id.value },
          framework_id: info.framework_id ?? { value: '' },
          state: 'TASK_RUNNING',
          ...(info.resources !== undefined && { resources: info.resources }),
        }),
      ),
    });
    const history = new History(usualHistory);
    const gone = completed.map(({ executor_info: info }): CheckpointWrite => {
      const frameworkId = info.framework_id?.value ?? '';
      const id = info.executor_id.value;
      return isOfCommand(info)
        ? { kind: 'remove-task', name: { frameworkId, taskId: id } }
        : { kind: 'remove-executor', name: { frameworkId, executorId: id } };
    });
    history.follow(state, gone);
    t.is(history.executors.length, completed.length, name);
    const odd = compared(responseOf(name), look(seenOf(state, history), 'GET_EXECUTORS'));
    // No program of ours stands between the agent and a command.
    t.deepEqual(
      odd.filter((line) => !line.endsWith('.executor_info.command: missing')),
      [],
      name,
    );
  }
});

test('tasks of a group are told as Mesos tells them, but for the statuses before the last', (t) => {
  const { launched_tasks: running = [] } =
    responseOf('extra/group/agent_GET_TASKS').get_tasks ?? {};
  const state = stateOf({ tasks: running.map(taskRecord) });
  const told = look(seenOf(state), 'GET_TASKS')?.get_tasks?.launched_tasks ?? [];
  t.is(told.length, running.length);
  for (const [at, task] of running.entries()) {
    const theirs = { ...task, statuses: task.statuses?.slice(-1) ?? [] };
    const ours = told[at];
    assert(ours !== undefined, 'one is missing');
    t.deepEqual(differences(jsonOf(theirs), jsonOf(ours), task.name), []);
  }
});

const jsonOf = (task: Task): unknown => JSON.parse(toJson('mesos.v1.Task', task));

test('containers are told as Mesos tells them, nested ones when they are asked for', async (t) => {
  const tasks = responseOf('extra/group/agent_GET_TASKS').get_tasks?.launched_tasks ?? [];
  for (const [name, nested] of [
    ['extra/group/agent_GET_CONTAINERS', false],
    ['extra/group/agent_GET_CONTAINERS_nested', true],
  ] as const) {
    const { containers = [] } = responseOf(name).get_containers ?? {};
    const { executor_id, framework_id, container_id } = containers[0] ?? {};
    assert(executor_id !== undefined && framework_id !== undefined, 'no executor was recorded');
    const info = { type: 'DEFAULT', executor_id, framework_id } as const;
    const state = stateOf({
      executors: [executorRecord(info, container_id?.value ?? '')],
      tasks: tasks.map(taskRecord),
    });
    const usage = async (id: string): Promise<ResourceStatistics | undefined> =>
      containers.find((one) => id.endsWith(one.container_id.value))?.resource_statistics;
    const sources = { containers: { list: () => [] }, usage };
    const shown = await shownContainers(sources, state, { nested, standalone: false });
    t.is(shown.length, containers.length);
    const odd = containers.flatMap((one, at) =>
      compared(containersOf([one]), containersOf(shown.slice(at, at + 1))),
    );
    // The agent is the executor of groups itself.
    t.deepEqual(odd, ['.get_containers.containers[].container_status.executor_pid: missing'], name);
  }
});

type Container = Response_GetContainers_Container;

const containersOf = (containers: readonly Container[]): Response => ({
  type: 'GET_CONTAINERS',
  get_containers: { containers },
});

test('an agent tells what it is, and in the older way that it is being drained', (t) => {
  const plain = stateOf({});
  const asked = responseOf('extra/operator/agent_GET_STATE_draining');
  t.deepEqual(compared(asked, look(seenOf(plain), 'GET_AGENT')), []);
  const name = 'extra/operator2/agent_legacy_state_draining';
  const drain = { maxGraceMs: 3000, isGoneThen: false, sinceMs: 1_795_396_800_900 };
  const drained: AgentState = { ...plain, drain };
  const sources = { state: drained, settings, history: new History(usualHistory) };
  const more = { workFolder: '/w', flags: {}, startedMs: 5, version: '1.12.0' };
  const text = stateJson({ ...sources, ...more });
  const theirs: unknown = JSON.parse(replyText(recorded(name)));
  t.deepEqual(
    differences(theirs, JSON.parse(text), '').filter((line) => !line.startsWith('.flags.')),
    [
      // Which commit it is of only a build could tell; it has no master.
      '.git_sha: missing',
      '.master_hostname: missing',
    ],
  );
});
