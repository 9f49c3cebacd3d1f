/** Ends its framework with all that it runs, and begins anew as another one. */
import { useSoon } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const restarter: Temperament = {
  name: 'restarter',
  figures: ['teardowns'],
  newMind: (body) => {
    let isTearingDown = false;
    const tearDown = (): void => {
      if (!isTearingDown && body.isFinishing) return;
      isTearingDown = true;
      body.call({ type: 'TEARDOWN' });
    };
    return {
      framework: () => modernFramework([body.name]),
      onSubscribed() {
        if (isTearingDown) tearDown();
        else body.after(2000 + body.random.below(10_000), tearDown);
      },
      onOffer: (offer) => useSoon(body, offer, { wanted: 5, kills: 0.05 }),
      onRefused() {
        if (!isTearingDown) return false;
        isTearingDown = false;
        body.count('teardowns');
        body.beginAnew();
        return true;
      },
    };
  },
};
