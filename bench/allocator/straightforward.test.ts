/** That the yardstick does the same work: what it gives is as valid, and nothing is left behind. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { isForRole } from '#internal/resources/reservation.ts';
import { contains, isEmpty, subtract, unallocated } from '#internal/resources/resources.ts';
import { newCluster } from './rounds.ts';
import { newStraightforward, type PlainOffer, type Reckoning } from './straightforward.ts';
import { agentsOf, frameworksOf, type Shape } from './workload.ts';

const shape: Shape = { agents: 60, frameworks: 12, roles: 4 };

function yardstick(reckoning: Reckoning = 'in-comparator'): ReturnType<typeof newStraightforward> {
  const made = newStraightforward(randomFromSeed(1), reckoning);
  for (const { id, total } of agentsOf(shape)) made.addAgent(id, total);
  for (const { id, role } of frameworksOf(shape)) made.addFramework(id, role);
  return made;
}

type Given = Pick<PlainOffer, 'agentId' | 'role' | 'resources'>;

/** Each agent's total is given away once, all of it, and the reserved to those that it is for. */
function leftOver(offers: readonly Given[]): readonly string[] {
  return agentsOf(shape).flatMap(({ id, total }) => {
    let rest = total;
    for (const { resources, role } of offers.filter(({ agentId }) => agentId === id)) {
      const bare = unallocated(resources);
      if (!contains(rest, bare)) return [`${id} is given twice`];
      if (!bare.every((one) => isForRole(one, role))) return [`${id} is given to strangers`];
      rest = subtract(rest, bare);
    }
    return isEmpty(rest) ? [] : [`something of ${id} is left`];
  });
}

test('both give all of every agent, once, and what is reserved to its role', (t) => {
  t.deepEqual(leftOver(yardstick().allocate(0)), []);
  t.deepEqual(leftOver(newCluster(shape).allocate({ nowMs: 0 }).offers), []);
});

test('both give each role as many agents, within one', (t) => {
  const counts = [yardstick().allocate(0), newCluster(shape).allocate({ nowMs: 0 }).offers].map(
    (offers) =>
      [...new Set(frameworksOf(shape).map(({ role }) => role))].map(
        (role) =>
          offers.filter(
            (one) => one.role === role && one.resources.some(({ name }) => name === 'ports'),
          ).length,
      ),
  );
  for (const [at, count] of (counts[0] ?? []).entries()) {
    t.true(Math.abs(count - (counts[1]?.[at] ?? 0)) <= 1, JSON.stringify(counts));
  }
});

test('the yardstick, too, offers nothing again that was refused', (t) => {
  const made = yardstick();
  const offers = made.allocate(0);
  for (const offer of offers) made.giveBack(offer, 3600, 0);
  for (const again of made.allocate(1000)) {
    const before = offers.find(
      ({ agentId, frameworkId }) => agentId === again.agentId && frameworkId === again.frameworkId,
    );
    t.false(before !== undefined && contains(before.resources, again.resources));
  }
});

test('when shares are reckoned changes nothing that the yardstick gives', (t) => {
  t.deepEqual(yardstick('in-comparator').allocate(0), yardstick('once-a-sort').allocate(0));
});
