import test from 'ava';
import { role } from '#internal/model/ids.ts';
import { limits } from '#internal/resources/limits.ts';
import { noQuantities, quantities } from '#internal/resources/quantities.ts';
import { parsePolicy } from './policy.ts';

const none = { weights: [], quota: [], ignoreFilters: false };

test('weights and quota become what the allocator is told', (t) => {
  const policy = parsePolicy({
    weights: ['a=2.5', 'a/b=1'],
    quota: ['a=cpus:4;mem:1024/cpus:8', 'b=/cpus:0;mem:1', 'c='],
    ignoreFilters: true,
  });
  t.true(policy.ok);
  if (!policy.ok) return;
  t.deepEqual(policy.value, {
    ignoresFilters: true,
    events: [
      { kind: 'weight-updated', role: role('a'), weight: 2.5 },
      { kind: 'weight-updated', role: role('a/b'), weight: 1 },
      {
        kind: 'quota-updated',
        role: role('a'),
        guarantees: quantities([
          ['cpus', 4000],
          ['mem', 1_024_000],
        ]),
        limits: limits([['cpus', 8000]]),
      },
      {
        kind: 'quota-updated',
        role: role('b'),
        guarantees: noQuantities,
        limits: limits([
          ['cpus', 0],
          ['mem', 1000],
        ]),
      },
      { kind: 'quota-updated', role: role('c'), guarantees: noQuantities, limits: limits([]) },
    ],
  });
});

test('everything that is wrong is told at once', (t) => {
  const wrong = {
    weights: ['a', 'a=0', 'a=-1', '=2', 'a b=1'],
    quota: ['a', 'a/b=cpus:1', 'a=ports:[1-2]', 'a=cpus(b):1', 'a=cpus:x', 'a=cpus:2/cpus:1'],
  };
  const policy = parsePolicy({ ...none, ...wrong });
  t.is(policy.ok ? 0 : policy.refusal.length, 11);
});
