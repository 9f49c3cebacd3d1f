import test from 'ava';
import fc from 'fast-check';
import {
  acknowledged,
  isPaused,
  newProgress,
  type Progress,
  rejected,
  resumed,
  sent,
  held,
  toProbe,
  toReplicate,
  toSnapshot,
} from './progress.ts';

const window = { countMax: 3, bytesMax: 100 };

/** Everything that can happen to a belief, with numbers that may be stale or absurdly far ahead. */
const anyMove = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), count: fc.nat(3), bytes: fc.nat(60) }),
  fc.record({ kind: fc.constant('acknowledge' as const), index: fc.nat(40) }),
  fc.record({ kind: fc.constant('reject' as const), at: fc.nat(40), hint: fc.nat(40) }),
  fc.record({ kind: fc.constant('snapshot' as const), index: fc.nat(40) }),
  fc.constant({ kind: 'snapshot-failed' as const }),
  fc.constant({ kind: 'unreachable' as const }),
  fc.constant({ kind: 'pulse' as const }),
);

type Move = typeof anyMove extends fc.Arbitrary<infer M> ? M : never;

function moved(progress: Progress, move: Move): Progress {
  switch (move.kind) {
    case 'send': {
      if (isPaused(progress)) return progress;
      const last = progress.next - 1 + move.count;
      return sent(progress, { last, bytes: move.bytes, commit: 5 });
    }
    case 'acknowledge':
      return acknowledged(progress, move.index, window);
    case 'reject':
      return rejected(progress, move.at, move.hint) ?? progress;
    case 'snapshot':
      return toSnapshot(progress, move.index);
    case 'snapshot-failed':
      return progress.mode.kind === 'snapshot' ? held(progress) : progress;
    case 'unreachable':
      return toProbe(progress);
    case 'pulse':
      return resumed(progress);
    default:
      return move satisfies never;
  }
}

test('whatever answers come, match stays below next and never falls, and the window holds', (t) => {
  fc.assert(
    fc.property(fc.array(anyMove, { maxLength: 60 }), (moves) => {
      let progress = newProgress(11);
      for (const move of moves) {
        const next = moved(progress, move);
        t.true(next.match < next.next);
        t.true(next.match >= progress.match);
        if (next.mode.kind === 'replicate') {
          const { sent: inflight, bytes } = next.mode.inflights;
          t.true(inflight.length <= window.countMax);
          t.is(
            bytes,
            inflight.reduce((sum, one) => sum + one.bytes, 0),
          );
          t.true(inflight.every(({ last }) => last > next.match && last < next.next));
        }
        progress = next;
      }
    }),
  );
});

test('a late rejection does not bring next down to match (catalogue 10)', (t) => {
  const known = acknowledged(newProgress(11), 10, window);
  t.is(rejected(known, 7, 6), undefined);
  t.is(rejected(known, 10, 9), undefined);
});

test('a probe waits for its answer; replication pipelines until the window is full', (t) => {
  const probing = sent(newProgress(1), { last: 4, bytes: 10, commit: 0 });
  t.true(isPaused(probing));
  t.is(probing.next, 1);
  t.false(isPaused(resumed(probing)));

  let replicating = toReplicate(newProgress(1), window);
  for (let last = 1; last <= 3; last++) {
    t.false(isPaused(replicating));
    replicating = sent(replicating, { last, bytes: 10, commit: 0 });
  }
  t.true(isPaused(replicating));
  t.is(replicating.next, 4);
  t.false(isPaused(acknowledged(replicating, 2, window)));
});

test('bytes fill the window as messages do', (t) => {
  const empty = toReplicate(newProgress(1), window);
  t.true(isPaused(sent(empty, { last: 1, bytes: 100, commit: 0 })));
});

test('nothing is sent beside a snapshot; behind it the log goes on', (t) => {
  const waiting = toSnapshot(newProgress(3), 20);
  t.true(isPaused(waiting));
  t.is(acknowledged(waiting, 12, window).mode.kind, 'snapshot');
  t.like(acknowledged(waiting, 20, window), { match: 20, next: 21 });
  t.like(toProbe(waiting), { match: 0, next: 21 });
  t.like(held(waiting), { match: 0, next: 1 });
});
