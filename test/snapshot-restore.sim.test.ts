/**
 * Real processes: all that three masters know is kept in a file, their disks are lost, and a new cluster
 * is made of the file. What was, is; and what ran, runs on.
 */
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { startProgram } from '#internal/runtime/real/program.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { altiplano, until } from './cluster.ts';
import { Masters } from './masters.ts';

const ids = [1, 2, 3];
const withinMs = 60_000;
const cluster = '--cluster=second';

test('a cluster whose masters are all lost comes back from a file, its tasks running', async (t) => {
  t.timeout(3 * 60_000);
  await using folder = await openTempFolder();
  await using masters = await Masters.open(folder.path, 3);
  const file = `${folder.path}/saved`;
  const go = `${folder.path}/go`;
  for (const id of ids) masters.start(id, ids);
  const agentId = await masters.agentId();
  await decidePolicies(masters);
  await reserve(masters, agentId);
  const command = `echo begun; until [ -e ${go} ]; do sleep 0.1; done; echo went on; exit 7`;
  const lines: string[] = [];
  const running = startProgram({
    command: process.execPath,
    args: [
      'cmd/altiplano.js',
      'run',
      `--masters=${masters.addresses.join(',')}`,
      `--command=${command}`,
    ],
    onLine: (_, line) => void lines.push(line),
  });
  t.teardown(() => running.signal('SIGKILL'));
  t.teardown(async () => await writeFile(go, '').catch(() => {}));
  await until(
    () => lines.includes('begun'),
    withinMs,
    () => lines.join('\n'),
  );
  const isRunning = async (): Promise<boolean> =>
    (await known(masters)).states.includes('TASK_RUNNING');
  await until(isRunning, withinMs, () => 'the task does not run');
  const before = await known(masters);
  t.deepEqual(before.states, ['TASK_RUNNING']);
  t.regex(JSON.stringify(before.agents), /"type":"DYNAMIC","role":"heavy"/);

  const saved = await masters.snapshot(['save', file]);
  t.is(saved.status, 0, saved.stderr);
  t.regex(saved.stdout, /^cluster "altiplano", entry \d+, term \d+, \d+ bytes: sound\n$/);
  t.regex((await masters.snapshot(['save', file])).stderr, /is there already; nothing was changed/);
  const inspected = await altiplano(['operator', 'snapshot', 'inspect', file]);
  t.regex(inspected.stdout, /agents +1\nframeworks +1\n[^]*\ntasks +1\n/);

  // The agent meets terms that the file does not know of.
  for (let times = 0; times < 3; times++) {
    t.is((await masters.ask(['transfer'])).status, 0);
    await masters.agentId();
  }

  for (const id of ids) await masters.kill(id);
  for (const id of ids) await rm(masters.folderOf(id), { recursive: true });
  await refusesWhatIsWrong(t, masters, file);
  for (const id of ids) {
    const restored = await masters.restore(id, ids, [file, cluster]);
    t.is(restored.status, 0, restored.stderr);
  }
  for (const id of ids) masters.start(id, ids, cluster);

  const isBack = async (): Promise<boolean> => {
    const now = await known(masters);
    return now.isAgentActive && now.isFrameworkActive;
  };
  await until(isBack, withinMs, () => 'agent and framework do not come back');
  t.deepEqual(await known(masters), before);
  t.deepEqual(await masters.members(), ids);

  await writeFile(go, '');
  const { status } = await running.ended;
  t.is(status, 7, lines.join('\n'));
  t.deepEqual(
    lines.filter((line) => line === 'begun' || line === 'went on'),
    ['begun', 'went on'],
  );
});

async function decidePolicies(masters: Masters): Promise<void> {
  const weight = { role: 'heavy', weight: 3.5 };
  await masters.call({ type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [weight] } });
  const quota_configs = [{ role: 'heavy', limits: { cpus: { value: 1 } } }];
  await masters.call({ type: 'UPDATE_QUOTA', update_quota: { quota_configs } });
}

async function reserve(masters: Masters, agentId: string): Promise<void> {
  const reservations = [{ type: 'DYNAMIC', role: 'heavy' }];
  const scalar = { value: 0.25 };
  const resources = [{ name: 'cpus', type: 'SCALAR', scalar, reservations }];
  const reserve_resources = { agent_id: { value: agentId }, resources };
  await masters.call({ type: 'RESERVE_RESOURCES', reserve_resources });
}

async function refusesWhatIsWrong(
  t: ExecutionContext,
  masters: Masters,
  file: string,
): Promise<void> {
  const same = await masters.restore(1, ids, [file, '--cluster=altiplano']);
  t.regex(same.stderr, /new cluster cannot be called "altiplano" too/);
  const { size } = await stat(file);
  const cut = `${file}.cut`;
  await writeFile(cut, await readFile(file));
  await truncate(cut, size - 1);
  const damaged = await masters.restore(1, ids, [cut, cluster]);
  t.regex(damaged.stderr, /The snapshot cannot be used: it is cut off/);
  t.is(damaged.status, 1);
  await t.throwsAsync(stat(masters.folderOf(1)), { code: 'ENOENT' }, 'a refusal left something');
  t.is((await masters.restore(1, ids, [file, cluster])).status, 0);
  const full = await masters.restore(1, ids, [file, cluster]);
  t.regex(full.stderr, /is not empty; nothing was changed/);
  await rm(masters.folderOf(1), { recursive: true });
}

type Known = {
  readonly isAgentActive: boolean;
  readonly isFrameworkActive: boolean;
  /** What the leader tells of agents, frameworks, tasks and policies, without the times of calls. */
  readonly agents: unknown;
  readonly frameworks: unknown;
  readonly tasks: unknown;
  readonly states: readonly unknown[];
  readonly weights: string;
  readonly quota: string;
};

type State = {
  readonly get_agents: {
    readonly agents: readonly { readonly active: boolean; readonly [name: string]: unknown }[];
  };
  readonly get_frameworks: {
    readonly frameworks: readonly { readonly active: boolean; readonly [name: string]: unknown }[];
  };
  readonly get_tasks: { readonly tasks?: readonly { readonly state: string }[] };
};

async function known(masters: Masters): Promise<Known> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own answer, looked at below.
  const { get_state: state } = JSON.parse(await masters.call({ type: 'GET_STATE' })) as {
    readonly get_state: State;
  };
  const { agents } = state.get_agents;
  const { frameworks } = state.get_frameworks;
  const tasks = state.get_tasks.tasks ?? [];
  return {
    isAgentActive: agents.length > 0 && agents.every(({ active }) => active),
    isFrameworkActive: frameworks.length > 0 && frameworks.every(({ active }) => active),
    agents: agents.map((agent) => lasting(agent)),
    frameworks: frameworks.map((framework) => lasting(framework)),
    tasks,
    states: tasks.map(({ state: taskState }) => taskState),
    weights: await masters.call({ type: 'GET_WEIGHTS' }),
    quota: await masters.call({ type: 'GET_QUOTA' }),
  };
}

/** Without what a change of leaders alone changes. */
function lasting(record: Readonly<Record<string, unknown>>): unknown {
  const fleeting = new Set(['reregistered_time', 'offered_resources', 'offers']);
  return Object.fromEntries(Object.entries(record).filter(([name]) => !fleeting.has(name)));
}
