/** Was written before partitions had states: what is out of reach is lost to it. */
import { useSoon } from './eager.ts';
import { oldFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const old: Temperament = {
  name: 'old',
  newMind: (body) => ({
    framework: () => oldFramework(body.name),
    onOffer: (offer) => useSoon(body, offer, { wanted: 6, kills: 0.1 }),
  }),
};
