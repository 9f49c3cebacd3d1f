import test from 'ava';
import { toJson } from '#internal/wire/json.ts';
import { TestCluster } from '../testing/test-cluster.ts';
import { getOperations } from './operations.ts';

test('an operation is shown until it is acknowledged, and pending until its agent has spoken', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  const agent = await cluster.agent(leader, 'a1');
  agent.operations.isAnswering = false;
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  const reservations = [{ type: 'DYNAMIC', role: 'test' }] as const;
  const resources = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, reservations } as const];
  const id = { value: 'mine' };
  await scheduler.accept([scheduler.offer], [{ type: 'RESERVE', id, reserve: { resources } }]);
  await cluster.settle();
  const shown = () => {
    const reply = getOperations(leader.master.view());
    const [one] = reply.operations ?? [];
    return one && JSON.parse(toJson('mesos.v1.Operation', one));
  };
  t.like(shown(), {
    framework_id: { value: scheduler.id },
    agent_id: { value: agent.id },
    info: { type: 'RESERVE', id },
    latest_status: { state: 'OPERATION_PENDING', operation_id: id },
  });
  const [uuid] = agent.operations.uuids;
  agent.operations.report(uuid!, 'OPERATION_FINISHED');
  await cluster.settle();
  t.like(shown().latest_status, { state: 'OPERATION_FINISHED', agent_id: { value: agent.id } });
  const { status } = scheduler.events.flatMap(({ update_operation_status: one }) => one ?? [])[0]!;
  await scheduler.call({
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    acknowledge_operation_status: {
      agent_id: { value: agent.id },
      uuid: status.uuid!.value,
      operation_id: id,
    },
  });
  await cluster.settle();
  t.is(shown(), undefined);
});
