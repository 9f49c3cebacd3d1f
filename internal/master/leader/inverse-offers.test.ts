/** Frameworks that are asked to leave agents, and offers of agents that will be away (contract 3.8). */
import test from 'ava';
import { linesOf } from '#internal/testing/golden-files.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { InverseOffer, Unavailability } from '#proto/gen/mesos/v1.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { getMaintenanceStatus } from '../api/policy-replies.ts';
import { smallCluster, type SmallCluster } from '../testing/test-cluster.ts';
import { taskFor, type TestScheduler } from '../testing/test-scheduler.ts';

const unavailability: Unavailability = {
  start: { nanoseconds: 1_795_397_222_134_900_736n },
  duration: { nanoseconds: 3_600_000_000_000n },
};

const schedule = (...hostnames: readonly string[]): Call => ({
  type: 'UPDATE_MAINTENANCE_SCHEDULE',
  update_maintenance_schedule: {
    schedule: {
      windows: hostnames.map((hostname) => ({
        machine_ids: [{ hostname, ip: '127.0.0.1' }],
        unavailability,
      })),
    },
  },
});

const askedOf = ({ events }: TestScheduler): readonly InverseOffer[] =>
  events.flatMap(({ inverse_offers }) => inverse_offers?.inverse_offers ?? []);

const rescindedOf = ({ events }: TestScheduler): readonly string[] =>
  events.flatMap(({ rescind_inverse_offer: rescind }) => rescind?.inverse_offer_id.value ?? []);

/** A cluster with a task on an agent whose machine is scheduled, and one inverse offer. */
async function scheduled(): Promise<SmallCluster & { readonly asked: InverseOffer }> {
  const small = await smallCluster();
  const { cluster, leader, scheduler, agent } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  void leader.master.operate(schedule('a1'));
  await cluster.until(() => askedOf(scheduler).length > 0, 'not asked', 1100);
  return { ...small, asked: askedOf(scheduler)[0]! };
}

test('who uses an agent that will be away is asked to leave it, as Mesos asks', async (t) => {
  const { scheduler, agent, asked } = await scheduled();
  const recorded = linesOf('testdata/oracle/scheduler-events.jsonl')
    .map((line) => fromJson('mesos.v1.scheduler.Event', line))
    .find(({ type }) => type === 'INVERSE_OFFERS')?.inverse_offers?.inverse_offers?.[0];
  const likeOurs = {
    ...recorded!,
    id: asked.id,
    framework_id: { value: scheduler.id },
    agent_id: { value: agent.id },
    url: { ...recorded!.url!, address: { ...recorded!.url!.address, hostname: 'a1' } },
    unavailability,
  };
  const textOf = (one: InverseOffer): string => toJson('mesos.v1.InverseOffer', one);
  t.is(textOf(asked), textOf(likeOurs));
});

test('offers of a scheduled agent are made again, with its window', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const before = scheduler.offer;
  t.is(before.unavailability, undefined);
  void leader.master.operate(schedule('a1'));
  await cluster.until(() => !scheduler.offers.has(before.id.value), 'not rescinded');
  await cluster.until(() => scheduler.offers.size > 0, 'not offered again');
  t.deepEqual(scheduler.offer.unavailability, unavailability);
  await cluster.until(() => askedOf(scheduler).length > 0, 'offers are something to leave', 1100);
});

test('an answer is shown to operators, and the framework is left alone for a while', async (t) => {
  const { cluster, leader, scheduler, asked } = await scheduled();
  const filters = { refuse_seconds: 5 };
  const inverse_offer_ids = [asked.id];
  const declining = { inverse_offer_ids, filters };
  void scheduler.call({ type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers: declining });
  const statuses = () =>
    getMaintenanceStatus(leader.master.view()).status.draining_machines?.[0]?.statuses ?? [];
  await cluster.settle();
  t.deepEqual(
    statuses().map(({ status, framework_id }) => [status, framework_id.value]),
    [['DECLINE', scheduler.id]],
  );
  await cluster.world.runFor(4500);
  t.is(askedOf(scheduler).length, 1);
  await cluster.world.runFor(2000);
  const [, again] = askedOf(scheduler);
  t.is(askedOf(scheduler).length, 2);
  const accepting = { inverse_offer_ids: [again!.id, asked.id, { value: 'nobody' }] };
  void scheduler.call({ type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: accepting });
  await cluster.settle();
  t.deepEqual(
    statuses().map(({ status }) => status),
    ['ACCEPT'],
  );
});

test('nobody answers for somebody else', async (t) => {
  const { cluster, leader, scheduler, asked } = await scheduled();
  const stranger = await cluster.scheduler(leader, { roles: ['stranger'] });
  const accepting = { inverse_offer_ids: [asked.id] };
  void stranger.call({ type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: accepting });
  await cluster.settle();
  t.deepEqual(leader.master.view().inverseAnswers, []);
  void scheduler.call({ type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: accepting });
  await cluster.settle();
  t.is(leader.master.view().inverseAnswers.length, 1);
});

test('REVIVE asks for the question again', async (t) => {
  const { cluster, scheduler, asked } = await scheduled();
  const declining = { inverse_offer_ids: [asked.id], filters: { refuse_seconds: 3600 } };
  void scheduler.call({ type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers: declining });
  await cluster.world.runFor(3000);
  t.is(askedOf(scheduler).length, 1);
  void scheduler.call({ type: 'REVIVE' });
  await cluster.until(() => askedOf(scheduler).length === 2, 'not asked again');
});

test('when the maintenance is called off, or the agent leaves, the question is withdrawn', async (t) => {
  for (const leaves of [false, true]) {
    const { cluster, leader, scheduler, agent, asked } = await scheduled();
    if (leaves) agent.say({ unregister: { message: 'bye' } });
    else void leader.master.operate(schedule());
    await cluster.until(() => rescindedOf(scheduler).length > 0, 'not rescinded');
    t.deepEqual(rescindedOf(scheduler), [asked.id.value]);
    await cluster.world.runFor(3000);
    t.is(askedOf(scheduler).length, 1);
  }
});

test('when the framework has left by itself, the question is withdrawn', async (t) => {
  const { cluster, scheduler, agent, asked } = await scheduled();
  const declineAll = (): void => {
    const offer_ids = [...scheduler.offers.keys()].map((value) => ({ value }));
    const filters = { refuse_seconds: 3600 };
    void scheduler.call({ type: 'DECLINE', decline: { offer_ids, filters } });
  };
  declineAll();
  const status = agent.report('t1', 'TASK_FINISHED');
  await cluster.settle();
  void scheduler.acknowledge(status);
  await cluster.settle();
  declineAll();
  void scheduler.call({ type: 'SUPPRESS' });
  await cluster.world.runFor(3000);
  declineAll();
  await cluster.until(() => rescindedOf(scheduler).length > 0, 'not rescinded');
  t.deepEqual(rescindedOf(scheduler), [asked.id.value]);
});

test('on a new stream it is asked anew, and the old question is void', async (t) => {
  const { cluster, leader, scheduler, asked } = await scheduled();
  scheduler.subscribe();
  await cluster.until(() => askedOf(scheduler).length === 2, 'not asked again', 1100);
  const accepting = { inverse_offer_ids: [asked.id] };
  void scheduler.call({ type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: accepting });
  await cluster.settle();
  t.deepEqual(leader.master.view().inverseAnswers, []);
  t.deepEqual(rescindedOf(scheduler), []);
});
