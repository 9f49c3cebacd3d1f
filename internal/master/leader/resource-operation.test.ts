/** Operations on offered resources, from ACCEPT to the agent and back (contract 4.2, 5.6, 8). */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { equals } from '#internal/resources/resources.ts';
import { resourcesFromWire, resourcesToWire } from '#internal/wire/resources.ts';
import type {
  Offer,
  Offer_Operation,
  OperationStatus,
  Resource,
  Resource_DiskInfo,
} from '#proto/gen/mesos/v1.ts';
import { smallCluster, TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import type { TestAgent } from '../testing/test-agent.ts';
import { taskFor, type TestScheduler } from '../testing/test-scheduler.ts';

const capabilities = ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT'] as const;
const principal = 'ops';

type Given = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly agent: TestAgent;
  readonly scheduler: TestScheduler;
};

async function given(): Promise<Given> {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader, { capabilities, principal });
  const agent = await cluster.agent(leader, 'a1', { resources: plain('cpus:4;mem:1024;disk:100') });
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  return { cluster, leader, agent, scheduler };
}

function plain(text: string): readonly Resource[] {
  const read = parseResources(text);
  if (!read.ok) throw new Error(read.refusal);
  return resourcesToWire(read.value, 'new').map((one) => ({ ...one }));
}

const reserved = (text: string, by: string = principal): readonly Resource[] =>
  plain(text).map((one) => ({
    ...one,
    reservations: [{ type: 'DYNAMIC', role: 'test', principal: by }],
  }));

const data: Resource_DiskInfo = {
  persistence: { id: 'v1', principal },
  volume: { container_path: 'data', mode: 'RW' },
};

const volume = (size: number, disk: Resource_DiskInfo = data): Resource => ({
  ...reserved(`disk:${size}`)[0]!,
  disk,
});

const named = (value: string): Pick<Offer_Operation, 'id'> => ({ id: { value } });

const statuses = ({ events }: TestScheduler): readonly OperationStatus[] =>
  events.flatMap(({ update_operation_status: update }) => (update ? [update.status] : []));

function offeredText({ offers }: TestScheduler): readonly string[] {
  return [...offers.values()]
    .flatMap(({ resources = [] }) => resources)
    .map(({ allocation_info: _role, ...one }) => resourcesFromWire([one]))
    .map((read) => (read.ok ? format(read.value) : read.refusal))
    .toSorted();
}

/** What the log, the allocator and the agent take for the agent's total, which must be one thing. */
function totalsOf({ leader, agent }: Given): { readonly text: string; readonly isOne: boolean } {
  const { total } = leader.ledger.state().agents.get(agentId(agent.id))!;
  const own = plain('cpus:4;mem:1024;disk:100');
  return { text: format(total), isOne: equals(total, agent.operations.total(own)) };
}

async function acknowledge(scheduler: TestScheduler, status: OperationStatus): Promise<void> {
  const { uuid, agent_id, operation_id } = status;
  await scheduler.call({
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    acknowledge_operation_status: {
      agent_id: agent_id!,
      uuid: uuid!.value,
      operation_id: operation_id!,
    },
  });
}

test('one ACCEPT reserves, makes a volume, and launches on it; the rest comes back', async (t) => {
  const all = await given();
  const { cluster, scheduler, agent, leader } = all;
  const { offer } = scheduler;
  const own = [...reserved('cpus:1'), volume(40), ...plain('mem:64')];
  await scheduler.accept(
    [offer],
    [
      { type: 'RESERVE', ...named('r'), reserve: { resources: reserved('cpus:2;disk:40') } },
      { type: 'CREATE', ...named('c'), create: { volumes: [volume(40)] } },
      { type: 'LAUNCH', launch: { task_infos: [taskFor(offer, 't1', { resources: own })] } },
    ],
    { refuse_seconds: 0 },
  );
  await cluster.settle();
  t.deepEqual(scheduler.updates(), []);
  t.deepEqual(
    agent.heard('apply_operation').map(({ info }) => info.id?.value),
    ['r', 'c'],
  );
  t.is(agent.starts.get('t1'), 1);
  // It hears of what the task is launched on before it hears of the task.
  t.deepEqual(
    agent.received.flatMap(({ apply_operation: one, run_task: run }) =>
      one === undefined && run === undefined ? [] : [one?.info.type ?? 'TASK'],
    ),
    ['RESERVE', 'CREATE', 'TASK'],
  );
  t.true(totalsOf(all).isOne, totalsOf(all).text);
  await cluster.until(() => scheduler.offers.size > 0, 'the rest is not offered');
  t.deepEqual(offeredText(scheduler), [
    'cpus(reservations: [(DYNAMIC,test,ops)]):1',
    'cpus:2',
    'disk:60',
    'mem:960',
  ]);
  const finished = statuses(scheduler);
  t.deepEqual(
    finished.map(({ operation_id: id, state }) => `${id?.value} ${state}`),
    ['r OPERATION_FINISHED', 'c OPERATION_FINISHED'],
  );
  t.deepEqual([...agent.operations.uuids].length, 2);
  for (const status of finished) await acknowledge(scheduler, status);
  await cluster.settle();
  t.deepEqual(agent.operations.uuids, []);
  t.is(leader.ledger.state().operations.size, 0);
});

test('no agent is drained while the end of an operation on it is not acknowledged', async (t) => {
  const { cluster, leader, agent, scheduler } = await given();
  const { offer } = scheduler;
  const reserve = { resources: reserved('cpus:1') };
  await scheduler.accept([offer], [{ type: 'RESERVE', ...named('r'), reserve }]);
  await cluster.until(() => statuses(scheduler).length > 0, 'not told');
  const drain_agent = { agent_id: { value: agent.id } };
  await cluster.world.settle(leader.master.operate({ type: 'DRAIN_AGENT', drain_agent }), {
    withinMs: 1000,
  });
  await cluster.settle();
  const state = (): string | undefined =>
    leader.ledger.state().agents.get(agentId(agent.id))?.deactivation?.kind;
  t.is(state(), 'draining', 'nothing runs there, but the end of the operation is not acknowledged');
  for (const status of statuses(scheduler)) await acknowledge(scheduler, status);
  await cluster.until(() => state() === 'drained', 'not drained');
});

test('before the log has an operation nobody hears of it, and nothing of its ACCEPT is offered', async (t) => {
  const { cluster, scheduler, agent } = await given();
  cluster.log.hold();
  const operation = { type: 'RESERVE', reserve: { resources: reserved('cpus:1') } } as const;
  await scheduler.accept([scheduler.offer], [operation], { refuse_seconds: 0 });
  await cluster.world.runFor(3000);
  t.deepEqual([agent.heard('apply_operation'), offeredText(scheduler)], [[], []]);
  cluster.log.release();
  await cluster.until(() => scheduler.offers.size > 0, 'nothing is offered');
  t.is(agent.heard('apply_operation').length, 1);
  t.true(offeredText(scheduler).includes('cpus(reservations: [(DYNAMIC,test,ops)]):1'));
  // Nobody asked to be told.
  t.deepEqual(statuses(scheduler), []);
  t.deepEqual(agent.operations.uuids, []);
});

test('what is reserved for one role is offered to no other', async (t) => {
  const { cluster, leader, scheduler } = await given();
  const other = await cluster.scheduler(leader, { roles: ['other'], capabilities });
  const operation = {
    type: 'RESERVE',
    reserve: { resources: reserved('cpus:1;mem:100') },
  } as const;
  await scheduler.accept([scheduler.offer], [operation], { refuse_seconds: 3600 });
  await cluster.until(() => other.offers.size > 0, 'nothing for the other');
  await cluster.world.runFor(5000);
  t.deepEqual(offeredText(other), ['cpus:3', 'disk:100', 'mem:924']);
});

test('every operation undone leaves the agent as it was', async (t) => {
  const all = await given();
  const { cluster, scheduler } = all;
  const before = totalsOf(all).text;
  const step = async (...operations: readonly Offer_Operation[]): Promise<void> => {
    await cluster.until(() => scheduler.offers.size > 0, 'no offer');
    await scheduler.accept([...scheduler.offers.values()], operations, { refuse_seconds: 0 });
    await cluster.settle();
    t.true(totalsOf(all).isOne);
  };
  await step({ type: 'RESERVE', reserve: { resources: reserved('cpus:1;disk:50') } });
  await step({ type: 'CREATE', create: { volumes: [volume(40)] } });
  await step({
    type: 'GROW_VOLUME',
    grow_volume: { volume: volume(40), addition: reserved('disk:10')[0]! },
  });
  t.true(totalsOf(all).text.includes('[v1:data]:50'), totalsOf(all).text);
  await step({
    type: 'SHRINK_VOLUME',
    shrink_volume: { volume: volume(50), subtract: { value: 20 } },
  });
  t.true(totalsOf(all).text.includes('[v1:data]:30'), totalsOf(all).text);
  await step(
    { type: 'DESTROY', destroy: { volumes: [volume(30)] } },
    { type: 'UNRESERVE', unreserve: { resources: reserved('cpus:1;disk:50') } },
  );
  const sorted = (text: string): string => text.split('; ').toSorted().join('; ');
  t.is(sorted(totalsOf(all).text), sorted(before));
});

test('an operation that cannot be is refused in the words of a real Mesos, or in silence', async (t) => {
  const { cluster, scheduler, agent } = await given();
  const { offer } = scheduler;
  const at = `; on agent ${agent.id} at slave(1)@127.0.0.1:5051 (a1)`;
  const bare = { ...plain('disk:10')[0]!, disk: data };
  const rows: readonly [Offer_Operation, string][] = [
    [
      { type: 'RESERVE', reserve: { resources: plain('cpus:1') } },
      `Resource cpus(allocated: test):1 is not dynamically reserved${at}`,
    ],
    [
      { type: 'RESERVE', reserve: { resources: reserved('cpus:1', 'x') } },
      "A reserve operation was attempted by authenticated principal 'ops', which does not match " +
        `a reserved resource in the request with principal 'x'${at}`,
    ],
    [
      {
        type: 'RESERVE',
        reserve: {
          resources: plain('cpus:1').map((one) => ({
            ...one,
            reservations: [{ type: 'DYNAMIC', role: 'zz', principal } as const],
          })),
        },
      },
      "A reserve operation was attempted for a resource with role 'zz', but the resource was " +
        `allocated to role 'test'${at}`,
    ],
    [
      { type: 'RESERVE', reserve: { source: plain('cpus:1'), resources: reserved('cpus:1') } },
      'Operation attempted with invalid resources: ' +
        'Reservation updates are not yet implemented for the scheduler API.',
    ],
    [
      { type: 'UNRESERVE', unreserve: { resources: reserved('disk:10') } },
      'cpus(allocated: test):4; mem(allocated: test):1024; disk(allocated: test):100 does not ' +
        'contain disk(allocated: test)(reservations: [(DYNAMIC,test,ops)]):10',
    ],
    [
      { type: 'UNRESERVE', unreserve: { resources: [volume(10)] } },
      'A dynamically reserved persistent volume ' +
        'disk(allocated: test)(reservations: [(DYNAMIC,test,ops)])[v1:data]:10 cannot be ' +
        'unreserved directly. Please destroy the persistent volume first then unreserve the ' +
        `resource${at}`,
    ],
    [
      { type: 'CREATE', create: { volumes: [bare] } },
      'Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from unreserved ' +
        `resources${at}`,
    ],
    [
      {
        type: 'CREATE',
        create: { volumes: [volume(10, { persistence: { id: 'v', principal } })] },
      },
      `Invalid resources: Invalid DiskInfo: Expecting 'volume' to be set for persistent volume${at}`,
    ],
    [{ type: 'DESTROY', destroy: { volumes: [volume(10)] } }, `Persistent volumes not found${at}`],
    [
      {
        type: 'SHRINK_VOLUME',
        shrink_volume: { volume: volume(10), subtract: { value: 10 } },
      },
      "Value of 'ShrinkVolume.subtract' must be smaller than the size of " +
        `'ShrinkVolume.volume'${at}`,
    ],
    [
      {
        type: 'GROW_VOLUME',
        grow_volume: { volume: volume(10), addition: plain('disk:5')[0]! },
      },
      "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields" + at,
    ],
    [
      { type: 'RESERVE', reserve: { resources: [{ name: 'cpus', type: 'SCALAR' }] } },
      "Operation attempted with invalid resources: Resource 'cpus:0' is invalid: " +
        'Invalid scalar resource',
    ],
  ];
  await scheduler.accept(
    [offer],
    rows.flatMap(([operation], i) => [operation, { ...operation, ...named(`o${i}`) }]),
  );
  await cluster.settle();
  t.deepEqual(
    statuses(scheduler).map(({ message }) => message),
    rows.map(([, text]) => text),
  );
  for (const { state, uuid, agent_id } of statuses(scheduler)) {
    t.deepEqual([state, uuid, agent_id], ['OPERATION_ERROR', undefined, undefined]);
  }
  t.deepEqual(agent.heard('apply_operation'), []);
});

test('a volume that a task holds is not destroyed, and one name is given once', async (t) => {
  const { cluster, scheduler } = await given();
  const { offer } = scheduler;
  const own = [...plain('cpus:1;mem:64'), volume(10)];
  await scheduler.accept(
    [offer],
    [
      { type: 'RESERVE', reserve: { resources: reserved('disk:30') } },
      { type: 'CREATE', create: { volumes: [volume(10)] } },
      { type: 'CREATE', ...named('again'), create: { volumes: [volume(20)] } },
      { type: 'LAUNCH', launch: { task_infos: [taskFor(offer, 't1', { resources: own })] } },
      { type: 'DESTROY', ...named('d'), destroy: { volumes: [volume(10)] } },
    ],
  );
  await cluster.settle();
  const texts = statuses(scheduler).map(({ message }) => message?.split(';')[0]);
  t.deepEqual(texts, ["Persistence ID 'v1' is not unique", 'Persistent volumes in use']);
});

test('feedback is for agents that can give it', async (t) => {
  const { cluster, scheduler } = await smallCluster();
  const { offer } = scheduler;
  const task = taskFor(offer, 't1');
  t.is(task.name, 't1');
  await scheduler.accept([offer], [{ type: 'CREATE_DISK', ...named('d') }]);
  await cluster.settle();
  t.is(
    statuses(scheduler)[0]!.message,
    'Operation attempted with invalid resources: ' +
      'A CREATE_DISK offer operation must have the Offer.Operation.create_disk field set.',
  );
});

test('an operation that its agent has not heard of is sent when it is back, and told once', async (t) => {
  const all = await given();
  const { cluster, leader, agent, scheduler } = all;
  const { offer } = scheduler;
  cluster.log.hold();
  const reserve = { resources: reserved('cpus:1') };
  await scheduler.accept([offer], [{ type: 'RESERVE', ...named('r'), reserve }]);
  agent.disconnect();
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(statuses(scheduler), []);
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.is(agent.heard('apply_operation').length, 1);
  t.deepEqual(
    statuses(scheduler).map(({ state }) => state),
    ['OPERATION_FINISHED'],
  );
  t.true(totalsOf(all).isOne);
});

test('an update comes again until it is acknowledged, whoever leads', async (t) => {
  const all = await given();
  const { cluster, leader, agent, scheduler } = all;
  const reserve = { resources: reserved('cpus:1') };
  await scheduler.accept([scheduler.offer], [{ type: 'RESERVE', ...named('r'), reserve }]);
  await cluster.settle();
  t.is(statuses(scheduler).length, 1);
  agent.disconnect();
  const next = await cluster.lead(2);
  t.not(next, leader);
  scheduler.subscribe(next.master);
  agent.connect(next.master.acceptAgent);
  await cluster.until(() => statuses(scheduler).length === 2, 'not told again');
  const [first, second] = statuses(scheduler);
  t.deepEqual(second, first);
  await acknowledge(scheduler, second!);
  await cluster.settle();
  t.deepEqual(agent.operations.uuids, []);
  t.is(agent.heard('apply_operation').length, 1);
  t.is(next.ledger.state().operations.size, 0);
});

test('reconciliation always answers, of known operations with what was told last', async (t) => {
  const { cluster, agent, scheduler } = await given();
  agent.operations.isAnswering = false;
  const reserve = { resources: reserved('cpus:1') };
  await scheduler.accept(
    [scheduler.offer],
    [
      { type: 'RESERVE', ...named('r'), reserve },
      { type: 'RESERVE', reserve },
    ],
  );
  await cluster.settle();
  const asked = async (
    ...operations: readonly {
      readonly operation_id: { readonly value: string };
      readonly agent_id?: Offer['agent_id'];
    }[]
  ): Promise<readonly unknown[]> => {
    const before = statuses(scheduler).length;
    await scheduler.call({ type: 'RECONCILE_OPERATIONS', reconcile_operations: { operations } });
    await cluster.settle();
    return statuses(scheduler)
      .slice(before)
      .map(({ operation_id: id, state, message, uuid }) => [id?.value, state, message, uuid]);
  };
  t.deepEqual(await asked(), [['r', 'OPERATION_PENDING', undefined, undefined]]);
  const [operation] = agent.operations.uuids;
  agent.operations.report(operation!, 'OPERATION_FINISHED');
  await cluster.settle();
  t.deepEqual(await asked({ operation_id: { value: 'r' } }), [
    ['r', 'OPERATION_FINISHED', undefined, undefined],
  ]);
  const unknown = (why: string) => ['x', 'OPERATION_UNKNOWN', `Reconciliation: ${why}`, undefined];
  t.deepEqual(
    await asked(
      { operation_id: { value: 'x' } },
      { operation_id: { value: 'x' }, agent_id: { value: agent.id } },
      { operation_id: { value: 'x' }, agent_id: { value: 'nobody' } },
    ),
    [
      unknown("Operation is unknown and no 'agent_id' was provided"),
      unknown('Operation is unknown'),
      unknown('Both operation and agent are unknown'),
    ],
  );
});

test('what an agent could not do is not so for the masters either', async (t) => {
  const all = await given();
  const { cluster, agent, scheduler } = all;
  const before = totalsOf(all).text;
  agent.operations.isAnswering = false;
  const reserve = { resources: reserved('cpus:1') };
  await scheduler.accept([scheduler.offer], [{ type: 'RESERVE', ...named('r'), reserve }], {
    refuse_seconds: 0,
  });
  await cluster.settle();
  const [uuid] = agent.operations.uuids;
  agent.operations.fail(uuid!, () => agent.introduce());
  await cluster.settle();
  t.deepEqual([totalsOf(all).text, totalsOf(all).isOne], [before, true]);
  t.like(statuses(scheduler)[0], { state: 'OPERATION_FAILED', operation_id: { value: 'r' } });
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not all is offered');
  t.true(offeredText(scheduler).includes('cpus:4'));
});
