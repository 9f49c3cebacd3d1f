/**
 * The service framework as a pure machine: what is wanted, what is offered and what is heard go in;
 * writes to the store and calls to the cluster come out, in the order in which they are to happen.
 *
 * Promised, whatever comes in whatever order: an instance has one task at a time as far as statuses
 * say; its volumes are given to no other and destroyed only with its service; an update takes away no
 * more than it may; what is asked of the cluster stands in the store before.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { applyChange, type Change } from './change.ts';
import { onOffers } from './on-offers.ts';
import { onOperation, onStatus } from './on-status.ts';
import { askForAll, nudge, settle } from './settle.ts';
import { type Context, type Draft, draftOf, type Effect, type World, worldOf } from './world.ts';

export type Input =
  | { readonly kind: 'event'; readonly event: Event }
  /** One that `planOf` has found to be possible in this very world. */
  | { readonly kind: 'change'; readonly change: Change }
  /** Time went by; about once a second. */
  | { readonly kind: 'tick' };

export type Step = { readonly world: World; readonly effects: readonly Effect[] };

export function step(world: World, input: Input, context: Context): Step {
  const draft = draftOf(world, context);
  take(draft, input);
  settle(draft);
  return { world: worldOf(draft), effects: draft.effects };
}

function take(draft: Draft, input: Input): void {
  switch (input.kind) {
    case 'event':
      return onEvent(draft, input.event);
    case 'change':
      draft.changes++;
      return applyChange(draft, input.change);
    case 'tick':
      return nudge(draft);
    default:
      return unreachable(input);
  }
}

/** A subscription ends all filters, and suppresses nothing; what it rescinds we have answered already. */
function onEvent(draft: Draft, event: Event): void {
  if (event.type === 'SUBSCRIBED') {
    draft.wanting = new Set();
    askForAll(draft);
  }
  if (event.offers !== undefined) onOffers(draft, event.offers.offers ?? []);
  if (event.update !== undefined) onStatus(draft, event.update.status);
  if (event.update_operation_status !== undefined) {
    onOperation(draft, event.update_operation_status.status);
  }
}
