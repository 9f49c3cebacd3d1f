/** The whole algebra: every law by its title. */
import type { Law } from './law.ts';
import { listLaws } from './list-laws.ts';
import { operationLaws } from './operation-laws.ts';
import { quantityLaws } from './quantity-laws.ts';
import { reservationLaws } from './reservation-laws.ts';
import { valueLaws } from './value-laws.ts';
import { wireLaws } from './wire-laws.ts';

export const resourceLaws: readonly Law[] = [
  ...valueLaws,
  ...listLaws,
  ...reservationLaws,
  ...operationLaws,
  ...quantityLaws,
  ...wireLaws,
];
