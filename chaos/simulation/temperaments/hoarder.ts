/**
 * Sits on its offers, until it uses several of an agent together: some have been rescinded by then, and
 * some it has used before.
 */
import type { Offer } from '#proto/gen/mesos/v1.ts';
import { use } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Temperament } from './temperament.ts';

const heldMax = 12;

export const hoarder: Temperament = {
  name: 'hoarder',
  figures: ['offers-used-late'],
  newMind: (body) => {
    let held: readonly Offer[] = [];
    const spend = (): void => {
      const { random } = body;
      const one = held[random.below(Math.max(1, held.length))];
      if (one === undefined) return;
      const together = held.filter(({ agent_id }) => agent_id.value === one.agent_id.value);
      // One that stays in its hands is used, or declined, a second time.
      if (!random.chance(0.1)) held = held.filter((offer) => !together.includes(offer));
      body.count('offers-used-late');
      use(body, together, { wanted: 6, kills: 0.1 });
    };
    return {
      framework: () => modernFramework([body.name]),
      onOffer(offer) {
        held = [...held, offer];
        if (held.length > heldMax) spend();
        body.after(1000 + body.random.below(8000), spend);
      },
      onSubscribed() {
        // What it was offered on another stream is nothing any more. It may try.
        if (body.random.chance(0.7)) held = [];
      },
      onFinish() {
        for (const offer of held) body.decline([offer], 0);
        held = [];
      },
    };
  },
};
