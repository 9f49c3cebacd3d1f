import test from 'ava';
import fc from 'fast-check';
import { newTokenBucket, take } from './token-bucket.ts';

test('who waits as told never exceeds the rate by more than the burst', (t) => {
  const counts = fc.array(fc.record({ count: fc.nat(5000), idleMs: fc.nat(500) }));
  fc.assert(
    fc.property(counts, (takes) => {
      let bucket = newTokenBucket(1000, 250, 0);
      let nowMs = 0;
      let taken = 0;
      for (const { count, idleMs } of takes) {
        nowMs += idleMs;
        const step = take(bucket, count, nowMs);
        bucket = step.bucket;
        nowMs += step.waitMs;
        taken += count;
        t.true(taken <= 250 + nowMs + 1e-6);
      }
    }),
  );
});

test('a rate that is not used up costs no waiting', (t) => {
  let bucket = newTokenBucket(1000, 250, 0);
  for (let nowMs = 0; nowMs < 5000; nowMs += 100) {
    const step = take(bucket, 100, nowMs);
    t.is(step.waitMs, 0);
    bucket = step.bucket;
  }
});
