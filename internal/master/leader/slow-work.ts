/**
 * What a call asks for thousands of things with: done in pieces, each in a turn of its own, so that
 * others have theirs in between. The pieces of all such calls take turns. What is still to be done when
 * the leadership ends is not done: its schedulers come again, and ask again.
 */
import type { Steps } from '#internal/base/steps.ts';
import type { Lead } from './lead.ts';

/** So many at most are under way at once: each keeps its call. */
const worksMax = 1000;

/** Things that one piece does. */
const pieceMax = 200;

/** Does a few things now, many in pieces. */
export function eachSlowly<Thing>(
  lead: Lead,
  things: readonly Thing[],
  handle: (piece: readonly Thing[]) => void,
): void {
  if (things.length <= pieceMax) handle(things);
  else work(lead, piecesOf(things, handle));
}

/** Whether calls that ask for much are to come again. */
export const isBusy = (lead: Lead): boolean => lead.slowWorks.length >= worksMax;

function* piecesOf<Thing>(
  things: readonly Thing[],
  handle: (piece: readonly Thing[]) => void,
): Steps<void> {
  for (let from = 0; from < things.length; from += pieceMax) {
    handle(things.slice(from, from + pieceMax));
    yield;
  }
}

function work(lead: Lead, steps: Steps<void>): void {
  lead.slowWorks.push(steps);
  if (lead.slowWorks.length === 1) goOn(lead);
}

/** The one whose turn it is stays in the list until it is over, which is how others see that we work. */
function goOn(lead: Lead): void {
  lead.after(0, () => {
    const [steps] = lead.slowWorks;
    if (steps === undefined) return;
    const isOver = steps.next().done === true;
    lead.slowWorks.shift();
    if (!isOver) lead.slowWorks.push(steps);
    if (lead.slowWorks.length > 0) goOn(lead);
  });
}
