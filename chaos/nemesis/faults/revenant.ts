/**
 * A leader that does not notice that it was deposed: the clock by which it would goes ever so slowly, and
 * the other masters are out of its reach. When an agent follows another leader, that agent is left with
 * the old one alone in its reach.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { setSlowness } from './clocks.ts';
import { type Fault, number, together } from './fault.ts';
import { membersOf } from './processes.ts';

/** An election, and an agent's search for who won it. */
const waitMsMax = 40_000;

export const revenant: Fault = {
  words: 'deposed without noticing, and alone in reach of an agent',
  settings: { slowness: 20 },
  takesProcess: false,
  needs: ['clock'],
  async strike(ground, targets, settings) {
    const { cluster, network, random } = ground;
    const [old] = membersOf(cluster, targets);
    const agent = cluster.agents[random.below(cluster.agents.length)];
    if (old === undefined || agent === undefined) return async () => {};
    const others = cluster.masters.filter(({ name }) => name !== old.name);
    const clock = `${ground.switches}/${old.name}.clock`;
    setSlowness(clock, number(settings, 'slowness'));
    const heals: (() => void)[] = [() => setSlowness(clock, 0)];
    for (const { place } of others) {
      heals.push(network.cut(place, old.place), network.cut(old.place, place));
    }
    const apart = cluster.agents.flatMap(({ place }) => [
      network.reset(place, old.place),
      network.reset(old.place, place),
    ]);
    const isElsewhere = (): boolean => {
      const master = ground.followedBy(agent.name);
      return master !== undefined && master !== old.name;
    };
    const deadlineMs = performance.now() + waitMsMax;
    while (!isElsewhere() && performance.now() < deadlineMs) await pause(50);
    for (const join of apart) join();
    // The agent's own connections break at once, so that it looks for another master.
    for (const { place } of others) {
      heals.push(network.reset(place, agent.place), network.reset(agent.place, place));
    }
    return together(heals);
  },
};
