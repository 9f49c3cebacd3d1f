/**
 * What the transcripts do not show: agents and frameworks that are away, frameworks of the old kind,
 * executors of frameworks' own, odd attributes and resources. Shapes by contract 10.2, 10.7 and 13.4.
 */
import test from 'ava';
import { encoded } from '#internal/model/encoded.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { agentId, frameworkId, role, taskId } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { Command } from '#internal/state/command.ts';
import { frameworkFromWire } from '#internal/wire/framework.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { agentUpdateFromWire } from '#internal/wire/status.ts';
import { executorFromWire } from '#internal/wire/executor.ts';
import { taskFromWire } from '#internal/wire/task.ts';
import { assert } from '#internal/base/assert.ts';
import { masterUnderTest, textOf } from '#internal/testing/master-under-test.ts';
import { afterwards, oracleView } from '#internal/testing/oracle-cluster.ts';
import type { ExecutorInfo, AgentInfo, FrameworkInfo, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { MasterView } from '../door.ts';

const view = oracleView('O1');
const [shownAgent] = view.state.agents.values();
const [shownFramework] = view.state.frameworks.values();
assert(shownAgent !== undefined && shownFramework !== undefined, 'the cluster has one of each');
const agent: Agent = shownAgent;
const framework = shownFramework.framework;
const atMs = 1_795_394_300_000;

test('an agent that has not come back since the election is shown as recovered, with no more than who it is', async (t) => {
  const away = { ...view, offers: [], connectedAgents: new Set<never>() };
  const shown = await state({ ...away, recoveredAgents: new Set([agent.id]) });
  t.deepEqual(shown['slaves'], []);
  t.deepEqual(keysOf(shown['recovered_slaves']), ['id', 'hostname', 'port', 'attributes']);
  t.deepEqual(counts(shown), { activated: 0, deactivated: 0, unreachable: 0 });
  const reply = await operator({ ...away, recoveredAgents: new Set([agent.id]) }, 'GET_AGENTS');
  t.regex(reply, /"agents":\[\],"recovered_agents":\[\{"hostname":"localhost"/u);
});

test('an agent without its link is there but not active; one given up is only counted', async (t) => {
  const unlinked = await state({ ...view, connectedAgents: new Set() });
  t.deepEqual(counts(unlinked), { activated: 0, deactivated: 1, unreachable: 0 });
  t.false(memberOf(unlinked['slaves'], 'active'));
  const lost = afterwards(view, [
    { kind: 'mark-agent-unreachable', atMs, agentId: agent.id, cause: 'health check timed out' },
  ]);
  const shown = await state({ ...lost, offers: [], connectedAgents: new Set() });
  t.deepEqual([shown['slaves'], shown['recovered_slaves']], [[], []]);
  t.deepEqual(counts(shown), { activated: 0, deactivated: 0, unreachable: 1 });
  const tasks = await operator({ ...lost, offers: [] }, 'GET_TASKS');
  t.regex(tasks, /"tasks":\[\],"unreachable_tasks":\[\{"name":"long"/u);
  t.regex(tasks, /"state":"TASK_UNREACHABLE"/u);
  t.regex(tasks, /"status_update_state":"TASK_RUNNING","status_update_uuid":"\+Yzqe/u);
});

test('what is used and offered of an agent never counts what has ended', async (t) => {
  const shown = await state(view);
  t.deepEqual(memberOf(shown['slaves'], 'used_resources'), {
    disk: 0,
    mem: 32,
    gpus: 0,
    cpus: 0.1,
  });
  const reported = afterwards(view, [finished('long')]);
  const ended = await state(reported);
  t.deepEqual(memberOf(ended['slaves'], 'used_resources'), { disk: 0, mem: 0, gpus: 0, cpus: 0 });
  t.regex(JSON.stringify(ended['frameworks']), /"tasks":\[\{"id":"long".*"state":"TASK_FINISHED"/u);
});

test('a framework that is away is neither active nor connected; a recovered one says so', async (t) => {
  const nobody = { connectedFrameworks: new Set<never>() };
  const away = await state({ ...view, ...nobody });
  const flags = (shown: Shown): readonly unknown[] =>
    ['active', 'connected', 'recovered'].map((key) => memberOf(shown['frameworks'], key));
  t.deepEqual(flags(away), [false, false, false]);
  const recoveredFrameworks = new Set([framework.id]);
  t.deepEqual(flags(await state({ ...view, ...nobody, recoveredFrameworks })), [
    false,
    false,
    true,
  ]);
  const reply = await operator({ ...view, ...nobody, recoveredFrameworks }, 'GET_FRAMEWORKS');
  t.regex(reply, /"active":false,"connected":false,"recovered":true/u);
});

test('a framework of the old kind has one role, and no allocation in its offers', async (t) => {
  const old = subscribed({ user: 'root', name: 'old', hostname: 'h', webui_url: 'u' });
  const [offer] = view.offers;
  assert(offer !== undefined, 'an offer is out');
  const offered = { ...offer, frameworkId: old.id, role: role('*') };
  const shown = await state({ ...old.view, offers: [offered] });
  const entry = itemsOf(shown['frameworks']).find((one) => one['name'] === 'old') ?? {};
  t.is(entry['role'], '*');
  t.false('roles' in entry || 'pid' in entry || 'principal' in entry);
  t.deepEqual([entry['hostname'], entry['webui_url']], ['h', 'u']);
  const reply = await operator({ ...old.view, offers: [offered] }, 'GET_FRAMEWORKS');
  const offers = /"offers":(\[.*?\]),"(?:allocated|offered)_resources"/u.exec(reply)?.[1] ?? '';
  t.regex(offers, /"role":"\*"/u);
  t.notRegex(offers, /allocation_info/u);
});

test('a framework that subscribed again shows both times', async (t) => {
  const again = afterwards(view, [
    {
      kind: 'subscribe-framework',
      atMs,
      framework: { ...framework, reregisteredMs: atMs },
    },
  ]);
  t.is(memberOf((await state(again))['frameworks'], 'reregistered_time'), atMs / 1000);
  t.is(memberOf((await state(view))['frameworks'], 'reregistered_time'), undefined);
});

test('executors are those that frameworks brought, each once, while they have live tasks', async (t) => {
  const launched = withExecutors(['one', 'two']);
  const reply = await operator(launched, 'GET_EXECUTORS');
  t.is([...reply.matchAll(/"executor_info"/gu)].length, 1);
  t.regex(reply, /"executor_id":\{"value":"e"\},"framework_id":\{"value":"[^"]+-0000"\}/u);
  const [entry = {}] = itemsOf((await state(launched))['frameworks']);
  const [executor = {}] = itemsOf(entry['executors']);
  t.deepEqual(executor, {
    executor_id: 'e',
    name: '',
    framework_id: framework.id,
    command: {
      shell: true,
      value: 'run',
      argv: ['x'],
      environment: { variables: [{ name: 'A', type: 'VALUE', value: '1' }] },
      uris: [{ value: 'http://x', executable: true }],
    },
    resources: { disk: 0, mem: 16, gpus: 0, cpus: 0.05 },
    slave_id: agent.id,
  });
  const ended = afterwards(launched, [finished('one'), finished('two')]);
  t.regex(await operator(ended, 'GET_TASKS'), /"name":"two".*"state":"TASK_FINISHED"/u);
  t.regex(await operator(ended, 'GET_EXECUTORS'), /"executors":\[\]/u);
  const dead = afterwards(launched, [
    { kind: 'mark-agent-unreachable', atMs, agentId: agent.id, cause: 'x' },
  ]);
  t.regex(await operator(dead, 'GET_EXECUTORS'), /"executors":\[\]/u);
});

test('attributes and resources of every kind have their short form', async (t) => {
  const info: AgentInfo = {
    hostname: 'h',
    id: { value: 'a' },
    domain: { fault_domain: { region: { name: 'r' }, zone: { name: 'z' } } },
    attributes: [
      { name: 'level', type: 'SCALAR', scalar: { value: 2 } },
      {
        name: 'ids',
        type: 'RANGES',
        ranges: {
          range: [
            { begin: 1n, end: 3n },
            { begin: 5n, end: 5n },
          ],
        },
      },
      { name: 'tags', type: 'SET', set: { item: ['x', 'y'] } },
      { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
    ],
  };
  const total = resourcesOf('cpus:1.5;zones:{b,a};ports:[1-2,5-9]').map((one) =>
    one.name === 'cpus' ? { ...one, revocable: true } : one,
  );
  const odd: Agent = {
    ...agent,
    id: agentId('a'),
    registration: 'other',
    info: encoded<'mesos.v1.AgentInfo'>(encode('mesos.v1.AgentInfo', info)),
    total,
  };
  const text = textOf(
    await masterUnderTest({
      view: afterwards(view, [{ kind: 'admit-agent', atMs, agent: odd }]),
    }).ask({ target: '/slaves?slave_id=a' }),
  );
  t.true(
    text.includes('"attributes":{"level":2.0,"ids":"[1-3, 5-5]","tags":"{x, y}","rack":"r1"}'),
    text,
  );
  t.true(text.includes('"domain":{"fault_domain":{"region":{"name":"r"},"zone":{"name":"z"}}}'));
  const short = '"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":0.0,';
  t.true(
    text.includes(
      `"resources":{${short}"cpus_revocable":1.5,"zones":"{a, b}","ports":"[1-2, 5-9]"}`,
    ),
    text,
  );
  t.is(text.split('"id":').length, 2, 'the other agent was not asked for');
});

test('roles count what is allocated, offered and reserved; ranges by how many they hold', async (t) => {
  const reply: unknown = JSON.parse(
    textOf(await masterUnderTest({ view }).ask({ target: '/roles' })),
  );
  t.deepEqual(reply, {
    roles: [
      {
        name: 'ops',
        weight: 1,
        quota: { role: 'ops', guarantee: {}, limit: {}, consumed: { cpus: 0.1, mem: 32 } },
        resources: { cpus: 16, mem: 16384, disk: 10240, ports: 1001 },
        allocated: { cpus: 0.1, mem: 32 },
        offered: { cpus: 15.9, mem: 16352, disk: 10240, ports: 1001 },
        reserved: {},
        frameworks: [framework.id],
      },
    ],
  });
});

/** The agent reports the end of a task; nobody has acknowledged that yet. */
function finished(id: string): Command {
  const uuid = Uint8Array.from({ length: 16 }, () => 0x41);
  const update = agentUpdateFromWire({ task_id: { value: id }, state: 'TASK_FINISHED', uuid });
  assert(update.ok, 'the update is valid');
  return {
    kind: 'update-tasks',
    atMs,
    updates: [
      {
        frameworkId: framework.id,
        taskId: taskId(id),
        agentId: agent.id,
        state: 'finished',
        update: update.value,
      },
    ],
  };
}

type Shown = Readonly<Record<string, unknown>>;

async function state(shown: MasterView): Promise<Shown> {
  const text = textOf(await masterUnderTest({ view: shown }).ask({ target: '/state' }));
  const [parsed = {}] = itemsOf([JSON.parse(text)]);
  return parsed;
}

async function operator(shown: MasterView, type: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify({ type }));
  const request = { method: 'POST', target: '/api/v1', headers, body };
  return textOf(await masterUnderTest({ view: shown }).ask(request));
}

function counts(shown: Shown): object {
  return {
    activated: shown['activated_slaves'],
    deactivated: shown['deactivated_slaves'],
    unreachable: shown['unreachable_slaves'],
  };
}

function itemsOf(list: unknown): readonly Shown[] {
  assert(Array.isArray(list), 'a list is shown');
  return list.map((item: unknown) => {
    assert(typeof item === 'object' && item !== null, 'objects are listed');
    return Object.fromEntries(Object.entries(item));
  });
}

const memberOf = (list: unknown, key: string): unknown => itemsOf(list)[0]?.[key];
const keysOf = (list: unknown): readonly string[] => Object.keys(itemsOf(list)[0] ?? {});

function subscribed(info: FrameworkInfo): {
  readonly id: typeof framework.id;
  readonly view: MasterView;
} {
  const id = frameworkId('other');
  const made = frameworkFromWire(info, { id, atMs });
  assert(made.ok, 'the FrameworkInfo is valid');
  return {
    id,
    view: afterwards(view, [{ kind: 'subscribe-framework', atMs, framework: made.value }]),
  };
}

/** Tasks of these names, all in one executor. */
function withExecutors(names: readonly string[]): MasterView {
  const scalar = (name: string, value: number): NonNullable<TaskInfo['resources']>[number] => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  });
  const info: ExecutorInfo = {
    executor_id: { value: 'e' },
    framework_id: { value: framework.id },
    resources: [scalar('cpus', 0.05), scalar('mem', 16)],
    command: {
      value: 'run',
      arguments: ['x'],
      environment: { variables: [{ name: 'A', value: '1' }] },
      uris: [{ value: 'http://x', executable: true }],
    },
  };
  const place = { frameworkId: framework.id, agentId: agent.id, role: 'ops' };
  const executor = executorFromWire(info, place, { launchedMs: atMs, endsWith: 'tasks' });
  assert(executor.ok, 'the executor is valid');
  const tasks = names.map((name) => {
    const made = taskFromWire(
      {
        name,
        task_id: { value: name },
        agent_id: { value: agent.id },
        resources: [scalar('cpus', 0.1)],
        executor: info,
      },
      { frameworkId: framework.id, role: role('ops'), atMs },
    );
    assert(made.ok, 'the task is valid');
    return made.value;
  });
  const launch = { executor: executor.value, tasks, isExecutorHeld: true };
  return afterwards(view, [{ kind: 'launch-with-executor', atMs, ...launch }]);
}

function resourcesOf(text: string): Resources {
  const parsed = parseResources(text);
  assert(parsed.ok, 'the text describes resources');
  return parsed.value;
}
