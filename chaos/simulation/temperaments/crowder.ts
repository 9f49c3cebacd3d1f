/**
 * Fills whatever it is offered with tasks, hundreds in a run, and kills some. Not dealt out with the others:
 * a seed says whether there is one.
 */
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

const tasksMax = 120;
const tasksOfOffer = 8;

export const crowder: Temperament = {
  name: 'crowder',
  figures: ['tasks-of-a-crowd'],
  newMind: (body) => ({
    framework: () => modernFramework([body.name]),
    onOffer(offer) {
      const { random } = body;
      const room = Math.min(tasksOfOffer, tasksMax - body.tasks.open.length);
      const infos = room <= 0 ? [] : body.pack([offer], room);
      if (infos.length === 0) {
        body.decline([offer], 1 + random.below(3));
        return;
      }
      for (const { task_id } of infos) {
        body.count('tasks-of-a-crowd');
        if (random.chance(0.05)) body.after(random.below(3000), () => body.kill(task_id.value));
      }
      body.launch([offer], infos, random.below(2));
    },
  }),
};
