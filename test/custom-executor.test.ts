/**
 * An executor in another language, written against the wire and not with anything of ours, through a
 * cluster of real processes: its life from the first task to the last word, with the agent killed in the
 * middle. Needs python3, and says so where there is none.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import type { ExecutorInfo, FrameworkInfo, Offer, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { isAlive, TestCluster, until } from './cluster.ts';
import { subscribe, type SubscribedScheduler } from './subscribed-scheduler.ts';

const limitMs = 60_000;
const python = spawnSync('python3', ['--version']).status === 0;

let folder: string;
let cluster: TestCluster;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'altiplano-test-'));
  cluster = new TestCluster(join(folder, 'work'), 7140);
  if (python) await cluster.start();
});

test.after.always(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const framework: FrameworkInfo = {
  user: userInfo().username,
  name: 'brings executors',
  checkpoint: true,
  failover_timeout: 600,
  capabilities: [{ type: 'PARTITION_AWARE' }],
};

const scalar = (name: string, value: number): NonNullable<TaskInfo['resources']>[number] => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

const executor: ExecutorInfo = {
  executor_id: { value: 'stranger' },
  command: { value: `exec python3 ${resolve('test/wire-executor.py')}` },
  resources: [scalar('cpus', 0.1), scalar('mem', 32)],
};

const taskOn = ({ agent_id }: Offer, name: string): TaskInfo => ({
  name,
  task_id: { value: name },
  agent_id,
  executor,
  resources: [scalar('cpus', 0.1), scalar('mem', 32)],
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function isNow(
  scheduler: SubscribedScheduler,
  id: string,
): Promise<{ readonly state: string; readonly source: string; readonly data: string }> {
  const status = await scheduler.update({ task_id: { value: id } });
  await scheduler.acknowledge(status);
  const data = Buffer.from(status.data ?? []).toString();
  return { state: status.state, source: status.source ?? '', data };
}

test.serial('a stranger’s executor lives its life, also over the death of the agent', async (t) => {
  if (!python) {
    t.log('skipped: there is no python3 on this machine');
    t.not(spawnSync('python3', ['--version']).error, undefined);
    return;
  }
  const { address } = await cluster.leader();
  const formats = { calls: jsonFormat, events: protobufFormat };
  const scheduler = await subscribe(t, address, formats, framework);
  const offer = await scheduler.offer();
  const { agent_id } = offer;
  const to = { agent_id, executor_id: executor.executor_id };
  const says = (text: string): Promise<void> =>
    scheduler.tell({ type: 'MESSAGE', message: { ...to, data: bytes(text) } });

  await scheduler.launch(offer, taskOn(offer, 't1'), taskOn(offer, 't2'));
  for (const id of ['t1', 't2']) {
    const expected = { state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR', data: `of ${id}` };
    t.deepEqual(await isNow(scheduler, id), expected);
  }
  await says('hello');
  const heard = await scheduler.message();
  t.is(Buffer.from(heard.data).toString(), 'echo hello');
  t.deepEqual([heard.agent_id, heard.executor_id], [agent_id, executor.executor_id]);

  const next = await scheduler.offer(agent_id.value);
  await scheduler.launch(next, taskOn(next, 't3'));
  t.is((await isNow(scheduler, 't3')).state, 'TASK_RUNNING', 'in the executor that lives');
  await scheduler.tell({ type: 'KILL', kill: { task_id: { value: 't3' } } });
  t.is((await isNow(scheduler, 't3')).state, 'TASK_KILLED');

  await says('finish t1');
  await says('heard?');
  t.is(Buffer.from((await scheduler.message()).data).toString(), 'echo heard?');
  const agents = ['agent-1', 'agent-2'].map((name) => cluster.pid(name));
  for (const pid of agents) process.kill(pid, 'SIGKILL');
  t.deepEqual(await isNow(scheduler, 't1'), {
    state: 'TASK_FINISHED',
    source: 'SOURCE_EXECUTOR',
    data: 'of t1',
  });
  await scheduler.untilState({ task_id: { value: 't2' }, agent_id }, 'TASK_RUNNING');

  await scheduler.tell({ type: 'SHUTDOWN', shutdown: to });
  t.is((await isNow(scheduler, 't2')).state, 'TASK_KILLED');
  const failure = await scheduler.failure();
  t.deepEqual(
    [failure.agent_id, failure.executor_id, failure.status],
    [agent_id, executor.executor_id, 0],
  );
  const launched = await readFile(await sandboxFile(scheduler, agent_id.value), 'utf8');
  t.is(launched, 't1\nt2\nt3\n', 'each task was launched once');
});

/** What the executor wrote down of its launches, on whichever agent it ran. */
async function sandboxFile(scheduler: SubscribedScheduler, agent: string): Promise<string> {
  const path = `slaves/${agent}/frameworks/${scheduler.id.value}/executors/stranger/runs/latest`;
  const candidates = ['agent-1', 'agent-2'].map((name) =>
    join(folder, 'work', name, path, 'launched'),
  );
  let found = '';
  await until(
    async () => {
      for (const candidate of candidates) {
        if (await readFile(candidate).catch(() => undefined)) found = candidate;
      }
      return found !== '';
    },
    limitMs,
    () => `one of ${candidates.join(', ')}`,
  );
  return found;
}

test.serial(
  'an executor that dies takes its tasks with it, and its scheduler hears how',
  async (t) => {
    if (!python) {
      t.log('skipped: there is no python3 on this machine');
      t.not(spawnSync('python3', ['--version']).error, undefined);
      return;
    }
    const { address } = await cluster.leader();
    const formats = { calls: protobufFormat, events: jsonFormat };
    const scheduler = await subscribe(t, address, formats, { ...framework, name: 'unlucky' });
    const offer = await scheduler.offer();
    await scheduler.launch(offer, taskOn(offer, 't'));
    const running = await scheduler.update({ task_id: { value: 't' } });
    await scheduler.acknowledge(running);
    const pid = running.container_status?.executor_pid ?? 0;
    t.true(isAlive(pid));
    process.kill(-pid, 'SIGKILL');
    const failure = await scheduler.failure();
    t.is(failure.status, 9);
    const failed = await scheduler.update({ task_id: { value: 't' } });
    t.like(failed, {
      state: 'TASK_FAILED',
      source: 'SOURCE_AGENT',
      reason: 'REASON_EXECUTOR_TERMINATED',
      message: 'Executor terminated',
    });
  },
);
