/**
 * A client that nobody here wrote: the npm package `mesos-framework`, unmodified, in a process of its
 * own, against a cluster of real processes whose leading master is killed under it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isAlive, killLeftovers, startCluster, temporaryFolder, until } from './cluster.ts';

test('an old client launches, acknowledges and outlives the leading master', async (t) => {
  const cluster = await startCluster(t, { firstPort: 7100 });
  const { address: leader } = await cluster.leader();
  const followers = cluster.masters.filter((address) => address !== leader);
  // It asks a follower first, so that it has to follow a redirect.
  const app = await startApp(t, [...followers, leader]);

  const first = await app.subscribed(0);
  t.is(first.master, leader, 'the redirect named the leader');

  app.order({ kind: 'launch', name: 'brief', command: 'true', instances: 3 });
  await app.until(() => app.idsIn('brief', 'TASK_FINISHED').length === 3, 'three have finished');
  for (const id of app.idsIn('brief', 'TASK_FINISHED')) {
    t.deepEqual(app.states(id), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  }

  const marks = join(await temporaryFolder(t), 'marks');
  t.teardown(async () => killLeftovers(await pidsIn(marks)));
  const command = `echo $$ >> ${marks}; exec sleep 600`;
  app.order({ kind: 'launch', name: 'lasting', command, instances: 2 });
  await app.until(() => app.idsIn('lasting', 'TASK_RUNNING').length === 2, 'two run');
  const lasting = app.idsIn('lasting', 'TASK_RUNNING');

  const acknowledged = (): boolean => app.sent('acknowledge') === app.updatesWithUuid();
  await app.until(acknowledged, 'every update has been acknowledged');
  await until(
    async () => {
      const { tasks, completed_tasks } = await frameworkOf(leader, first.frameworkId);
      return isIn(tasks, 2, 'TASK_RUNNING') && isIn(completed_tasks, 3, 'TASK_FINISHED');
    },
    limitMs,
    () => 'an acknowledged end is the end of a task, and what runs is known to run',
  );
  t.deepEqual(app.errors(), []);

  const seen = app.lines.length;
  await cluster.killLeader();
  const again = await app.subscribed(seen);
  t.is(again.frameworkId, first.frameworkId);
  t.not(again.master, leader);

  // The package asks for what it launched: the answers are of the new master, hence without uuid.
  for (const id of lasting) {
    const answer = await app.reconciled(seen, id);
    t.like(answer, { state: 'TASK_RUNNING', uuid: undefined });
    t.is(answer.agentId, app.firstUpdate(id).agentId);
  }

  app.order({ kind: 'launch', name: 'later', command: 'true', instances: 2 });
  await app.until(() => app.idsIn('later', 'TASK_FINISHED').length === 2, 'two later ones finish');

  for (const taskId of lasting) {
    const { agentId } = app.firstUpdate(taskId);
    app.order({ kind: 'kill', taskId, agentId });
  }
  await app.until(() => app.idsIn('lasting', 'TASK_KILLED').length === 2, 'both are killed');
  const pids = await pidsIn(marks);
  t.is(pids.length, 2, 'each was started once');
  for (const pid of pids)
    await until(
      () => !isAlive(pid),
      limitMs,
      () => `${pid} lives`,
    );

  app.order({ kind: 'teardown' });
  await until(
    async () => {
      const { completed_frameworks } = await stateOf(again.master);
      return completed_frameworks.some(({ id }) => id === first.frameworkId);
    },
    limitMs,
    () => 'the framework is of the past',
  );
});

/** Each step ends much earlier, the machine permitting. */
const limitMs = 60_000;

type Line =
  | Subscribed
  | { readonly kind: 'lost' }
  | { readonly kind: 'error'; readonly isOfCall: boolean; readonly message: string }
  | { readonly kind: 'sent'; readonly call: string }
  | Update;

type Subscribed = {
  readonly kind: 'subscribed';
  readonly frameworkId: string;
  readonly master: string;
};

type Update = {
  readonly kind: 'update';
  readonly taskId: string;
  readonly agentId?: string;
  readonly state: string;
  readonly reason?: string;
  readonly uuid?: string;
};

type Order =
  | {
      readonly kind: 'launch';
      readonly name: string;
      readonly command: string;
      readonly instances: number;
    }
  | { readonly kind: 'kill'; readonly taskId: string; readonly agentId: string | undefined }
  | { readonly kind: 'teardown' };

/** The process of the framework, and all it has told so far. */
class App {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (line: Line) => this.lines.push(line));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes) => (this.#output += String(bytes)));
    }
  }

  order(order: Order): void {
    this.#child.send(order);
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const seen = (): string => `${what}\n${JSON.stringify(this.lines, null, 1)}\n${this.#output}`;
    await until(condition, limitMs, seen);
  }

  /** The first subscription of those told of at or after line `from`, now or later. */
  async subscribed(from: number): Promise<Subscribed> {
    const find = (): Subscribed | undefined =>
      this.lines.slice(from).find((line) => line.kind === 'subscribed');
    await this.until(() => find() !== undefined, 'it is subscribed');
    return find()!;
  }

  /** The same of the answers to a question about a task. */
  async reconciled(from: number, taskId: string): Promise<Update> {
    const find = (): Update | undefined =>
      this.lines
        .slice(from)
        .filter((line) => line.kind === 'update')
        .find((update) => update.taskId === taskId && update.reason === 'REASON_RECONCILIATION');
    await this.until(() => find() !== undefined, `an answer about ${taskId}`);
    return find()!;
  }

  updates(): readonly Update[] {
    return this.lines.filter((line) => line.kind === 'update');
  }

  updatesWithUuid(): number {
    return this.updates().filter(({ uuid }) => uuid !== undefined).length;
  }

  firstUpdate(taskId: string): Update {
    return this.updates().find((update) => update.taskId === taskId)!;
  }

  /** The states of a task in the order in which they came; what was sent again counts once. */
  states(taskId: string): readonly string[] {
    const ofTask = this.updates().filter((update) => update.taskId === taskId);
    return [...new Map(ofTask.map(({ uuid, state }) => [uuid, state])).values()];
  }

  /** The tasks of this name that have been in the state. */
  idsIn(name: string, state: string): readonly string[] {
    const fitting = this.updates().filter(
      (update) => update.taskId.includes(`.${name}-`) && update.state === state,
    );
    return [...new Set(fitting.map(({ taskId }) => taskId))];
  }

  sent(call: string): number {
    return this.lines.filter((line) => line.kind === 'sent' && line.call === call).length;
  }

  errors(): readonly Line[] {
    return this.lines.filter(({ kind }) => kind === 'error');
  }
}

async function startApp(t: ExecutionContext, masters: readonly string[]): Promise<App> {
  const logs = await temporaryFolder(t);
  const options = JSON.stringify({ masters, logs, user: userInfo().username });
  const child = fork('test/mesos-framework-app.cjs', [options], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // The flags of the process that runs the tests are none of the client's.
    execArgv: [],
  });
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  return new App(child);
}

async function pidsIn(file: string): Promise<readonly number[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

type ListedTask = { readonly state: string };
type ListedFramework = {
  readonly id: string;
  readonly tasks: readonly ListedTask[];
  readonly completed_tasks: readonly ListedTask[];
};

type ListedFrameworks = {
  readonly frameworks: readonly ListedFramework[];
  readonly completed_frameworks: readonly ListedFramework[];
};

async function stateOf(address: string): Promise<ListedFrameworks> {
  const reply = await fetch(`http://${address}/state`);
  return JSON.parse(await reply.text());
}

async function frameworkOf(address: string, id: string): Promise<ListedFramework> {
  const { frameworks } = await stateOf(address);
  return frameworks.find((framework) => framework.id === id)!;
}

const isIn = (tasks: readonly ListedTask[], count: number, wanted: string): boolean =>
  tasks.length === count && tasks.every(({ state }) => state === wanted);
