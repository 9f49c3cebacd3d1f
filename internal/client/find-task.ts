/**
 * Where a task of the cluster runs, or ran, by the word of the leading master: the agent that has it,
 * its container there, and its sandbox.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { ContainerID } from '#proto/gen/mesos/v1.ts';
import { askMasters } from './ask-masters.ts';
import { fieldOf, listOf, textOf } from './fields.ts';

export type TaskPlace = {
  readonly taskId: string;
  /** `TASK_RUNNING`. */
  readonly state: string;
  /** `host:port`. */
  readonly agent: string;
  /** Undefined until the agent has told it. */
  readonly container: ContainerID | undefined;
  /** Virtual path of its sandbox (contract 13.3). */
  readonly folder: string;
};

export type FindTaskOptions = {
  /** `host:port` each. */
  readonly masters: readonly string[];
  readonly authorization: string | undefined;
  readonly signal: AbortSignal;
};

export type WantedTask = {
  /** A task's id, or so much of its beginning that no other one's begins with it. */
  readonly task: string;
  /** Of the framework that has it, where several have such a task. */
  readonly frameworkId: string | undefined;
};

/** What a refusal names of them. */
const namedMax = 5;

/** The refusal is a line for people. */
export async function findTask(
  http: HttpClient,
  options: FindTaskOptions,
  { task, frameworkId }: WantedTask,
): Promise<Result<TaskPlace, string>> {
  const ofFramework = frameworkId === undefined ? '' : `&framework_id=${encode(frameworkId)}`;
  const exact = await askMasters(
    http,
    options,
    get(`/tasks?task_id=${encode(task)}${ofFramework}`),
  );
  if (!exact.ok) return exact;
  let found = tasksIn(exact.value);
  if (found.length === 0) {
    const all = await askMasters(http, options, get(`/tasks?limit=1000000${ofFramework}`));
    if (!all.ok) return all;
    found = tasksIn(all.value).filter(({ id }) => id.startsWith(task));
  }
  const [one, ...others] = found;
  if (one === undefined) return refuse(`there is no task '${task}'`);
  if (others.length > 0) return refuse(severalText(task, found));
  const agents = await askMasters(http, options, get(`/slaves?slave_id=${encode(one.agentId)}`));
  if (!agents.ok) return agents;
  const agent = addressIn(agents.value, one.agentId);
  if (agent === undefined) return refuse(`agent ${one.agentId}, which has it, is not registered`);
  const { id: taskId, state, container } = one;
  return accept({ taskId, state, agent, container, folder: folderOf(one) });
}

const encode = encodeURIComponent;

const get = (target: string): { readonly method: 'GET'; readonly target: string } => ({
  method: 'GET',
  target,
});

function severalText(task: string, found: readonly Task[]): string {
  const names = found.slice(0, namedMax).map(({ id, frameworkId }) => `${id} of ${frameworkId}`);
  const rest = found.length > namedMax ? `, and ${found.length - namedMax} more` : '';
  return `'${task}' may be any of ${found.length} tasks: ${names.join(', ')}${rest}`;
}

type Task = {
  readonly id: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly agentId: string;
  readonly state: string;
  readonly container: ContainerID | undefined;
};

function tasksIn(reply: unknown): readonly Task[] {
  return listOf(fieldOf(reply, 'tasks')).map((task) => {
    const id = textOf(fieldOf(task, 'id'));
    const executorId = textOf(fieldOf(task, 'executor_id'));
    const containers = listOf(fieldOf(task, 'statuses')).flatMap(
      (status) => containerOf(fieldOf(fieldOf(status, 'container_status'), 'container_id')) ?? [],
    );
    return {
      id,
      frameworkId: textOf(fieldOf(task, 'framework_id')),
      // A command's executor is named like its task.
      executorId: executorId === '' ? id : executorId,
      agentId: textOf(fieldOf(task, 'slave_id')),
      state: textOf(fieldOf(task, 'state')),
      container: containers.at(-1),
    };
  });
}

function folderOf({ frameworkId, executorId, container }: Task): string {
  const runs = `/frameworks/${frameworkId}/executors/${executorId}/runs`;
  if (container === undefined) return `${runs}/latest`;
  const inside = (id: ContainerID): string =>
    id.parent === undefined ? id.value : `${inside(id.parent)}/containers/${id.value}`;
  return `${runs}/${inside(container)}`;
}

/** Of `slave(1)@10.0.0.1:5051`. */
function addressIn(reply: unknown, agentId: string): string | undefined {
  const agents = listOf(fieldOf(reply, 'slaves'));
  const agent = agents.find((one) => textOf(fieldOf(one, 'id')) === agentId);
  return /@(\S+:\d+)$/u.exec(textOf(fieldOf(agent, 'pid')))?.[1];
}

function containerOf(value: unknown): ContainerID | undefined {
  const own = textOf(fieldOf(value, 'value'));
  if (own === '') return undefined;
  const parent = containerOf(fieldOf(value, 'parent'));
  return { value: own, ...(parent !== undefined && { parent }) };
}
