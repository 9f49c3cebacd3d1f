/** Whom a fault is done to this time. Lots are drawn from the run's seed. */
import { unreachable } from '#internal/base/assert.ts';
import type { Target } from '#chaos/nemesis/faults/fault.ts';
import type { Random } from '#internal/base/random.ts';
import type { TargetWords } from './scenario.ts';

export type Choice = {
  readonly everyone: readonly Target[];
  /** Its name, if anybody leads. */
  readonly leader: string | undefined;
  /** They have no process at the moment that something could be done to. */
  readonly taken: ReadonlySet<string>;
  readonly random: Random;
};

/** Nobody, where nobody is left that it can be done to. */
export function chooseTargets(words: TargetWords, choice: Choice): readonly Target[] {
  const { everyone, leader, taken } = choice;
  const free = everyone.filter(({ name }) => !taken.has(name));
  switch (words.kind) {
    case 'leader':
      return free.filter(({ name }) => name === leader);
    case 'client':
      return everyone.filter(({ kind }) => kind === 'client');
    case 'one':
      return free.filter(({ name }) => name === words.name);
    case 'some': {
      const kind = words.of === 'agents' ? 'agent' : 'master';
      const isMeant = (one: Target): boolean =>
        one.kind === kind && (words.of !== 'followers' || one.name !== leader);
      const all = everyone.filter(({ kind: own }) => own === kind).length;
      const fit = free.filter(isMeant);
      const { count } = words;
      const wanted =
        count === 'all' ? fit.length : count === 'most' ? Math.floor(all / 2) + 1 : count;
      return shuffled(fit, choice.random).slice(0, wanted);
    }
    default:
      return unreachable(words);
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
