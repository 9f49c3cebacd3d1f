/** Declines most of what it is offered, for long or for a moment, and revives its offers again. */
import { use } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const decliner: Temperament = {
  name: 'decliner',
  figures: ['revivals'],
  newMind: (body) => ({
    framework: () => modernFramework([body.name]),
    onOffer(offer) {
      const { random } = body;
      if (random.chance(0.25)) use(body, [offer], { wanted: 3, kills: 0.1 });
      else body.decline([offer], random.chance(0.3) ? 3600 : random.below(6));
      if (body.isFinishing || !random.chance(0.1)) return;
      body.count('revivals');
      body.call({ type: 'REVIVE' });
    },
  }),
};
