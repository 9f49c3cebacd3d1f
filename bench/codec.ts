/**
 * The codecs on the reply that operators ask for most: a GET_STATE of 100 tasks on 10 agents. The
 * peers are `JSON.stringify` and `JSON.parse` of the very same text, in turns with ours; they do less
 * (no 64-bit integers, no checks, no defaults), so what counts is how many times slower we are.
 */
import { fromJson, toJson } from '#internal/wire/json.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import type * as mesos from '#proto/gen/mesos/v1.ts';
import type { Response, Response_GetAgents_Agent } from '#proto/gen/mesos/v1/master.ts';
import { type Figure, reportFigures, timeInTurns } from './figure.ts';

const reply = 'mesos.v1.master.Response';
const clusterId = '69535369-ccfd-41c0-a022-436f9c0431ed';
const frameworkId: mesos.FrameworkID = { value: `${clusterId}-0000` };

const scalar = (name: string, value: number): mesos.Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  allocation_info: { role: 'analytics' },
});

function stateOf(taskCount: number, agentCount: number): Response {
  const tasks = Array.from({ length: taskCount }, (_, index) => taskOf(index, index % agentCount));
  const agents = Array.from({ length: agentCount }, (_, index) => agentOf(index));
  const info: mesos.FrameworkInfo = {
    user: 'root',
    name: 'analytics',
    id: frameworkId,
    failover_timeout: 604_800,
    checkpoint: true,
    roles: ['analytics'],
    hostname: 'scheduler-1.example.org',
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
  };
  const status = { active: true, connected: true, recovered: false };
  const framework = { framework_info: info, ...status, registered_time: timeOf(0) };
  return {
    type: 'GET_STATE',
    get_state: {
      get_tasks: { tasks },
      get_executors: {},
      get_frameworks: { frameworks: [framework] },
      get_agents: { agents },
    },
  };
}

const timeOf = (index: number): mesos.TimeInfo => ({
  nanoseconds: 1_795_394_190_396_666_112n + BigInt(index) * 1_000_000_000n,
});

function taskOf(index: number, agent: number): mesos.Task {
  const agent_id = { value: `${clusterId}-S${agent}` };
  const task_id = { value: `analytics.report-${index}.2f1c8d4e` };
  const statuses = (['TASK_STARTING', 'TASK_RUNNING'] as const).map(
    (state, step): mesos.TaskStatus => ({
      task_id,
      state,
      source: 'SOURCE_EXECUTOR',
      agent_id,
      executor_id: task_id,
      timestamp: 1_795_394_190.396_666 + index + step,
      uuid: Uint8Array.from({ length: 16 }, (_, byte) => (index * 31 + byte * 7 + step) & 0xff),
      container_status: {
        container_id: { value: `7c9e6679-7425-40de-944b-e07fc1f9${1000 + index}` },
        network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: `10.0.0.${agent}` }] }],
      },
    }),
  );
  return {
    name: `report ${index} of "the month"`,
    task_id,
    framework_id: frameworkId,
    agent_id,
    state: 'TASK_RUNNING',
    resources: [scalar('cpus', 0.5), scalar('mem', 512), scalar('disk', 1024)],
    statuses,
    status_update_state: 'TASK_RUNNING',
    status_update_uuid: Uint8Array.from({ length: 16 }, (_, byte) => (index + byte) & 0xff),
    labels: { labels: [{ key: 'team', value: 'analytics' }] },
  };
}

function agentOf(index: number): Response_GetAgents_Agent {
  const ports: mesos.Resource = {
    name: 'ports',
    type: 'RANGES',
    ranges: { range: [{ begin: 31_000n, end: 32_000n }] },
  };
  const total = [scalar('cpus', 16), scalar('mem', 63_336), scalar('disk', 102_400), ports];
  const hostname = `agent-${index}.example.org`;
  return {
    agent_info: { hostname, port: 5051, resources: total, id: { value: `${clusterId}-S${index}` } },
    active: true,
    version: '1.12.0',
    pid: `slave(1)@10.0.0.${index}:5051`,
    registered_time: timeOf(index),
    total_resources: total,
    allocated_resources: [scalar('cpus', 5), scalar('mem', 5120)],
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
  };
}

/** All writers end with bytes, since that is what is sent; all readers begin with their input. */
function run(): readonly Figure[] {
  const state = stateOf(100, 10);
  const text = toJson(reply, state);
  const bytes = encode(reply, state);
  const parsed: unknown = JSON.parse(text);
  const times = timeInTurns([
    { name: 'json-encode', run: () => Buffer.from(toJson(reply, state)) },
    { name: 'json-stringify', run: () => Buffer.from(JSON.stringify(parsed)) },
    { name: 'json-decode', run: () => fromJson(reply, text) },
    { name: 'json-parse', run: (): unknown => JSON.parse(text) },
    { name: 'protobuf-encode', run: () => encode(reply, state) },
    { name: 'protobuf-decode', run: () => decode(reply, bytes) },
  ]);
  const over = (name: string, peer: string): Figure => ({
    name: `${name}-over-${peer}`,
    value: (times.get(name) ?? NaN) / (times.get(peer) ?? NaN),
    unit: 'times',
  });
  return [
    { name: 'json-size', value: Buffer.byteLength(text), unit: 'bytes' },
    { name: 'protobuf-size', value: bytes.length, unit: 'bytes' },
    ...[...times].map(([name, value]) => ({ name, value, unit: 'us' })),
    over('json-encode', 'json-stringify'),
    over('json-decode', 'json-parse'),
    over('protobuf-encode', 'json-stringify'),
    over('protobuf-decode', 'json-parse'),
  ];
}

reportFigures('codec', run());
