/**
 * Plays a recording again: the same allocator is told the same things at the same times, so each
 * answer has to be what it was, byte for byte. And what-if: before each run it is rehearsed under
 * another policy. All that led to the run stays as it was recorded, so a difference is the policy's
 * doing, and not that of an earlier difference.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { type Allocator, newAllocator } from './allocator.ts';
import type { Round, Run } from './event.ts';
import { digestOf, type Recording } from './recording.ts';
import type { Placement, Policy } from './what-if.ts';

export type ReplayedRun = {
  /** Counted from 1. */
  readonly number: number;
  readonly nowMs: number;
  readonly rounds: readonly Round[];
  /** Whether the answers are those that were recorded. */
  readonly isSame: boolean;
  /** What the run would have given under the other policy; the same as in `rounds` without one. */
  readonly underPolicy: readonly Placement[];
};

const asRecorded: Policy = { events: [], ignoresFilters: false };

/**
 * Throws `RecordingError` when the recording is damaged. A run that was cut off is left out. After an
 * answer that is not the recorded one it ends: what was told then is about another history.
 */
export function* replay(
  { header, calls }: Recording,
  policy: Policy = asRecorded,
): Generator<ReplayedRun> {
  const { seed, options } = header;
  const allocator = newAllocator({ random: randomFromSeed(seed) }, options);
  let number = 0;
  let current: Playing | undefined;
  for (const call of calls) {
    switch (call.kind) {
      case 'told':
        allocator.handle(call.event);
        break;
      case 'run-begun':
        if (current?.run.isOver === true) yield finished(current);
        current = began(allocator, policy, { number: ++number, nowMs: call.nowMs });
        break;
      case 'stepped': {
        assert(current !== undefined, 'a step is recorded, and no run has begun');
        const round = current.run.step(call.agentsMax);
        current.rounds.push(round);
        if (digestOf(round) !== call.digest) {
          yield finished({ ...current, isSame: false });
          return;
        }
        break;
      }
      case 'full':
        break;
      default:
        unreachable(call);
    }
  }
  if (current?.run.isOver === true) yield finished(current);
}

type Playing = {
  readonly number: number;
  readonly nowMs: number;
  readonly run: Run;
  readonly rounds: Round[];
  readonly other: readonly Placement[] | undefined;
  readonly isSame: boolean;
};

function began(
  allocator: Allocator,
  policy: Policy,
  { number, nowMs }: Pick<Playing, 'number' | 'nowMs'>,
): Playing {
  const isOther = policy.events.length > 0 || policy.ignoresFilters;
  const other = isOther ? allocator.rehearse({ nowMs }, policy) : undefined;
  return { number, nowMs, run: allocator.begin({ nowMs }), rounds: [], other, isSame: true };
}

function finished({ number, nowMs, rounds, other, isSame }: Playing): ReplayedRun {
  const underPolicy = other ?? rounds.flatMap(({ offers }) => offers);
  return { number, nowMs, rounds, isSame, underPolicy };
}
