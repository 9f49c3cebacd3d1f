import test from 'ava';
import fc from 'fast-check';
import { Turnstile } from './turnstile.ts';

test('never more are inside than may be, nobody is passed by, and nobody waits without need', async (t) => {
  const steps = fc.array(fc.constantFrom<'enter' | 'leave'>('enter', 'enter', 'leave'), {
    maxLength: 200,
  });
  const limit = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(steps, limit, limit, async (order, insideMax, waitingMax) => {
      const turnstile = new Turnstile({ insideMax, waitingMax });
      const entered: number[] = [];
      const taken: number[] = [];
      let left = 0;
      for (const [visitor, step] of order.entries()) {
        if (step === 'leave') {
          if (left === entered.length) continue;
          turnstile.leave();
          left++;
        } else {
          const waiting = taken.length - entered.length;
          const place = turnstile.enter();
          t.is(place.kind === 'full', entered.length - left === insideMax && waiting >= waitingMax);
          if (place.kind !== 'full') taken.push(visitor);
          if (place.kind === 'inside') entered.push(visitor);
          if (place.kind === 'waiting') void place.turn.then(() => entered.push(visitor));
        }
        await Promise.resolve();
        t.is(entered.length - left, Math.min(insideMax, taken.length - left));
        t.deepEqual(entered, taken.slice(0, entered.length));
      }
    }),
  );
});
