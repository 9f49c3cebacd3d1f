/** The laws of the algebra, a few hundred cases each; `laws.sim.test.ts` tries ten thousand. */
import test from 'ava';
import { resourceLaws } from '#internal/testing/resource-laws/all-laws.ts';

const { SEED } = process.env;
const seed = SEED === undefined ? undefined : Number(SEED);

for (const { title, check } of resourceLaws) {
  test(title, (t) => t.notThrows(() => check({ count: 300, seed })));
}
