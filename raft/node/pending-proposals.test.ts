import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Entry } from '#raft/core/types.ts';
import { Meter } from './meter.ts';
import { PendingProposals } from './pending-proposals.ts';

const entry = (index: number, term: number): Entry => ({
  index,
  term,
  kind: 'normal',
  data: new Uint8Array(0),
});

function waiting(): {
  readonly place: (index: number, term: number) => void;
  pending: PendingProposals;
  told: string[];
} {
  const world = new SimulatedWorld({ seed: 0 });
  const clock = simulatedClock({ world, life: world.boot('n1') });
  const pending = new PendingProposals({ clock, meter: new Meter() }, { proposalsMax: 10 });
  const told: string[] = [];
  const place = (index: number, term: number): void => {
    pending.ask({
      data: new Uint8Array(0),
      term: undefined,
      answer: (answer) =>
        told.push(`${index}/${term} ${'reason' in answer ? answer.reason : answer.kind}`),
    });
    for (const asked of pending.take()) pending.add({ index, term }, asked);
  };
  return { place, pending, told };
}

test('whoever leads again knows what became of what it proposed before, far beyond its log', (t) => {
  const { place, pending, told } = waiting();
  for (const index of [5, 6, 7]) place(index, 2);
  pending.decide([entry(5, 4)], undefined);
  t.deepEqual(told, ['5/2 lost', '6/2 lost', '7/2 lost']);
  t.is(pending.size, 0);
});

test('what was proposed in the term that decides may still be decided', (t) => {
  const { place, pending, told } = waiting();
  for (const index of [5, 6, 7]) place(index, 2);
  place(6, 4);
  place(8, 4);
  t.deepEqual(told, ['6/2 unknown']);
  pending.decide([entry(4, 1), entry(5, 2)], undefined);
  t.deepEqual(told.splice(0), ['6/2 unknown', '5/2 applied']);
  pending.decide([entry(6, 4)], undefined);
  t.deepEqual(told.splice(0), ['6/4 applied', '7/2 lost']);
  pending.decide([entry(7, 4), entry(8, 4)], undefined);
  t.deepEqual(told, ['8/4 applied']);
});

test('one that took the place of an older one does not hide those after it', (t) => {
  const { place, pending, told } = waiting();
  place(6, 2);
  place(7, 2);
  place(6, 4);
  pending.decide([entry(5, 4)], undefined);
  t.deepEqual(told, ['6/2 unknown', '7/2 lost']);
});

test('an entry of an older term decides nothing about what comes after it', (t) => {
  const { place, pending, told } = waiting();
  place(6, 2);
  pending.decide([entry(4, 1), entry(5, 1)], undefined);
  t.deepEqual(told, []);
});
