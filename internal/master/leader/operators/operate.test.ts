/** What operators decide, from the call to its effect, and what they are told when it cannot be. */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { smallCluster } from '../../testing/test-cluster.ts';
import { taskFor, type TestScheduler } from '../../testing/test-scheduler.ts';

type Small = Awaited<ReturnType<typeof smallCluster>>;

const ask = ({ cluster, leader }: Small, call: Call): Promise<{ status: number; text: string }> =>
  cluster.world.settle(leader.master.operate(call), { withinMs: 1000 });

const rescinded = ({ events }: TestScheduler): readonly string[] =>
  events.flatMap(({ rescind }) => rescind?.offer_id.value ?? []);

const machine = { hostname: 'a1', ip: '127.0.0.1' };
const unavailability = { start: { nanoseconds: 5_000_000_000n } };
const window = { machine_ids: [machine], unavailability };

const schedule = (...windows: readonly (typeof window)[]): Call => ({
  type: 'UPDATE_MAINTENANCE_SCHEDULE',
  update_maintenance_schedule: { schedule: { windows } },
});

const quota = (role: string, guarantee: number, limit: number, force?: boolean): Call => ({
  type: 'UPDATE_QUOTA',
  update_quota: {
    ...(force !== undefined && { force }),
    quota_configs: [
      { role, guarantees: { cpus: { value: guarantee } }, limits: { cpus: { value: limit } } },
    ],
  },
});

const weight = (role: string, value: number): Call => ({
  type: 'UPDATE_WEIGHTS',
  update_weights: { weight_infos: [{ role, weight: value }] },
});

const named = `'{"hostname":"a1","ip":"127.0.0.1"}'`;

/** What cannot be decided, and the words of contract 10.2 to 10.6. */
const refusals: readonly (readonly [call: Call, status: number, text: string])[] = [
  [
    weight('a//b', 1),
    400,
    `Failed to validate update weights request JSON: Invalid role 'a//b': Role 'a//b' cannot contain two adjacent slashes`,
  ],
  [
    weight('a', 0),
    400,
    `Failed to validate update weights request JSON for role 'a': Invalid weight '0': Weights must be positive`,
  ],
  [quota('a/b', 1, 1), 400, `Updating quota on nested role 'a/b' is not supported yet`],
  [quota('', 1, 1), 400, `Invalid QuotaConfig: 'QuotaConfig.role' must be set`],
  [
    quota('a', -1, 1),
    400,
    `Invalid QuotaConfig: Invalid guarantee configuration {'cpus': -1}: Negative values not supported`,
  ],
  [
    quota('a', 5, 2),
    400,
    `Invalid QuotaConfig: 'QuotaConfig.guarantees' { cpus: 5 } is not contained within the 'QuotaConfig.limits' { cpus: 2 }`,
  ],
  [
    quota('a', 9, 9),
    400,
    `Invalid QuotaConfig: total quota guarantees 'cpus:9' exceed cluster capacity 'cpus:4; mem:1024' (use 'force' flag to bypass this check)`,
  ],
  [
    { type: 'REMOVE_QUOTA', remove_quota: { role: 'a' } },
    400,
    `Failed to remove quota: Role 'a' has no quota set`,
  ],
  [
    schedule({ ...window, machine_ids: [] }),
    400,
    'List of machines in the maintenance window is empty',
  ],
  [
    schedule({ ...window, machine_ids: [{ hostname: '', ip: '' }] }),
    400,
    `Both 'hostname' and 'ip' for a machine are empty`,
  ],
  [schedule(window, window), 400, `Machine ${named} appears more than once in the schedule`],
  [
    { type: 'START_MAINTENANCE', start_maintenance: { machines: [machine] } },
    400,
    `Machine ${named} is not part of a maintenance schedule`,
  ],
  [{ type: 'START_MAINTENANCE', start_maintenance: {} }, 400, 'List of machines is empty'],
  [{ type: 'DRAIN_AGENT', drain_agent: { agent_id: { value: 'nope' } } }, 400, 'Unknown agent'],
  [
    { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: { value: 'nope' } } },
    400,
    'Unknown agent',
  ],
  [
    { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: { value: 'nope' } } },
    400,
    'Agent is not deactivated',
  ],
  [
    { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: 'nope' } } },
    404,
    `Agent 'nope' not found`,
  ],
  [
    { type: 'TEARDOWN', teardown: { framework_id: { value: 'nope' } } },
    400,
    'No framework found with specified ID',
  ],
];

test('what cannot be decided is refused in the words of the contract, and changes nothing', async (t) => {
  const small = await smallCluster();
  const before = small.leader.ledger.state();
  for (const [call, status, text] of refusals) {
    t.deepEqual(await ask(small, call), { status, text });
  }
  t.is(small.leader.ledger.state(), before);
});

test('offers fall when the weight of a role changes that somebody has', async (t) => {
  const small = await smallCluster();
  const { scheduler, cluster, leader } = small;
  const { offer } = scheduler;
  const [role] = leader.ledger.state().frameworks.first()!.framework.roles;
  t.is((await ask(small, weight('nobody', 2))).status, 200);
  t.deepEqual(rescinded(scheduler), []);
  t.is((await ask(small, weight(role!, 2))).status, 200);
  await cluster.settle();
  t.deepEqual(rescinded(scheduler), [offer.id.value]);
});

test('a limit that is already exceeded is set by force alone', async (t) => {
  const small = await smallCluster();
  const { scheduler, cluster, agent, leader } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't'));
  await cluster.until(() => agent.tasks.has('t'), 'not launched');
  const [role] = leader.ledger.state().frameworks.first()!.framework.roles;
  const refused = await ask(small, quota(role!, 0, 0));
  t.is(refused.status, 400);
  t.regex(
    refused.text,
    /^Invalid QuotaConfig: Role '.*' is already consuming 'cpus:.*use 'force'/u,
  );
  t.is((await ask(small, quota(role!, 0, 0, true))).status, 200);
});

test('a deactivated agent keeps its tasks and is offered no more, until it is reactivated', async (t) => {
  const small = await smallCluster();
  const { scheduler, cluster, agent } = small;
  const { offer } = scheduler;
  const agent_id = { value: agent.id };
  t.is(
    (await ask(small, { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id } })).status,
    200,
  );
  await cluster.settle();
  t.deepEqual(rescinded(scheduler), [offer.id.value]);
  t.is(scheduler.offered('cpus'), 0);
  const again = { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id } } as const;
  t.is((await ask(small, again)).status, 200);
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not offered again', 3000);
  t.deepEqual(await ask(small, again), { status: 400, text: 'Agent is not deactivated' });
});

test('a drain is told to the agent, survives its absence, and ends when all is acknowledged', async (t) => {
  const small = await smallCluster();
  const { scheduler, cluster, agent, leader } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't'));
  await cluster.until(() => agent.tasks.has('t'), 'not launched');
  const agent_id = { value: agent.id };
  const drain_agent = { agent_id, max_grace_period: { seconds: 3n } };
  t.is((await ask(small, { type: 'DRAIN_AGENT', drain_agent })).status, 200);
  await cluster.settle();
  const config = { max_grace_ms: 3000, gone_then: false };
  const [told] = agent.heard('drain');
  t.like(told, { config });
  agent.disconnect();
  agent.connect(leader.master.acceptAgent);
  await cluster.until(() => agent.heard('drain').length === 2, 'not told again');
  const state = (): string | undefined =>
    leader.ledger.state().agents.get(agentId(agent.id))?.deactivation?.kind;
  t.deepEqual(await ask(small, { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id } }), {
    status: 400,
    text: 'Agent is still in the DRAINING state',
  });
  const status = agent.report('t', 'TASK_KILLED');
  await cluster.until(() => scheduler.updates('t').length > 0, 'not told');
  t.is(state(), 'draining', 'its end is not acknowledged');
  await scheduler.acknowledge(status);
  await cluster.until(() => state() === 'drained', 'not drained');
});

test('no agent is called drained while something runs there that its framework left behind', async (t) => {
  const small = await smallCluster();
  const { scheduler, cluster, agent, leader } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't'));
  await cluster.until(() => agent.tasks.has('t'), 'not launched');
  const drain_agent = { agent_id: { value: agent.id } };
  t.is((await ask(small, { type: 'DRAIN_AGENT', drain_agent })).status, 200);
  const state = (): string | undefined =>
    leader.ledger.state().agents.get(agentId(agent.id))?.deactivation?.kind;
  agent.disconnect();
  const framework_id = { value: scheduler.id };
  t.is((await ask(small, { type: 'TEARDOWN', teardown: { framework_id } })).status, 200);
  await cluster.settle();
  t.is(leader.ledger.state().frameworks.size, 0);
  t.is(state(), 'draining', 'it is not there to be asked');
  agent.isSlowToKill = true;
  agent.connect(leader.master.acceptAgent);
  await cluster.until(() => agent.heard('shutdown_framework').length > 0, 'not told');
  await cluster.settle();
  t.is(state(), 'draining', 'its task has yet to end');
  agent.say({ drained: { since_ms: 1 } });
  await cluster.settle();
  t.is(state(), 'draining', 'that was of an earlier drain');
  agent.forgetTasks();
  await cluster.until(() => state() === 'drained', 'not drained');
});

test('an agent that drains into being gone is gone, and may not come back', async (t) => {
  const small = await smallCluster();
  const { cluster, agent, leader } = small;
  const id = agentId(agent.id);
  const drain_agent = { agent_id: { value: id }, mark_gone: true };
  t.is((await ask(small, { type: 'DRAIN_AGENT', drain_agent })).status, 200);
  await cluster.until(() => leader.ledger.state().goneAgents.has(id), 'not gone');
  await cluster.until(() => !agent.isConnected, 'still connected');
  t.is(agent.heard('shutdown')[0]?.message, 'Agent has been marked gone');
  agent.connect(leader.master.acceptAgent);
  await cluster.until(() => agent.heard('shutdown').length === 2, 'it was let in');
  const gone = { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: id } } } as const;
  t.deepEqual(await ask(small, gone), { status: 200, text: '' }, 'said again it is as true');
});

test('a machine goes down with its agents, and they come back when it is up', async (t) => {
  const small = await smallCluster();
  const { cluster, agent, leader, scheduler } = small;
  const { offer } = scheduler;
  t.is((await ask(small, schedule(window))).status, 200);
  await cluster.settle();
  t.deepEqual(rescinded(scheduler), [offer.id.value], 'offered again with its window');
  const machines = [machine];
  const down = { type: 'START_MAINTENANCE', start_maintenance: { machines } } as const;
  t.is((await ask(small, down)).status, 200);
  t.is(
    (await ask(small, down)).text,
    `Machine ${named} is not in DRAINING mode and cannot be brought down`,
  );
  t.is(
    (await ask(small, schedule())).text,
    `Machine ${named} is deactivated and cannot be removed from the schedule`,
  );
  await cluster.until(() => !agent.isConnected, 'still connected');
  agent.connect(leader.master.acceptAgent);
  await cluster.until(
    () => agent.heard('shutdown').at(-1)?.message === 'Machine is `DOWN`',
    'let in',
  );
  t.is(
    (await ask(small, { type: 'STOP_MAINTENANCE', stop_maintenance: { machines } })).status,
    200,
  );
  t.true(leader.ledger.state().maintenance.windows.length === 0);
});

test('a deposed leader sends no agent away from a machine that is up again', async (t) => {
  const small = await smallCluster();
  const { cluster, agent, leader } = small;
  const machines = [machine];
  await ask(small, schedule(window));
  await ask(small, { type: 'START_MAINTENANCE', start_maintenance: { machines } });
  await cluster.until(() => !agent.isConnected, 'still connected');
  const sentAway = agent.heard('shutdown').length;
  const second = await cluster.start(2);
  cluster.log.isolate(leader.nodeId);
  t.is(await cluster.lead(2), second);
  const up = { type: 'STOP_MAINTENANCE', stop_maintenance: { machines } } as const;
  t.is((await ask({ ...small, leader: second }, up)).status, 200);
  t.deepEqual(leader.master.leadership(), { kind: 'leading' }, 'it has noticed');
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.is(agent.heard('shutdown').length, sentAway);
  agent.disconnect();
  const before = agent.heard('registered').length;
  agent.connect(second.master.acceptAgent);
  await cluster.until(() => agent.heard('registered').length > before, 'not let in');
});

test('what operators decided holds under the next leader', async (t) => {
  const small = await smallCluster();
  const { cluster, agent, scheduler, leader } = small;
  await ask(small, weight('a', 3));
  await ask(small, quota('b', 1, 2));
  await ask(small, {
    type: 'DEACTIVATE_AGENT',
    deactivate_agent: { agent_id: { value: agent.id } },
  });
  const next = await cluster.lead(2);
  t.not(next, leader);
  t.is(next.ledger.state().weights.size + next.ledger.state().quotas.size, 2);
  agent.disconnect();
  agent.connect(next.master.acceptAgent);
  await cluster.until(() => agent.heard('registered').length > 1, 'not back');
  scheduler.subscribe(next.master);
  await cluster.settle();
  t.is(scheduler.offered('cpus'), 0, 'a deactivated agent is not offered by the next leader');
});
