/** Executors of chance: few ids on few agents, so that launches often find one that lives already. */
import type { Random } from '#internal/base/random.ts';
import type { Executor, Task } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { type AgentId, executorId } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo } from '#internal/resources/resources.ts';
import type { Command, LaunchWithExecutor } from '#internal/state/command.ts';
import { executorOf, executorsOnAgent, type State } from '#internal/state/state.ts';

type EndExecutors = Omit<Extract<Command, { kind: 'end-executors' }>, 'atMs'>;
type FindExecutors = Omit<Extract<Command, { kind: 'find-executors' }>, 'atMs'>;

export function randomExecutor(
  random: Random,
  ids: Pick<Executor, 'frameworkId' | 'agentId'>,
  atMs: number,
): Executor {
  return {
    ...ids,
    id: executorId(`e${random.below(3)}`),
    info: encoded<'mesos.v1.ExecutorInfo'>(random.bytes(4)),
    resources: held,
    launchedMs: atMs,
    endsWith: random.oneIn(3) ? 'agent' : 'tasks',
  };
}

/** The tasks as a group of the executor. The leader that proposed it was mostly right about it. */
export function randomGroup(
  random: Random,
  state: State,
  executor: Executor,
  tasks: readonly Task[],
): LaunchWithExecutor {
  const isWrong = random.oneIn(8);
  const groupId = random.oneIn(4) ? undefined : `g${random.below(1e9)}`;
  return {
    kind: 'launch-with-executor',
    executor: tasks.length === 0 ? { ...executor, endsWith: 'agent' } : executor,
    tasks: tasks.map((task) => ({ ...task, executorId: executor.id, groupId })),
    isExecutorHeld: (executorOf(state, executor) === undefined) !== isWrong,
  };
}

/** Of those that live, some; and now and then one that nobody knows. */
export function randomEnds(random: Random, state: State, agentId: AgentId): EndExecutors {
  const known = executorsOnAgent(state, agentId).filter(() => random.oneIn(3));
  const names = known.map(({ frameworkId, id }) => ({ frameworkId, executorId: id }));
  return { kind: 'end-executors', agentId, executors: names };
}

/** What an agent says that it started: some that live already, and perhaps one more. */
export function randomFinds(
  random: Random,
  state: State,
  agentId: AgentId,
  atMs: number,
): FindExecutors {
  const executors = randomRunning(random, state, agentId, atMs).filter(() => random.oneIn(3));
  return { kind: 'find-executors', agentId, executors };
}

/** What a returning agent says that it runs: most of what it should, and perhaps one more. */
export function randomRunning(
  random: Random,
  state: State,
  agentId: AgentId,
  atMs: number,
): readonly Executor[] {
  const known = executorsOnAgent(state, agentId).filter(() => !random.oneIn(4));
  const [frameworkId] = [...state.frameworks.keys()];
  if (frameworkId === undefined || !random.oneIn(3)) return known;
  const other = randomExecutor(random, { frameworkId, agentId }, atMs);
  return [...known, other];
}

const held = allocatedTo('a', amount('cpus:0.1;mem:32'));

function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}
