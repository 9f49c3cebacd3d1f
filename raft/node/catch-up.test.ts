import test from 'ava';
import { type CatchUp, catchUpStep, newCatchUp } from './catch-up.ts';

const limits = { roundsMax: 3, roundMs: 100, stallMsMax: 1000 };

test('a newcomer that gets a round within an election time-out has caught up', (t) => {
  const begun = newCatchUp(50, 0);
  t.is(catchUpStep(begun, { match: 49, last: 60, nowMs: 90 }, limits).kind, 'going');
  t.is(catchUpStep(begun, { match: 50, last: 60, nowMs: 90 }, limits).kind, 'caught-up');
});

test('a long round is followed by one for what came meanwhile', (t) => {
  const second = going(catchUpStep(newCatchUp(50, 0), { match: 50, last: 70, nowMs: 500 }, limits));
  t.like(second, { round: 2, goal: 70, begunMs: 500 });
  t.is(catchUpStep(second, { match: 70, last: 71, nowMs: 599 }, limits).kind, 'caught-up');
});

test('one that is always slower than the log grows is given up after the last round', (t) => {
  let catchUp = newCatchUp(10, 0);
  for (let round = 1; round < limits.roundsMax; round++) {
    const nowMs = catchUp.begunMs + 500;
    catchUp = going(catchUpStep(catchUp, { match: catchUp.goal, last: nowMs, nowMs }, limits));
  }
  const at = { match: catchUp.goal, last: 9999, nowMs: catchUp.begunMs + 500 };
  t.is(catchUpStep(catchUp, at, limits).kind, 'failed');
});

test('one that moves, however slowly, is waited for; one that does not is given up', (t) => {
  let catchUp = newCatchUp(1000, 0);
  for (let match = 1; match < 20; match++) {
    const at = { match, last: 2000, nowMs: match * 900 };
    catchUp = going(catchUpStep(catchUp, at, limits));
  }
  const later = { match: 19, last: 2000, nowMs: 19 * 900 + 1000 };
  t.is(catchUpStep(catchUp, later, limits).kind, 'failed');
});

function going(step: ReturnType<typeof catchUpStep>): CatchUp {
  if (step.kind !== 'going') throw new Error(step.kind);
  return step.catchUp;
}
