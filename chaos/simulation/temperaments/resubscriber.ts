/**
 * Cannot stay: it drops its stream and subscribes again, or opens the next one while the last is still
 * there, and changes what it says of itself on the way.
 */
import { useSoon } from './eager.ts';
import { modernFramework, patientSeconds } from './framework.ts';
import type { Temperament } from './temperament.ts';

export const resubscriber: Temperament = {
  name: 'resubscriber',
  figures: ['streams-left', 'frameworks-updated'],
  newMind: (body) => {
    let extra: readonly string[] = [];
    const framework = () => modernFramework([body.name, ...extra], patientSeconds);
    const restless = (): void => {
      const { random, frameworkId } = body;
      if (body.isFinishing) return;
      extra = random.oneIn(2) ? [] : [`${body.name}-too`];
      if (random.oneIn(3) && frameworkId !== undefined) {
        body.count('frameworks-updated');
        const info = { user: '', name: body.name, id: { value: frameworkId }, ...framework() };
        body.call({ type: 'UPDATE_FRAMEWORK', update_framework: { framework_info: info } });
      } else {
        body.count('streams-left');
        body.resubscribe(random.oneIn(2) ? 'after' : 'beside');
      }
    };
    return {
      framework,
      onSubscribed: () => body.after(500 + body.random.below(6000), restless),
      onOffer: (offer) => useSoon(body, offer, { wanted: 5, kills: 0.1 }),
      // Its other stream came later, and has gone meanwhile.
      onRefused(reason) {
        if (reason !== 'Framework failed over') return false;
        body.resubscribe('after');
        return true;
      },
    };
  },
};
