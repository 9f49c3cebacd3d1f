import test from 'ava';
import fc from 'fast-check';
import { locationTarget, newMasters, nextMaster, redirected, subscribed } from './masters.ts';

const three = ['a:1', 'b:1', 'c:1'];

/** Targets dialled when nobody leads. */
function dialled(masters: ReturnType<typeof newMasters>, count: number): readonly string[] {
  const targets: string[] = [];
  let state = masters;
  for (let i = 0; i < count; i++) {
    const next = nextMaster(state);
    targets.push(next.target);
    state = next.masters;
  }
  return targets;
}

test('every master is asked once a round, and only rounds are paused between', (t) => {
  let state = newMasters(three);
  const pauses: boolean[] = [];
  for (let i = 0; i < 7; i++) {
    const next = nextMaster(state);
    pauses.push(next.pause);
    state = next.masters;
  }
  t.deepEqual(pauses, [false, false, false, true, false, false, true]);
  t.deepEqual(dialled(newMasters(three), 6), [...three, ...three]);
});

test('the leader that a follower names is asked next, even when nobody configured it', (t) => {
  t.is(nextMaster(redirected(newMasters(three), 'z:9')).target, 'z:9');
  const { masters } = nextMaster(newMasters(three));
  t.deepEqual(dialled(redirected(masters, 'c:1'), 2), ['c:1', 'b:1']);
});

test('masters that only name each other do not keep us from asking the others', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), (count) => {
      const known = Array.from({ length: count }, (_, n) => `m${n}:1`);
      let state = newMasters(known);
      let paused = 0;
      for (let i = 0; i < 50 && paused === 0; i++) {
        const next = nextMaster(state);
        if (next.pause) paused += 1;
        state = redirected(next.masters, next.target === 'x:1' ? 'y:1' : 'x:1');
      }
      t.true(paused > 0);
    }),
  );
});

test('after the fall of a leader the others are asked first', (t) => {
  t.deepEqual(dialled(subscribed(newMasters(three), 'b:1'), 3), ['a:1', 'c:1', 'b:1']);
});

test('a location names host and port with and without a scheme', (t) => {
  t.is(locationTarget('//h:5050/api/v1/scheduler'), 'h:5050');
  t.is(locationTarget('http://h:5050'), 'h:5050');
  t.is(locationTarget('/api'), undefined);
  t.is(locationTarget(undefined), undefined);
});
