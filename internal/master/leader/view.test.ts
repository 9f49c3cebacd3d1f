import test from 'ava';
import { smallCluster } from '../testing/test-cluster.ts';

test('a view is of its moment, whenever it is read', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { master } = leader;
  const [early, seen] = [master.view(), master.view()];
  // One is read now, the other when nothing is any more as it was.
  const { offers, connectedAgents, recoveredAgents } = seen;
  t.deepEqual([offers.length, [...connectedAgents]], [1, [agent.id]]);
  await scheduler.accept([scheduler.offer], [], { refuse_seconds: 60 });
  agent.disconnect();
  await cluster.settle();
  const late = master.view();
  t.deepEqual([late.offers.length, late.connectedAgents.size], [0, 0]);
  t.deepEqual(early.offers, offers);
  t.deepEqual(early.connectedAgents, connectedAgents);
  t.deepEqual(early.recoveredAgents, recoveredAgents);
  t.is(early.offers, early.offers, 'it is made once');
});
