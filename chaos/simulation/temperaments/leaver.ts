/**
 * Leaves without a word while its tasks run, and is not waited for very long: its framework has to end
 * when that time is over, whoever leads then, and however often leaders changed.
 */
import { useSoon } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const leaver: Temperament = {
  name: 'leaver',
  figures: ['schedulers-left'],
  newMind: (body) => {
    const waitedForSeconds = 10 + body.random.below(30);
    return {
      framework: () => modernFramework([body.name], waitedForSeconds),
      onSubscribed() {
        body.after(1000 + body.random.below(10_000), () => {
          if (body.isFinishing || body.tasks.size === 0) return;
          body.count('schedulers-left');
          body.leave();
        });
      },
      onOffer: (offer) => useSoon(body, offer, { wanted: 4, kills: 0 }),
      // It crashed, and was away for longer than that.
      onRefused() {
        body.leave();
        return true;
      },
    };
  },
};
