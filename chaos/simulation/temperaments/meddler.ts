/** Asks for what is not its own: kills the tasks of others, and asks after them. */
import { useSoon } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const meddler: Temperament = {
  name: 'meddler',
  figures: ['kills-of-others'],
  newMind: (body) => ({
    framework: () => modernFramework([body.name]),
    onOffer(offer) {
      useSoon(body, offer, { wanted: 4, kills: 0.1 });
      const foreign = body.random.chance(0.2)
        ? body.witness.laws.containers.anyTask(body.random)
        : undefined;
      if (foreign === undefined || body.tasks.get(foreign) !== undefined) return;
      body.count('kills-of-others');
      const task_id = { value: foreign };
      body.call({ type: 'KILL', kill: { task_id } });
      body.call({ type: 'RECONCILE', reconcile: { tasks: [{ task_id }] } });
      body.reconcile('implicit');
    },
  }),
};
