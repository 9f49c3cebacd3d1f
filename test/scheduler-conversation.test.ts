/**
 * A scheduler's whole conversation with a cluster of real processes, call by call and event by event,
 * in either dialect and in both at once; then what happens to it when the scheduler comes back, and
 * when the leading master is killed in the middle of it.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import { storeMethod } from '#internal/master/api/store-rpc.ts';
import { openGrpcClient } from '#internal/rpc/grpc-channel.ts';
import { askUnary } from '#internal/rpc/unary.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import type { FrameworkInfo, Offer, TaskInfo, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { isAlive, killLeftovers, TestCluster, until } from './cluster.ts';
import { type Formats, openStream, post } from './plain-scheduler.ts';
import { subscribe, subscribeCall } from './subscribed-scheduler.ts';

const json: Formats = { calls: jsonFormat, events: jsonFormat };
const protobuf: Formats = { calls: protobufFormat, events: protobufFormat };
const jsonToProtobuf: Formats = { calls: jsonFormat, events: protobufFormat };

const dialects: readonly (readonly [string, Formats])[] = [
  ['JSON', json],
  ['protobuf', protobuf],
  ['JSON calls and protobuf events', jsonToProtobuf],
];

/** Each step ends much earlier, the machine permitting. */
const limitMs = 60_000;
/** The contract's (7.2): sooner than this an agent repeats an update only because it was asked to. */
const firstRetryMs = 10_000;

let folder: string;
let cluster: TestCluster;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'altiplano-test-'));
  cluster = new TestCluster(join(folder, 'work'), 7120);
  await cluster.start();
});

test.after.always(async () => {
  await cluster.stop();
  killLeftovers((await marked()).values());
  await rm(folder, { recursive: true, force: true });
});

for (const [name, formats] of dialects) {
  test.serial(`a whole conversation goes as the contract says, in ${name}`, async (t) => {
    const { address: leader } = await cluster.leader();
    const follower = cluster.masters.find((address) => address !== leader)!;
    const redirect = await post(follower, formats, subscribeCall(framework('redirected')));
    t.is(redirect.status, 307);
    t.is(redirect.headers['location'], `//${leader}/api/v1/scheduler`);
    t.is(redirect.text, '');

    const scheduler = await subscribe(t, leader, formats, framework('whole'));
    const declined = await scheduler.offer();
    await scheduler.tell({
      type: 'DECLINE',
      decline: { offer_ids: [declined.id], filters: { refuse_seconds: 0 } },
    });
    const offer = await scheduler.offer(declined.agent_id.value);
    t.not(offer.id.value, declined.id.value, 'what was declined is offered anew');

    const mark = name.replaceAll(' ', '-');
    const task = taskOn(offer, 'lasting', sleeping(mark));
    await scheduler.launch(offer, task);

    const starting = await scheduler.update(task);
    t.is(starting.state, 'TASK_STARTING');
    await until(
      async () => (await marked()).has(mark),
      limitMs,
      () => 'the task has begun',
    );
    // It runs, but whoever has not acknowledged the first update is not sent the second.
    const [known, ...others] = await scheduler.reconcile([{ task_id: task.task_id }]);
    assertReconciled(t, known!, 'TASK_STARTING');
    t.deepEqual(others, []);
    t.false(scheduler.isTold(task));
    await scheduler.acknowledge(starting);
    const running = await scheduler.update(task);
    t.is(running.state, 'TASK_RUNNING');
    await scheduler.acknowledge(running);
    for (const status of [starting, running]) assertOfExecutor(t, status, offer);
    t.notDeepEqual(starting.uuid, running.uuid);

    const all = await scheduler.reconcile([]);
    t.is(all.length, 1, 'one task, one answer');
    assertReconciled(t, all[0]!, 'TASK_RUNNING');
    const never = { task_id: { value: 'never' }, agent_id: offer.agent_id };
    const [gone] = await scheduler.reconcile([never]);
    t.is(gone?.state, 'TASK_GONE');
    t.is(gone?.message, 'Reconciliation: Task is unknown to the agent');

    await scheduler.tell({ type: 'KILL', kill: { task_id: task.task_id } });
    const killed = await scheduler.update(task);
    t.is(killed.state, 'TASK_KILLED');
    t.is(killed.message, 'Command terminated with signal Terminated');
    await scheduler.acknowledge(killed);
    await scheduler.untilState(task, 'TASK_GONE');
    t.deepEqual(await scheduler.reconcile([]), []);

    await scheduler.tell({ type: 'TEARDOWN' });
    const rest = await scheduler.stream.rest();
    t.false(rest.some(({ type }) => type === 'ERROR'));
    const late = await scheduler.stream.call({ type: 'REVIVE', framework_id: scheduler.id });
    t.is(late.status, 400);
    t.is(late.text, 'Framework cannot be found');
    const back = subscribeCall({ ...framework('whole'), id: scheduler.id });
    const refused = await openStream(leader, formats, back);
    t.is(refused.status, 200);
    t.truthy(refused.streamId);
    t.deepEqual(await refused.rest(), [
      { type: 'ERROR', error: { message: 'Framework has been removed' } },
    ]);
  });
}

test.serial('resources have the shape that the capabilities ask for', async (t) => {
  const { address } = await cluster.leader();
  const capabilities = [...multiRole.capabilities, ...refinement.capabilities];
  const both = { ...multiRole, capabilities };
  const allocated = { role: 'web' };
  const shapes = [
    { name: 'plain', info: {}, role: '*', allocation_info: undefined },
    { name: 'many roles', info: multiRole, role: '*', allocation_info: allocated },
    { name: 'refinement', info: refinement, role: undefined, allocation_info: undefined },
    { name: 'both', info: both, role: undefined, allocation_info: allocated },
  ];
  for (const { name, info, role, allocation_info } of shapes) {
    for (const formats of [json, protobuf]) {
      const plain = { user: userInfo().username, name, ...info };
      const scheduler = await subscribe(t, address, formats, plain);
      const offer = await scheduler.offer();
      t.deepEqual(offer.allocation_info, allocation_info, name);
      t.true((offer.resources ?? []).length > 0, name);
      for (const resource of offer.resources ?? []) {
        t.deepEqual(resource.allocation_info, allocation_info, name);
        t.is(resource.role, role, name);
        t.is(resource.reservation, undefined, name);
        t.is(resource.reservations, undefined, name);
      }
      await scheduler.tell({ type: 'TEARDOWN' });
      await scheduler.stream.rest();
    }
  }
});

test.serial('what a scheduler puts into its store over gRPC is there over HTTP', async (t) => {
  const { address } = await cluster.leader();
  const { id, stream } = await subscribe(t, address, protobuf, framework('keeper'));
  const headers = { 'mesos-stream-id': stream.streamId };
  const value = Uint8Array.of(0, 255, 1);
  const put = { framework_id: id.value, put: { key: 'a', value, expected_version: 0n } };
  const body = encode('altiplano.store.v1.Call', put);
  const told: string[] = [];
  for (const target of cluster.masterRpcs) {
    const client = openGrpcClient(target);
    t.teardown(() => client.close());
    const reply = await askUnary(client, storeMethod, { headers, body });
    if (reply.ok) {
      told.push('put');
      t.like(decode('altiplano.store.v1.Reply', reply.value), { version: 1n });
    } else told.push(reply.refusal.trailers['altiplano-leader'] ?? reply.refusal.message);
  }
  const leader = cluster.masterRpcs[cluster.masters.indexOf(address)];
  t.deepEqual(
    told,
    cluster.masterRpcs.map((target) => (target === leader ? 'put' : leader)),
  );
  const reply = await fetch(`http://${address}/api/altiplano/v1/store`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ framework_id: id.value, get: { key: 'a' } }),
  });
  const entry = { key: 'a', value: Buffer.from(value).toString('base64'), version: 1 };
  t.deepEqual(await reply.json(), { entry });
});

test.serial('a scheduler that comes back takes over, and is told again what it owes', async (t) => {
  const { address } = await cluster.leader();
  const first = await subscribe(t, address, json, framework('twice'));
  const offer = await first.offer();
  const task = taskOn(offer, 'owed', sleeping('of-twice'));
  await first.launch(offer, task);
  const starting = await first.update(task);
  const sentAt = performance.now();

  const info = { ...framework('twice'), id: first.id };
  const second = await subscribe(t, address, protobuf, info);
  t.deepEqual(second.id, first.id);
  t.deepEqual((await first.stream.rest()).at(-1), {
    type: 'ERROR',
    error: { message: 'Framework failed over' },
  });
  const old = await first.stream.call({ type: 'REVIVE', framework_id: first.id });
  t.is(old.status, 400);
  t.is(old.text, wrongStream(first.stream.streamId, first.id.value));

  const again = await second.update(task);
  t.deepEqual(again.uuid, starting.uuid);
  t.true(
    performance.now() - sentAt < firstRetryMs,
    'because it came back, not because time passed',
  );
  await second.acknowledge(again);
  const running = await second.update(task);
  t.is(running.state, 'TASK_RUNNING');

  second.stream.close();
  await until(
    async () => {
      const reply = await second.stream.call({ type: 'REVIVE', framework_id: first.id });
      return reply.status === 403 && reply.text === 'Framework is not subscribed';
    },
    limitMs,
    () => 'the master sees that the connection is gone',
  );
  const third = await subscribe(t, address, json, info);
  t.deepEqual((await third.update(task, starting)).uuid, running.uuid);
  await third.tell({ type: 'TEARDOWN' });
  await third.stream.rest();
});

test.serial('the next leader knows at once what the killed one knew', async (t) => {
  const { address } = await cluster.leader();
  const before = await subscribe(t, address, json, framework('outlives'));
  const offer = await before.offer();
  const settled = taskOn(offer, 'settled', sleeping('settled'));
  const owed = taskOn(offer, 'owed', sleeping('owed'));
  await before.launch(offer, settled, owed);
  await before.acknowledge(await before.update(settled));
  const runs = await before.update(settled);
  t.is(runs.state, 'TASK_RUNNING');
  await before.acknowledge(runs);
  await untilLogged(address, { settled: 'TASK_RUNNING', owed: 'TASK_STARTING' });

  await cluster.killLeader();
  await t.throwsAsync(before.stream.rest(), undefined, 'no last chunk: it broke off');
  const { address: next } = await cluster.leader();
  t.not(next, address);
  const info = { ...framework('outlives'), id: before.id };
  const after = await subscribe(t, next, protobuf, info);
  t.deepEqual(after.id, before.id);
  const start = performance.now();
  const answers = await after.reconcile([settled, owed]);
  t.log(`answered after ${Math.round(performance.now() - start)} ms`);
  t.deepEqual(
    answers.map(({ task_id, state, agent_id }) => [task_id, state, agent_id]),
    [
      [settled.task_id, 'TASK_RUNNING', offer.agent_id],
      [owed.task_id, 'TASK_STARTING', offer.agent_id],
    ],
  );
  const old = await post(
    next,
    json,
    { type: 'REVIVE', framework_id: before.id },
    before.stream.streamId,
  );
  t.is(old.text, wrongStream(before.stream.streamId, before.id.value));

  const starting = await after.update(owed);
  t.is(starting.state, 'TASK_STARTING');
  await after.acknowledge(starting);
  const running = await after.update(owed);
  t.is(running.state, 'TASK_RUNNING');
  await after.acknowledge(running);
  await after.untilState({ task_id: { value: 'never' }, agent_id: offer.agent_id }, 'TASK_GONE');

  const fresh = await after.offer();
  const later = taskOn(fresh, 'later', 'true');
  await after.launch(fresh, later);
  t.is((await after.update(later)).state, 'TASK_STARTING');
  await after.tell({ type: 'KILL', kill: { task_id: settled.task_id } });
  t.is((await after.update(settled, runs)).state, 'TASK_KILLED');
  await after.tell({ type: 'TEARDOWN' });
  await after.stream.rest();
});

test.serial('what belonged to a framework that was torn down has ended', async (t) => {
  const pids = [...(await marked()).values()];
  t.is(pids.length, dialects.length + 3, 'one a conversation, and three in the others');
  await until(
    () => !pids.some(isAlive),
    limitMs,
    () => `${pids.filter(isAlive).join(', ')} still run`,
  );
});

const multiRole = { roles: ['web'], capabilities: [{ type: 'MULTI_ROLE' }] } as const;
const refinement = { capabilities: [{ type: 'RESERVATION_REFINEMENT' }] } as const;

/** It is told the difference between what is lost and what was never known. */
function framework(name: string): FrameworkInfo {
  return {
    user: userInfo().username,
    name,
    failover_timeout: 3600,
    capabilities: [{ type: 'PARTITION_AWARE' }],
  };
}

function taskOn({ agent_id }: Offer, name: string, value: string): TaskInfo {
  return {
    name,
    task_id: { value: name },
    agent_id,
    command: { value },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
  };
}

function assertReconciled(t: ExecutionContext, status: TaskStatus, state: TaskState): void {
  t.is(status.state, state);
  t.is(status.source, 'SOURCE_MASTER');
  t.is(status.reason, 'REASON_RECONCILIATION');
  t.is(status.message, 'Reconciliation: Latest task state');
  t.is(status.uuid, undefined, 'there is nothing to acknowledge');
}

function assertOfExecutor(t: ExecutionContext, status: TaskStatus, { agent_id }: Offer): void {
  t.is(status.source, 'SOURCE_EXECUTOR');
  t.deepEqual(status.agent_id, agent_id);
  t.deepEqual(status.executor_id, status.task_id);
  t.is(status.uuid?.length, 16);
  t.is((status.uuid?.[6] ?? 0) >> 4, 4, 'a random UUID says that it is one');
  t.true((status.timestamp ?? 0) > 0);
  t.truthy(status.container_status?.container_id?.value);
}

const wrongStream = (streamId: string, frameworkId: string): string =>
  `The stream ID '${streamId}' included in this request didn't match the stream ID currently ` +
  `associated with framework ID ${frameworkId}`;

/** An update is told before it is logged: waits for the log to know those of these states. */
async function untilLogged(
  address: string,
  wanted: Readonly<Record<string, TaskState>>,
): Promise<void> {
  await until(
    async () => {
      const reply = await fetch(`http://${address}/state`);
      const { frameworks }: ListedState = JSON.parse(await reply.text());
      const tasks = frameworks.flatMap((each) => each.tasks);
      return Object.entries(wanted).every(([id, state]) => {
        const task = tasks.find((each) => each.id === id);
        return task?.statuses.at(-1)?.state === state;
      });
    },
    limitMs,
    () => `${JSON.stringify(wanted)} in the log`,
  );
}

type ListedState = {
  readonly frameworks: readonly {
    readonly tasks: readonly {
      readonly id: string;
      readonly statuses: readonly { readonly state: string }[];
    }[];
  }[];
};

/** Leaves the number of its process under `mark`. */
const sleeping = (mark: string): string => `echo $$ > ${folder}/${mark}.pid; exec sleep 600`;

/** By mark, the processes that have begun. */
async function marked(): Promise<ReadonlyMap<string, number>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.pid'));
  const entries = files.map(async (file): Promise<readonly [string, number]> => {
    const text = await readFile(join(folder, file), 'utf8');
    return [file.slice(0, -'.pid'.length), Number(text)];
  });
  return new Map(await Promise.all(entries));
}
