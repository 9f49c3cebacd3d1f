/**
 * Commands of chance, drawn from few ids, so that most of them meet something in the state and many
 * come too late.
 */
import type { Random } from '#internal/base/random.ts';
import type {
  Agent,
  Framework,
  FrameworkCapability,
  Task,
  TaskState,
  TaskUpdate,
} from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, frameworkId, masterId, role, taskId } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo } from '#internal/resources/resources.ts';
import type {
  Acknowledgement,
  AgentReturn,
  Command,
  ReportedTask,
} from '#internal/state/command.ts';
import { executorOf, type State, tasksOnAgent } from '#internal/state/state.ts';
import {
  randomEnds,
  randomFinds,
  randomExecutor,
  randomGroup,
  randomRunning,
} from './random-executors.ts';
import { randomLog } from './random-log.ts';
import { randomKnown, randomOperation } from './random-operations.ts';
import { randomPolicy } from './random-policy.ts';
import { randomStore } from './random-store.ts';
import { randomManifests, randomOrphans, randomVolumeCommand } from './random-volumes.ts';

/** The next command of a history that has led to `state`. */
export function randomCommand(random: Random, state: State, atMs: number): Command {
  const kinds = Object.keys(makers);
  const maker = makers[pick(random, kinds)];
  if (maker === undefined) throw new Error('no such kind');
  return { atMs, ...maker(random, state, atMs) };
}

type Body<C> = C extends Command ? Omit<C, 'atMs'> : never;
type Maker = (random: Random, state: State, atMs: number) => Body<Command>;

const updateTasks: Maker = (random, state) => {
  const tasks = live(state);
  const updates = tasks.slice(random.below(tasks.length + 1)).map((task) => {
    const update = anyUpdate(random);
    const { frameworkId: framework, agentId: agent, id } = task;
    const ahead = random.chance(0.2) ? pick(random, agentStates) : update.state;
    return { frameworkId: framework, agentId: agent, taskId: id, state: ahead, update };
  });
  return { kind: 'update-tasks', updates };
};

const launchTasks: Maker = (random, state, atMs) => {
  const framework = anyFrameworkId(random, state);
  const agent = anyAgentId(random);
  const count = random.below(4);
  const ids = Array.from({ length: count }, () => taskId(`t${random.below(12)}`));
  const tasks = ids.map((id) =>
    anyTask(random, atMs, { id, frameworkId: framework, agentId: agent }),
  );
  return { kind: 'launch-tasks', tasks };
};

const operation: Maker = (random, state) => {
  const ids = { agentId: anyAgentId(random), frameworkId: anyFrameworkId(random, state) };
  return randomOperation(random, state, ids);
};

const store: Maker = (random, state) => randomStore(random, state, anyFrameworkId(random, state));

const policy: Maker = (random, state) => randomPolicy(random, state, anyAgentId(random));

const launchWithExecutor: Maker = (random, state, atMs) => {
  const ids = { frameworkId: anyFrameworkId(random, state), agentId: anyAgentId(random) };
  const names = Array.from({ length: random.below(4) }, () => taskId(`t${random.below(12)}`));
  const tasks = names.map((id) => anyTask(random, atMs, { id, ...ids }));
  return randomGroup(random, state, randomExecutor(random, ids, atMs), tasks);
};

/** A kind stands here twice when it should come twice as often. */
const makers: Readonly<Record<string, Maker>> = {
  'announce-leader': (random) => {
    const addresses = { hostname: 'm', ip: '10.0.0.1', httpPort: 5050, grpcPort: 5060 };
    const nodeId = 1 + random.below(3);
    return {
      kind: 'announce-leader',
      nodeId,
      master: { id: masterId(`m${nodeId}`), ...addresses },
    };
  },
  'admit-agent': (random, _state, atMs) => ({ kind: 'admit-agent', agent: anyAgent(random, atMs) }),
  'reregister-agent': (random, state, atMs) => ({
    kind: 'reregister-agent',
    ...anyReturn(random, state, atMs),
  }),
  'reregister-agents': (random, state, atMs) => ({
    kind: 'reregister-agents',
    returns: Array.from({ length: random.below(4) }, () => anyReturn(random, state, atMs)),
  }),
  'forget-agents': (random) => {
    const count = random.oneIn(3) ? 1 + random.below(2) : 0;
    const agentIds = Array.from({ length: count }, () => anyAgentId(random));
    return { kind: 'forget-agents', agentIds };
  },
  'mark-agent-unreachable': (random) => {
    const cause = 'health check timed out';
    return { kind: 'mark-agent-unreachable', agentId: anyAgentId(random), cause };
  },
  'remove-agent': (random) => {
    if (!random.oneIn(3)) return { kind: 'update-tasks', updates: [] };
    return { kind: 'remove-agent', agentId: anyAgentId(random), cause: 'the agent unregistered' };
  },
  'subscribe-framework': (random, state, atMs) => ({
    kind: 'subscribe-framework',
    framework: anyFramework(random, state, atMs),
  }),
  'disconnect-framework': (random, state, atMs) => ({
    kind: 'disconnect-framework',
    frameworkId: anyFrameworkId(random, state),
    deadlineMs: atMs + random.below(10_000),
  }),
  'remove-framework': (random, state) => {
    if (!random.oneIn(6)) return { kind: 'update-tasks', updates: [] };
    return { kind: 'remove-framework', frameworkId: anyFrameworkId(random, state) };
  },
  'launch-tasks': launchTasks,
  'launch-more-tasks': launchTasks,
  'update-tasks': updateTasks,
  'update-more-tasks': updateTasks,
  'acknowledge-updates': (random, state) => {
    const acknowledgements = live(state)
      .filter(() => random.chance(0.5))
      .map((task) => acknowledgementOf(random, task));
    return { kind: 'acknowledge-updates', acknowledgements };
  },
  'kill-task': (random, state) => ({
    kind: 'kill-task',
    frameworkId: anyFrameworkId(random, state),
    taskId: taskId(`t${random.below(12)}`),
    policy: random.oneIn(2) ? undefined : encoded<'mesos.v1.KillPolicy'>(random.bytes(3)),
  }),
  operation,
  'more-operations': operation,
  'launch-with-executor': launchWithExecutor,
  'launch-more-with-executor': launchWithExecutor,
  'end-executors': (random, state) => randomEnds(random, state, anyAgentId(random)),
  'find-executors': (random, state, atMs) => randomFinds(random, state, anyAgentId(random), atMs),
  policy,
  volume: (random, state) =>
    randomVolumeCommand(random, state, anyAgentId(random)) ?? { kind: 'update-tasks', updates: [] },
  store,
  log: randomLog,
};

function anyAgent(random: Random, atMs: number): Agent {
  const id = anyAgentId(random);
  const cpus = random.oneIn(8) ? 2 : 4;
  return {
    id,
    registration: `registration-${random.oneIn(10) ? 'other' : id}`,
    info: encoded<'mesos.v1.AgentInfo'>(random.bytes(4)),
    hostname: `host-${id}`,
    ip: '10.0.0.2',
    port: 5051,
    version: '1.12.0',
    capabilities: ['MULTI_ROLE'],
    total: amount(`cpus:${cpus};cpus(a):1;mem:4096;disk:1000;ports:[1-100]`),
    registeredMs: atMs,
    reregisteredMs: undefined,
    reach: { kind: 'admitted' },
    deactivation: undefined,
    orphans: [],
  };
}

function anyFramework(random: Random, state: State, atMs: number): Framework {
  const removed = state.completedFrameworks.map(({ framework }) => framework.id).toArray();
  const isLate = removed.length > 0 && random.oneIn(4);
  const id = isLate ? pick(random, removed) : anyFrameworkId(random, state);
  const capabilities = (['PARTITION_AWARE', 'MULTI_ROLE'] as const).filter(() => random.oneIn(2));
  return {
    id,
    info: encoded<'mesos.v1.FrameworkInfo'>(random.bytes(4)),
    name: `name of ${id}`,
    user: random.oneIn(2) ? 'root' : 'nobody',
    principal: random.oneIn(2) ? 'p' : undefined,
    roles: [role('a')],
    capabilities: new Set<FrameworkCapability>(capabilities),
    checkpoint: random.oneIn(2),
    failoverTimeoutMs: random.below(10_000),
    registeredMs: atMs,
    reregisteredMs: atMs,
    connection: { kind: 'connected' },
  };
}

function anyTask(
  random: Random,
  atMs: number,
  ids: Pick<Task, 'id' | 'frameworkId' | 'agentId'>,
): Task {
  const port = 1 + random.below(100);
  const wanted = `cpus:0.${1 + random.below(9)};mem:64;ports:[${port}-${port}]`;
  return {
    ...ids,
    executorId: undefined,
    name: `task ${ids.id}`,
    info: encoded<'mesos.v1.TaskInfo'>(random.bytes(6)),
    resources: allocatedTo('a', amount(wanted)),
    launchedMs: atMs,
    state: 'staging',
    update: undefined,
    acknowledgedUuid: undefined,
    statuses: [],
    kill: undefined,
    groupId: undefined,
  };
}

const agentStates = ['starting', 'running', 'running', 'killing', 'finished', 'failed'] as const;

function anyUpdate(random: Random): TaskUpdate {
  if (random.oneIn(8)) {
    const said = { reason: 'agent-disconnected', message: 'Agent h disconnected' } as const;
    return { kind: 'master', state: 'lost', ...said, atMs: 1, unreachableMs: undefined };
  }
  return {
    kind: 'agent',
    state: pick(random, agentStates),
    uuid: `00000000-0000-4000-8000-${String(random.below(1e9)).padStart(12, '0')}`,
    status: encoded<'mesos.v1.TaskStatus'>(random.bytes(5)),
  };
}

function anyReturn(random: Random, state: State, atMs: number): AgentReturn {
  const fresh = { ...anyAgent(random, atMs), orphans: randomOrphans(random, state) };
  const total = random.oneIn(2) ? state.agents.get(fresh.id)?.total : undefined;
  const agent = { ...fresh, total: total ?? fresh.total };
  const volumes = randomManifests(random, state, agent.id);
  const operations = randomKnown(random, state, agent.id);
  const executors = randomRunning(random, state, agent.id, atMs);
  const tasks = anyReport(random, state, agent);
  return { agent, tasks, operations, executors, ...(volumes.length > 0 && { volumes }) };
}

/** What a returning agent knows: most of its tasks, some further on than the master thinks. */
function anyReport(random: Random, state: State, { id }: Agent): readonly ReportedTask[] {
  const lost = [...state.frameworks.values()].flatMap(({ unreachable }) =>
    [...unreachable.values()].filter((task) => task.agentId === id),
  );
  // Of a task whose executor was found to be gone no agent speaks any more.
  const isPossible = ({ executorId, ...task }: Task): boolean =>
    executorId === undefined || executorOf(state, { ...task, id: executorId }) !== undefined;
  return [...tasksOnAgent(state, id), ...lost.filter(isPossible)]
    .filter(() => !random.oneIn(4))
    .map((task) => ({
      frameworkId: task.frameworkId,
      taskId: task.id,
      state: random.oneIn(2) ? 'running' : pick<TaskState>(random, agentStates),
    }));
}

function acknowledgementOf(random: Random, task: Task): Acknowledgement {
  const known = task.update?.kind === 'agent' ? task.update.uuid : 'none';
  const uuid = random.oneIn(8) ? 'of an older update' : known;
  return { frameworkId: task.frameworkId, taskId: task.id, agentId: task.agentId, uuid };
}

const live = (state: State): readonly Task[] =>
  [...state.frameworks.values()].flatMap(({ tasks }) => [...tasks.values()]);

const anyAgentId = (random: Random): Agent['id'] => agentId(`S${random.below(3)}`);

/** Mostly one that is there: ids of removed frameworks are of no use any more. */
function anyFrameworkId(random: Random, { frameworks }: State): Framework['id'] {
  return frameworks.size > 2 && random.chance(0.9)
    ? pick(random, [...frameworks.keys()])
    : frameworkId(`F${random.below(80)}`);
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}
