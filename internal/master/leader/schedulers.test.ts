/** Subscriptions, and the lives of frameworks (contract 3.2, 3.5 and 3.6). */
import test from 'ava';
import { frameworkId } from '#internal/model/ids.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import { smallCluster, TestCluster } from '../testing/test-cluster.ts';
import { taskFor, TestScheduler } from '../testing/test-scheduler.ts';

const noCapabilities = { capabilities: [] } as const;

test('a subscriber hears SUBSCRIBED, a HEARTBEAT at once, and one every 15 s', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  t.deepEqual(scheduler.types(), ['SUBSCRIBED', 'HEARTBEAT']);
  t.deepEqual(scheduler.events[0]!.subscribed, {
    framework_id: { value: 'm1-1-0000' },
    heartbeat_interval_seconds: 15,
    master_info: {
      id: 'm1-1',
      ip: 16_777_343,
      port: 5051,
      pid: 'master@127.0.0.1:5051',
      hostname: 'host1',
      version: '1.12.0',
      address: { hostname: 'host1', ip: '127.0.0.1', port: 5051 },
    },
  });
  await cluster.world.runFor(14_000);
  t.is(scheduler.events.length, 2);
  await cluster.world.runFor(32_000);
  t.deepEqual(scheduler.types().slice(2), ['HEARTBEAT', 'HEARTBEAT', 'HEARTBEAT']);
});

test('nothing is said on a stream before the framework is in the log', async (t) => {
  const cluster = new TestCluster();
  const { master } = await cluster.lead();
  cluster.log.hold();
  const scheduler = new TestScheduler(master, cluster.world.random('s'));
  scheduler.subscribe();
  await cluster.settle();
  t.deepEqual(scheduler.events, []);
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(scheduler.types(), ['SUBSCRIBED', 'HEARTBEAT']);
});

test('an empty id means a new framework, and any other well-formed one is taken as it is', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const fresh = await cluster.scheduler(leader, { id: { value: '' } });
  t.is(fresh.id, 'm1-1-0000');
  const old = await cluster.scheduler(leader, { id: { value: 'from-another-life' } });
  t.is(old.id, 'from-another-life');
});

const refused: readonly (readonly [
  text: string,
  wishes: ConstructorParameters<typeof TestScheduler>[2],
])[] = [
  ["'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable", { role: 'a' }],
  [
    "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
    { ...noCapabilities, roles: ['a'] },
  ],
  ["'FrameworkInfo.roles' contains duplicate items: { a }", { roles: ['a', 'a'] }],
  [
    "'FrameworkInfo.roles' contains invalid role: Role '/a' cannot start with a slash",
    { roles: ['/a'] },
  ],
  [
    "'FrameworkInfo.role' is not a valid role: Role 'a/' cannot end with a slash",
    { ...noCapabilities, role: 'a/' },
  ],
  ["'a/b' contains invalid characters", { id: { value: 'a/b' } }],
  [
    'Resource quantities must contain at least one quantity',
    { offer_filters: { test: { min_allocatable_resources: { quantities: [{}] } } } },
  ],
  [
    "Invalid resource quantity for 'cpus': Negative values not supported",
    {
      offer_filters: {
        test: {
          min_allocatable_resources: { quantities: [{ quantities: { cpus: { value: -1 } } }] },
        },
      },
    },
  ],
  ['The framework failover_timeout (1e+300) is invalid', { failover_timeout: 1e300 }],
];

test('a SUBSCRIBE that cannot be is a stream of one ERROR', async (t) => {
  const cluster = new TestCluster();
  const { master } = await cluster.lead();
  for (const [text, wishes] of refused) {
    const scheduler = new TestScheduler(master, cluster.world.random('s'), wishes);
    const stream = scheduler.subscribe();
    t.deepEqual(scheduler.events, [{ type: 'ERROR', error: { message: text } }], text);
    t.true(stream.closed.aborted, text);
  }
  const scheduler = new TestScheduler(master, cluster.world.random('s'));
  scheduler.subscribe(master, { suppressed_roles: ['x'] });
  scheduler.subscribe(master, { offer_constraints: { role_constraints: { x: {} } } });
  t.deepEqual(scheduler.errors, [
    'Suppressed roles { x } are not contained in the set of roles',
    "Offer constraints specify `role_constraints` for a role 'x'not contained in the set of roles",
  ]);
  t.is(master.view().state.frameworks.size, 0);
});

test('more frameworks than the bound are told so', async (t) => {
  const cluster = new TestCluster({ master: { frameworksMax: 1 } });
  const leader = await cluster.lead();
  const first = await cluster.scheduler(leader);
  const second = new TestScheduler(leader.master, cluster.world.random('s'));
  second.subscribe();
  t.deepEqual(second.errors, ['This cluster serves no more than 1 frameworks']);
  first.disconnect();
  await cluster.settle();
  first.subscribe();
  await cluster.settle();
  t.true(first.isConnected, 'one that is known is no new one');
});

test('the newest subscriber wins; the older one is told, and its offers die without a RESCIND', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const { offer } = scheduler;
  const other = new TestScheduler(leader.master, cluster.world.random('other'), {
    id: { value: scheduler.id },
  });
  other.subscribe();
  await cluster.settle();
  t.deepEqual(scheduler.errors, ['Framework failed over']);
  t.false(scheduler.isConnected);
  t.false(scheduler.types().includes('RESCIND'));
  t.deepEqual(other.types().slice(0, 2), ['SUBSCRIBED', 'HEARTBEAT']);
  t.is((await scheduler.call({ type: 'REVIVE' })).status, 400);
  await other.launch(offer, taskFor(offer, 't1'));
  t.is(
    other.updates('t1')[0]!.message,
    `Task launched with invalid offers: Offer ${offer.id.value} is no longer valid`,
  );
  await cluster.until(() => other.offered('cpus') === 4, 'the resources are not offered again');
});

test('user and checkpoint stay what they were; another principal is refused and changes nothing', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader, { principal: 'p' });
  const id = { value: scheduler.id };
  const changed = new TestScheduler(leader.master, cluster.world.random('c'), {
    id,
    principal: 'p',
    user: 'other',
    checkpoint: false,
    name: 'renamed',
  });
  changed.subscribe();
  await cluster.settle();
  const { framework } = leader.ledger.state().frameworks.get(frameworkId(id.value))!;
  t.like(framework, { user: 'root', checkpoint: true, name: 'renamed' });

  const thief = new TestScheduler(leader.master, cluster.world.random('t'), { id, principal: 'q' });
  thief.subscribe();
  t.deepEqual(thief.errors, ["Changing framework's principal is not allowed."]);
  await cluster.settle();
  t.true(changed.isConnected);
});

test('a framework without a failover time-out is removed with its stream', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster({ framework: { failover_timeout: 0 } });
  const { id } = scheduler;
  scheduler.disconnect();
  await cluster.settle();
  const state = leader.ledger.state();
  t.is(state.frameworks.size, 0);
  t.is(state.completedFrameworks.first()?.framework.id, frameworkId(id));
  scheduler.subscribe();
  t.deepEqual(scheduler.errors, ['Framework has been removed']);
});

test('a framework that does not come back in time is removed, with its tasks', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  scheduler.disconnect();
  await cluster.world.runFor(59_000);
  t.is(leader.ledger.state().frameworks.size, 1);
  await cluster.world.runFor(2000);
  t.is(leader.ledger.state().frameworks.size, 0);
  t.is(agent.tasks.size, 0);
});

test('a framework that comes back in time keeps its tasks, and its agents hear of it', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  scheduler.disconnect();
  await cluster.world.runFor(30_000);
  const told = agent.heard('update_framework').length;
  scheduler.subscribe();
  await cluster.world.runFor(120_000);
  t.true(agent.tasks.has('t1'));
  t.true(agent.heard('update_framework').length > told);
  t.is(
    leader.ledger.state().frameworks.get(frameworkId(scheduler.id))!.framework.connection.kind,
    'connected',
  );
});

test('a scheduler that comes back before its loss is in the log stays connected', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  cluster.log.hold();
  scheduler.subscribe();
  await cluster.settle();
  const older = scheduler;
  older.disconnect();
  scheduler.subscribe();
  await cluster.settle();
  cluster.log.release();
  await cluster.world.runFor(120_000);
  t.is(
    leader.ledger.state().frameworks.get(frameworkId(scheduler.id))!.framework.connection.kind,
    'connected',
  );
  t.true(scheduler.isConnected);
});

test('a teardown ends stream, tasks and offers, for good', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  t.is((await scheduler.call({ type: 'TEARDOWN' })).status, 202);
  await cluster.settle();
  t.false(scheduler.isConnected);
  t.false(scheduler.types().includes('ERROR'));
  t.is(agent.tasks.size, 0);
  t.deepEqual(leader.master.view().offers, []);
  t.deepEqual(await scheduler.call({ type: 'REVIVE' }), {
    status: 400,
    text: 'Framework cannot be found',
  });
  const next = await cluster.scheduler(leader);
  await cluster.until(() => next.offered('cpus') === 4, 'what it held is not free');
});

test('a call is judged by its framework, its connection and its stream, in this order', async (t) => {
  const { scheduler, leader, cluster } = await smallCluster();
  const { master } = leader;
  const framework_id = { value: scheduler.id };
  const unknown = await master.call({ type: 'REVIVE', framework_id: { value: 'x' } }, undefined);
  t.deepEqual(unknown, { status: 400, text: 'Framework cannot be found' });
  const bare = await master.call({ type: 'REVIVE', framework_id }, undefined);
  t.deepEqual(bare, {
    status: 400,
    text: "All non-subscribe calls should include the 'Mesos-Stream-Id' header",
  });
  const wrong = await master.call({ type: 'REVIVE', framework_id }, 'x');
  t.deepEqual(wrong, {
    status: 400,
    text:
      "The stream ID 'x' included in this request didn't match the stream ID currently " +
      `associated with framework ID ${scheduler.id}`,
  });
  t.is((await scheduler.call({ type: 'UNKNOWN' })).status, 501);
  scheduler.disconnect();
  await cluster.settle();
  const late = await scheduler.call({ type: 'REVIVE' });
  t.deepEqual(late, { status: 403, text: 'Framework is not subscribed' });
});

test('UPDATE_FRAMEWORK is answered when it is in the log, and refuses what may not change', async (t) => {
  const { scheduler, leader, cluster } = await smallCluster();
  const update = (more: Partial<FrameworkInfo>, suppressed_roles: readonly string[] = []) =>
    cluster.world.settle(
      scheduler.call({
        type: 'UPDATE_FRAMEWORK',
        update_framework: { framework_info: { ...scheduler.info, ...more }, suppressed_roles },
      }),
      { withinMs: 100 },
    );
  t.deepEqual(await update({ name: 'renamed', roles: ['test', 'more'] }), {
    status: 200,
    text: '',
  });
  const { framework } = leader.ledger.state().frameworks.get(frameworkId(scheduler.id))!;
  t.like(framework, { name: 'renamed', roles: ['test', 'more'] });
  const texts = [
    await update({ user: 'b' }),
    await update({ checkpoint: false }),
    await update({ principal: 'p' }),
    await update({ roles: ['a', 'a'] }),
    await update({}, ['x']),
  ];
  t.deepEqual(
    texts.map(({ text }) => text),
    [
      "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'root' to 'b'",
      "FrameworkInfo update is not valid: Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'true' to 'false'",
      "FrameworkInfo update is not valid: Changing framework's principal is not allowed.",
      "Supplied FrameworkInfo is not valid: 'FrameworkInfo.roles' contains duplicate items: { a }",
      "'UpdateFramework' call is not valid: Suppressed roles { x } are not contained in the set of roles",
    ],
  );
  t.true(texts.every(({ status }) => status === 400));
});

test('offers of a role that the framework leaves are rescinded', async (t) => {
  const { scheduler, cluster } = await smallCluster();
  const { offer } = scheduler;
  const framework_info = { ...scheduler.info, roles: ['other'] };
  const call = { type: 'UPDATE_FRAMEWORK', update_framework: { framework_info } } as const;
  await cluster.world.settle(scheduler.call(call), { withinMs: 100 });
  t.false(scheduler.offers.has(offer.id.value));
  await cluster.until(() => scheduler.offers.size > 0, 'the other role gets nothing');
  t.is(scheduler.offer.allocation_info?.role, 'other');
});
