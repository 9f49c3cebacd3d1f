/**
 * Who is offered what: dominant-resource fairness between roles, then between the frameworks of a
 * role, within quotas and filters. Deterministic: the same events, times and luck give the same
 * offers. Nothing is allocated twice, and nothing that is free stays where it is while somebody may and
 * wants to have it. `DESIGN.md` tells how that is fast.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { AgentId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { nothing } from '#internal/resources/resources.ts';
import { type Books, newBooks } from './books.ts';
import type { Allocation, AllocatorEvent, AllocatorOptions, Round, Run } from './event.ts';
import { takeEvent } from './events.ts';
import { explain } from './explain.ts';
import type { Explanation, Hoarder, Question, Starvation } from './explanation.ts';
import { allocationOf, joined } from './hand-out.ts';
import { inverseOffers } from './inverse.ts';
import { advance, beginRun, isOver, type RunBook } from './run.ts';
import { hoarders, starvation } from './starvation.ts';
import { type Placement, type Policy, whatIf } from './what-if.ts';

export type Allocator = {
  handle(event: AllocatorEvent): void;
  /** One run. What it gives is held from now on. */
  allocate(time: { readonly nowMs: number }): Round;
  /** A run that goes on slice by slice. The one before is over. */
  begin(time: { readonly nowMs: number }): Run;
  /** What of an agent nobody holds, unallocated; nothing of one that is not known. */
  freeOn(agentId: AgentId): Resources;
  /** Between runs. Changes nothing that a run would give. */
  explain(question: Question): Explanation;
  /** Between runs. What the next one would give if the policy were another; nothing is changed. */
  rehearse(time: { readonly nowMs: number }, policy: Policy): readonly Placement[];
  starvation(time: { readonly nowMs: number }): readonly Starvation[];
  hoarders(time: { readonly nowMs: number }): readonly Hoarder[];
};

/** The luck of a run is a number, drawn before it: so an explanation can foresee it. */
const seeds = 2 ** 48;

export function newAllocator(
  { random }: { readonly random: Random },
  options: AllocatorOptions,
): Allocator {
  const books = newBooks(options);
  let seed = random.below(seeds);
  let run: RunBook | undefined;
  const begin = ({ nowMs }: { readonly nowMs: number }): Run => {
    assert(run === undefined || isOver(run), 'a run begins before the one before it is over');
    const own = beginRun(books, nowMs, seed);
    seed = random.below(seeds);
    run = own;
    return sliced(books, own);
  };
  return {
    handle: (event) => takeEvent(books, event, run !== undefined && !isOver(run) ? run : undefined),
    freeOn: (agentId) => books.agents.get(agentId)?.free.resources ?? nothing,
    allocate: (time) => begin(time).step(Infinity),
    begin,
    explain: (question) => {
      assert(
        run === undefined || isOver(run),
        'an explanation is asked for in the middle of a run',
      );
      return explain(books, question, seed);
    },
    rehearse: ({ nowMs }, policy) => {
      assert(run === undefined || isOver(run), 'a run is rehearsed in the middle of another');
      return whatIf(books, { nowMs, seed }, policy);
    },
    starvation: ({ nowMs }) => starvation(books, nowMs),
    hoarders: ({ nowMs }) => hoarders(books, nowMs),
  };
}

/** Inverse offers go with the first slice: they depend on nothing that the run gives. */
function sliced(books: Books, run: RunBook): Run {
  let inverse = inverseOffers(books, run.nowMs);
  return {
    get isOver() {
      return isOver(run);
    },
    step: (looksMax) => {
      const offers: Allocation[] = [];
      advance(run, looksMax, (given) => {
        for (const one of joined(books, given)) offers.push(allocationOf(books, one, run.nowMs));
      });
      const round = { offers, inverseOffers: inverse };
      inverse = [];
      return round;
    },
  };
}
