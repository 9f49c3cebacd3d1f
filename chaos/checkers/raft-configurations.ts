/**
 * Who votes, from the changes that were decided. Its arithmetic is its own: what is checked must not
 * lend the checker the rules that it is checked by (dissertation §4.3).
 */
import type { ConfChange, ConfState, Index, NodeId } from '#raft/core/types.ts';
import { Violation } from './violation.ts';

export type Configuration = Pick<
  ConfState,
  'voters' | 'outgoing' | 'learners' | 'learnersNext' | 'autoLeave'
>;

type Step = { readonly index: Index; readonly conf: Configuration };

export class Configurations {
  /** In the order of their indexes. */
  readonly #steps: Step[];

  constructor(_dependencies: object, options: { readonly initial: Configuration }) {
    this.#steps = [{ index: 0, conf: options.initial }];
  }

  get newest(): Configuration {
    return this.at(Infinity);
  }

  /** How often the membership changed. */
  get changes(): number {
    return this.#steps.length - 1;
  }

  /** The change at `index` was decided, and no later one before. */
  decided(index: Index, change: ConfChange): void {
    this.#steps.push({ index, conf: afterChange(this.newest, change) });
  }

  /** What is in force where all up to `index` is applied. */
  at(index: Index): Configuration {
    const step = this.#steps.findLast((each) => each.index <= index);
    if (step === undefined) throw new Violation('membership', 'there is no configuration');
    return step.conf;
  }

  /**
   * Those by which a leader may have decided `index`: the one that all before it lead to, and the one
   * before that, since the leader may have decided a change and `index` behind it in one stroke. No
   * more than one change is ever undecided or unapplied.
   */
  decidersOf(index: Index): readonly Configuration[] {
    const at = this.#steps.findLastIndex((each) => each.index < index);
    return this.#steps.slice(Math.max(0, at - 1), at + 1).map(({ conf }) => conf);
  }
}

/** Whether those that `has` says yes to are enough to decide: in a joint configuration by both halves. */
export function isQuorum(
  { voters, outgoing }: Pick<Configuration, 'voters' | 'outgoing'>,
  has: (id: NodeId) => boolean,
): boolean {
  const halves = outgoing.length === 0 ? [voters] : [voters, outgoing];
  return halves.every((half) => half.filter(has).length > half.length / 2);
}

export function isSameConfiguration(one: Configuration, other: Configuration): boolean {
  const lists = ['voters', 'outgoing', 'learners', 'learnersNext'] as const;
  return (
    one.autoLeave === other.autoLeave &&
    lists.every((list) => new Set(one[list]).symmetricDifference(new Set(other[list])).size === 0)
  );
}

/** The configuration that a decided change leads to. */
export function afterChange(
  conf: Configuration,
  { transition, changes }: ConfChange,
): Configuration {
  const isLeave = transition === 'auto' && changes.length === 0;
  if (isLeave) {
    const learners = [...conf.learners, ...conf.learnersNext];
    return { voters: conf.voters, outgoing: [], learners, learnersNext: [], autoLeave: false };
  }
  const isJoint = transition !== 'auto' || changes.length > 1;
  const named = changes.map(({ node }) => node);
  const outgoing = isJoint ? conf.voters : [];
  const keep = (ids: readonly NodeId[]): readonly NodeId[] =>
    ids.filter((id) => !named.includes(id));
  const of = (kind: 'add-voter' | 'add-learner'): readonly NodeId[] =>
    named.filter((node) => changes.findLast((change) => change.node === node)?.kind === kind);
  const demoted = of('add-learner').filter((id) => outgoing.includes(id));
  return {
    voters: [...keep(conf.voters), ...of('add-voter')],
    outgoing,
    learners: [...keep(conf.learners), ...of('add-learner').filter((id) => !outgoing.includes(id))],
    learnersNext: demoted,
    autoLeave: isJoint && transition !== 'explicit',
  };
}
