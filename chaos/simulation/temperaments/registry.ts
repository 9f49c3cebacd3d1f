/**
 * All temperaments. A run deals them out in an order that its seed draws, so that one that is added here
 * is met by most runs.
 */
import { bringer } from './bringer.ts';
import { carer } from './carer.ts';
import { decliner } from './decliner.ts';
import { eager, killer } from './eager.ts';
import { fetcher } from './fetcher.ts';
import { glutton } from './glutton.ts';
import { grouper } from './grouper.ts';
import { hoarder } from './hoarder.ts';
import { keeper } from './keeper.ts';
import { leaver } from './leaver.ts';
import { meddler } from './meddler.ts';
import { multiRole } from './multi-role.ts';
import { old } from './old.ts';
import { rationed } from './rationed.ts';
import { restarter } from './restarter.ts';
import { resubscriber } from './resubscriber.ts';
import { settler } from './settler.ts';
import type { Random } from '#internal/base/random.ts';
import type { Temperament } from './temperament.ts';

export const temperaments: readonly Temperament[] = [
  eager,
  killer,
  decliner,
  hoarder,
  old,
  resubscriber,
  multiRole,
  rationed,
  meddler,
  leaver,
  restarter,
  settler,
  grouper,
  carer,
  bringer,
  fetcher,
  glutton,
  keeper,
];

/** Drawn without putting back, and once more from the beginning when all are dealt. */
export function dealt(random: Random, count: number): readonly Temperament[] {
  const hand: Temperament[] = [];
  let deck: readonly Temperament[] = [];
  while (hand.length < count) {
    if (deck.length === 0) deck = temperaments;
    const next = deck[random.below(deck.length)];
    if (next === undefined) break;
    deck = deck.filter((each) => each !== next);
    hand.push(next);
  }
  return hand;
}
