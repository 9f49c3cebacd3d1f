/** Laws of the algebra of resources as data: tests run a few cases of each, long ones many. */
import fc from 'fast-check';
import { assert } from '#internal/base/assert.ts';
import { format } from '#internal/resources/format.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { equals } from '#internal/resources/resources.ts';

export type Law = {
  /** In plain words; the name of its test. */
  readonly title: string;
  /** Throws with the smallest counterexample found, and the seed that finds it again. */
  readonly check: (runs: LawRuns) => void;
};

export type LawRuns = {
  readonly count: number;
  /** Undefined: any. */
  readonly seed: number | undefined;
};

/** `holds` throws, or says false, where the law is broken. */
export function law<T>(
  title: string,
  cases: fc.Arbitrary<T>,
  holds: (one: T) => boolean | void,
): Law {
  return {
    title,
    check: ({ count, seed }) => {
      const parameters = { numRuns: count, ...(seed !== undefined && { seed }) };
      const found = fc.check(fc.property(cases, holds), parameters);
      if (!found.failed) return;
      const { message } = found.errorInstance instanceof Error ? found.errorInstance : noReason;
      const report = fc.defaultReportMessage(found);
      throw new Error(`SEED=${found.seed}: ${message}\n${report}`, { cause: found.errorInstance });
    },
  };
}

const noReason = { message: 'it does not hold' };

export function assertEqual(left: Resources, right: Resources, what: string): void {
  assert(equals(left, right), `${what}: ${format(left)} is not ${format(right)}`);
}
