/** What operators make of an agent's resources, and what a real Mesos answered (contract 10.3). */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { TestCluster } from '../../testing/test-cluster.ts';
import { taskFor } from '../../testing/test-scheduler.ts';

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

const reserved = (name: string, value: number, role = 'opres'): Resource => ({
  ...scalar(name, value),
  reservations: [{ type: 'DYNAMIC', role, principal: 'ops' }],
});

const volume = (value: number): Resource => ({
  ...reserved('disk', value),
  disk: {
    persistence: { id: 'opv1', principal: 'ops' },
    volume: { mode: 'RW', container_path: 'data' },
  },
});

async function given() {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const resources = [scalar('cpus', 4), scalar('mem', 1024), scalar('disk', 1000)];
  const agent = await cluster.agent(leader, 'a1', { resources });
  const agent_id = { value: agent.id };
  const ask = async (call: Call): Promise<string> => {
    const answer = await cluster.world.settle(leader.master.operate(call), { withinMs: 1000 });
    await cluster.settle();
    return `${answer.status} ${answer.text}`.trim();
  };
  return {
    cluster,
    leader,
    agent,
    ask,
    reserve: (...list: readonly Resource[]) =>
      ask({ type: 'RESERVE_RESOURCES', reserve_resources: { agent_id, resources: list } }),
    unreserve: (...list: readonly Resource[]) =>
      ask({ type: 'UNRESERVE_RESOURCES', unreserve_resources: { agent_id, resources: list } }),
    create: (...volumes: readonly Resource[]) =>
      ask({ type: 'CREATE_VOLUMES', create_volumes: { agent_id, volumes } }),
    destroy: (...volumes: readonly Resource[]) =>
      ask({ type: 'DESTROY_VOLUMES', destroy_volumes: { agent_id, volumes } }),
    total: () => format(leader.ledger.state().agents.get(agentId(agent.id))!.total),
  };
}

test('an operator reserves, lays out a volume, resizes it, and takes all of it back', async (t) => {
  const { reserve, create, destroy, unreserve, ask, agent, total, leader } = await given();
  const before = total();
  const agent_id = { value: agent.id };
  t.is(await reserve(reserved('disk', 128), reserved('cpus', 1)), '202');
  t.is(await create(volume(64)), '202');
  t.regex(await create(volume(64)), /^400 Invalid CREATE operation on agent .* is not unique$/u);
  const grow_volume = { agent_id, volume: volume(64), addition: reserved('disk', 36) };
  t.is(await ask({ type: 'GROW_VOLUME', grow_volume }), '202');
  const shrink_volume = { agent_id, volume: volume(100), subtract: { value: 90 } };
  t.is(await ask({ type: 'SHRINK_VOLUME', shrink_volume }), '202');
  t.true(total().includes('[opv1:data]:10'), total());
  t.is(await destroy(volume(10)), '202');
  t.is(await unreserve(reserved('disk', 128), reserved('cpus', 1)), '202');
  const sorted = (text: string): string => text.split('; ').toSorted().join('; ');
  t.is(sorted(total()), sorted(before));
  t.is(agent.heard('apply_operation').length, 6);
  // Nobody is to be told how they went: they are acknowledged as they come.
  t.deepEqual([agent.operations.uuids, leader.ledger.state().operations.size], [[], 0]);
});

test('what an operator may not do is refused in the words of a real Mesos', async (t) => {
  const { ask, reserve, unreserve, create, destroy, agent } = await given();
  const place = `${agent.id} at slave(1)@127.0.0.1:5051 (a1)`;
  const nobody = { agent_id: { value: 'nope' }, resources: [reserved('disk', 1)] };
  t.is(
    await ask({ type: 'RESERVE_RESOURCES', reserve_resources: nobody }),
    '400 No agent found with specified ID',
  );
  t.is(
    await reserve(scalar('disk', 1)),
    `400 Invalid RESERVE operation on agent ${place}: Resource disk:1 is not dynamically reserved`,
  );
  t.is(
    await reserve({ name: 'cpus', type: 'SCALAR' }),
    "400 Failed to validate master::Call: Resource 'cpus:0' is invalid: Invalid scalar resource",
  );
  t.is(
    await reserve({ ...reserved('cpus', 1), allocation_info: { role: 'opres' } }),
    `400 Invalid RESERVE operation on agent ${place}: A reserve operation was attempted with an ` +
      'allocated resource, but the operator API only allows reservations to be made to ' +
      'unallocated resources',
  );
  t.is(
    await unreserve(reserved('cpus', 1)),
    '409 cpus:4; mem:1024; disk:1000 does not contain cpus(reservations: [(DYNAMIC,opres,ops)]):1',
  );
  t.is(
    await create({ ...volume(1), reservations: [] }),
    `400 Invalid CREATE operation on agent ${place}: Invalid resources: Invalid DiskInfo: ` +
      'Persistent volumes cannot be created from unreserved resources',
  );
  t.is(await destroy(volume(1)), '400 Invalid DESTROY operation: Persistent volumes not found');
  const grow_volume = { volume: volume(64), addition: reserved('disk', 36) };
  t.is(
    await ask({ type: 'GROW_VOLUME', grow_volume }),
    "400 Failed to validate master::Call: Expecting 'agent_id' to be present; only agent default " +
      'resources are supported right now',
  );
});

test('offers are rescinded until what is needed is free, and no more of them', async (t) => {
  const { cluster, leader, reserve, agent, total } = await given();
  const one = await cluster.scheduler(leader, { roles: ['one'] });
  await cluster.until(() => one.offers.size > 0, 'no offer');
  const { offer } = one;
  await one.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => one.offers.size > 0, 'no second offer', 7000);
  t.is(
    await reserve(reserved('cpus', 3.5)),
    '409 cpus:3; mem:960; disk:1000 does not contain cpus:3.5',
  );
  await cluster.until(() => one.offers.size > 0, 'not offered again', 7000);
  t.is(await reserve(reserved('cpus', 2)), '202');
  const rescinds = one.types().filter((type) => type === 'RESCIND');
  t.is(rescinds.length, 2);
  t.is(agent.heard('apply_operation').length, 1);
  await cluster.until(() => one.offers.size > 0, 'the rest is not offered', 7000);
  t.is(one.offered('cpus'), 1);
  // There is enough beside the offer now.
  const heir = await cluster.scheduler(leader, { roles: ['opres'] });
  await cluster.until(() => heir.offers.size > 0, 'not offered to the role');
  t.is(heir.offered('cpus'), 2);
  t.true(total().includes('cpus(reservations: [(DYNAMIC,opres,ops)]):2'), total());
});

test('an offer that is made while an operator waits for the log falls', async (t) => {
  const { cluster, leader, agent } = await given();
  cluster.log.hold();
  const reserve_resources = { agent_id: { value: agent.id }, resources: [reserved('cpus', 4)] };
  const answer = leader.master.operate({ type: 'RESERVE_RESOURCES', reserve_resources });
  const scheduler = await late(cluster, leader);
  t.is((await cluster.world.settle(answer, { withinMs: 1000 })).status, 202);
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  t.is(scheduler.offered('cpus'), 0);
  t.is(scheduler.offered('mem'), 1024);
});

/** Subscribes behind what the log holds back. */
async function late(cluster: TestCluster, leader: Parameters<TestCluster['scheduler']>[0]) {
  const subscribing = cluster.scheduler(leader, { roles: ['other'] });
  cluster.log.release();
  return await subscribing;
}
