/** The laws of the algebra in the long run. */
import test from 'ava';
import { resourceLaws } from '#internal/testing/resource-laws/all-laws.ts';

const { SEED } = process.env;
const seed = SEED === undefined ? undefined : Number(SEED);

for (const { title, check } of resourceLaws) {
  test(`10 000 cases: ${title}`, (t) => t.notThrows(() => check({ count: 10_000, seed })));
}
