import test from 'ava';
import type { Result } from '#internal/base/result.ts';
import { isTerminal, type Task } from '#internal/model/cluster.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { agentFromDescription } from './agent.ts';
import { frameworkFromWire } from './framework.ts';
import { decode } from './protobuf.ts';
import {
  agentUpdateFromWire,
  reconciliationToWire,
  statusToWire,
  updateUuidBytes,
} from './status.ts';
import { taskFromWire, taskToWire } from './task.ts';
import { taskStateFromWire, taskStateToWire } from './task-state.ts';

const uuid = Uint8Array.from({ length: 16 }, (_, i) => 15 * i);
const cpus: wire.Resource = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } };
const info: wire.TaskInfo = {
  name: 'n',
  task_id: { value: 't' },
  agent_id: { value: 'S' },
  resources: [cpus],
  command: { value: 'true', user: 'u' },
  labels: { labels: [{ key: 'k' }] },
};
const terms = { frameworkId: frameworkId('F'), role: role('a'), atMs: 1500 };

function accepted<Value>(result: Result<Value, string>): Value {
  if (!result.ok) throw new Error(result.refusal);
  return result.value;
}

const launched = (): Task => accepted(taskFromWire(info, terms));

const open: readonly wire.TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_UNREACHABLE',
  'TASK_UNKNOWN',
];
const terminal: readonly wire.TaskState[] = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];

test('each task state of the wire has its own in the model, and back', (t) => {
  for (const state of [...open, ...terminal]) {
    const model = taskStateFromWire(state);
    t.is(taskStateToWire(model), state);
    t.is(isTerminal(model), terminal.includes(state), state);
  }
});

test('a task holds its resources for the role of its offer, and is staging', (t) => {
  const task = launched();
  t.is(format(task.resources), 'cpus(allocated: a):0.5');
  t.is(task.state, 'staging');
  t.deepEqual(decode('mesos.v1.TaskInfo', task.info), info);
  const other = { ...cpus, allocation_info: { role: 'b' } };
  const given = taskFromWire({ ...info, resources: [other] }, terms);
  t.is(given.ok && format(given.value.resources), 'cpus(allocated: b):0.5');
});

test('operators see a task with its labels, its user and its resources in the new form', (t) => {
  t.deepEqual(taskToWire(launched()), {
    name: 'n',
    task_id: { value: 't' },
    framework_id: { value: 'F' },
    agent_id: { value: 'S' },
    state: 'TASK_STAGING',
    resources: [{ ...cpus, allocation_info: { role: 'a' } }],
    statuses: [],
    labels: { labels: [{ key: 'k' }] },
    user: 'u',
  });
});

test("an agent's update keeps all but its data, and its uuid both ways", (t) => {
  const status: wire.TaskStatus = {
    task_id: { value: 't' },
    state: 'TASK_RUNNING',
    source: 'SOURCE_EXECUTOR',
    timestamp: 12.5,
    healthy: true,
    uuid,
  };
  const update = accepted(agentUpdateFromWire({ ...status, data: Uint8Array.of(1, 2) }));
  t.deepEqual(statusToWire(update, launched()), status);
  t.is(update.uuid, '000f1e2d-3c4b-5a69-7887-96a5b4c3d2e1');
  t.deepEqual(updateUuidBytes(update), uuid);
  t.deepEqual(agentUpdateFromWire({ ...status, uuid: uuid.subarray(1) }), {
    ok: false,
    refusal: 'Not a valid UUID',
  });
  const task = { ...launched(), state: 'killing', update, statuses: [update] } as const;
  t.deepEqual(reconciliationToWire(task, 20_000), {
    task_id: { value: 't' },
    state: 'TASK_RUNNING',
    message: 'Reconciliation: Latest task state',
    source: 'SOURCE_MASTER',
    reason: 'REASON_RECONCILIATION',
    agent_id: { value: 'S' },
    timestamp: 20,
    healthy: true,
  });
});

test('a task that is back from out of reach shows what its agent said of it last', (t) => {
  const container_status = { container_id: { value: 'c' } };
  const running = accepted(
    agentUpdateFromWire({ task_id: { value: 't' }, state: 'TASK_RUNNING', uuid, container_status }),
  );
  const said = { reason: 'agent-reregistered', message: 'm', atMs: 1000 } as const;
  const back = { kind: 'master', state: 'running', ...said, unreachableMs: undefined } as const;
  const task = { ...launched(), statuses: [running, back] };
  t.like(statusToWire(back, task), { state: 'TASK_RUNNING', container_status });
});

test("a master's update says since when the agent is not reached, and asks for no answer", (t) => {
  const update = {
    kind: 'master',
    state: 'unreachable',
    reason: 'agent-removed',
    message: 'health check timed out',
    atMs: 1_795_396_775_137,
    unreachableMs: 1_795_396_775_137,
  } as const;
  t.deepEqual(statusToWire(update, launched()), {
    task_id: { value: 't' },
    state: 'TASK_UNREACHABLE',
    message: 'health check timed out',
    source: 'SOURCE_MASTER',
    reason: 'REASON_AGENT_REMOVED',
    agent_id: { value: 'S' },
    timestamp: 1_795_396_775.137,
    unreachable_time: { nanoseconds: 1_795_396_775_137_000_000n },
  });
});

test('a framework is refused in the words and the order of the contract', (t) => {
  const plain: wire.FrameworkInfo = { user: 'u', name: 'n' };
  const multi = { ...plain, capabilities: [{ type: 'MULTI_ROLE' }] } as const;
  const refusals: readonly (readonly [wire.FrameworkInfo, string])[] = [
    [
      { ...multi, role: 'a' },
      "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable",
    ],
    [
      { ...plain, roles: ['a'] },
      "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
    ],
    [{ ...multi, roles: ['a', 'a'] }, "'FrameworkInfo.roles' contains duplicate items: { a }"],
    [
      { ...multi, roles: ['-x'], id: { value: '/' } },
      "'FrameworkInfo.roles' contains invalid role: Role component '-x' is invalid because it starts with a dash",
    ],
    [{ ...plain, id: { value: 'a/b' } }, "'a/b' contains invalid characters"],
    [{ ...plain, failover_timeout: 1e300 }, 'The framework failover_timeout (1e+300) is invalid'],
    [{ ...plain, failover_timeout: Number.NaN }, 'The framework failover_timeout (nan) is invalid'],
  ];
  const named = { id: frameworkId('F'), atMs: 5 };
  for (const [framework, refusal] of refusals) {
    t.deepEqual(frameworkFromWire(framework, named), { ok: false, refusal });
  }
});

test('a framework without roles is in *, with MULTI_ROLE in none', (t) => {
  const named = { id: frameworkId('F'), atMs: 5 };
  const plain: wire.FrameworkInfo = { user: 'u', name: 'n', failover_timeout: 1.5 };
  const one = frameworkFromWire(plain, named);
  t.like(one, { value: { roles: ['*'], failoverTimeoutMs: 1500, checkpoint: false } });
  const none = frameworkFromWire({ ...plain, capabilities: [{ type: 'MULTI_ROLE' }] }, named);
  t.like(none, { value: { roles: [] } });
});

test('an agent is what it says of itself, under the id that it is given', (t) => {
  const agent = accepted(
    agentFromDescription(
      {
        agent_info: { hostname: 'h', resources: [{ ...cpus, role: 'a' }] },
        version: '1',
        ip: '10.0.0.1',
        capabilities: [{ type: 'MULTI_ROLE' }],
      },
      { id: agentId('S'), registration: 'r', total: [], atMs: 7 },
    ),
  );
  t.is(agent.port, 5051);
  t.is(format(agent.total), 'cpus(reservations: [(STATIC,a)]):0.5');
  t.deepEqual(agent.capabilities, ['MULTI_ROLE']);
  t.deepEqual(decode('mesos.v1.AgentInfo', agent.info).id, { value: 'S' });
});
