/** Shares a role with others like it, and an operator sets the role's quota. */
import { useSoon } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const rationedRole = 'rationed';

export const rationed: Temperament = {
  name: 'rationed',
  newMind: (body) => ({
    framework: () => modernFramework([rationedRole]),
    onOffer: (offer) => useSoon(body, offer, { wanted: 5, kills: 0.1 }),
  }),
};
