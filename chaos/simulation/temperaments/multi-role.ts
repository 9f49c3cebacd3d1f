/** Works for several roles, and wants offers of some of them for a while only. */
import { useSoon } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Body, Temperament } from './temperament.ts';

const rolesOf = ({ name }: Body): readonly string[] => [`${name}-a`, `${name}-b`, `${name}-b/c`];

export const multiRole: Temperament = {
  name: 'multi-role',
  figures: ['roles-suppressed', 'roles-revived'],
  newMind: (body) => {
    const change = (): void => {
      if (body.isFinishing) return;
      const roles = rolesOf(body).filter(() => body.random.oneIn(2));
      if (body.random.oneIn(2)) {
        body.count('roles-suppressed');
        body.call({ type: 'SUPPRESS', suppress: { roles } });
      } else {
        body.count('roles-revived');
        body.call({ type: 'REVIVE', revive: { roles } });
      }
      body.after(500 + body.random.below(4000), change);
    };
    return {
      framework: () => modernFramework(rolesOf(body)),
      onSubscribed: () => body.after(body.random.below(3000), change),
      onOffer: (offer) => useSoon(body, offer, { wanted: 6, kills: 0.1 }),
    };
  },
};
