/** One simulated cluster from one seed, with a judge beside it that looks at every run. */
import { assert } from '#internal/base/assert.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { role as asRole, type Role } from '#internal/model/ids.ts';
import type { Allocation } from '../event.ts';
import {
  claims,
  headroomFaults,
  lacksBy,
  lacksOf,
  objections,
  standAfter,
  standingOf,
} from './cluster-judge.ts';
import { pick } from './cluster-parts.ts';
import { type FrameworkTruth, isWished, rootOf, type Truth } from './cluster-truth.ts';
import {
  type ClusterOptions,
  simulatedAllocatorOptions,
  SimulatedCluster,
  type Subject,
} from './simulated-cluster.ts';

export type JudgedRun = {
  readonly happened: number;
  readonly offers: number;
  /** The longest that somebody waited who could have been served. */
  readonly waitedMs: number;
  /** In how many runs a guarantee was unmet. */
  readonly lacking: number;
};

export type RunOptions = ClusterOptions & {
  readonly seed: number;
  /** Things that happen; it ends after these. */
  readonly events: number;
};

/** Of how many agents all claims are looked at after each run. */
const agentsLookedAt = 4;
const intervalMs = 1000;

/** Throws at the first law that is broken, in words that name the seed. */
export function judgedRun(make: (random: Random) => Subject, options: RunOptions): JudgedRun {
  const random = randomFromSeed(options.seed);
  const subject = make(random.fork('allocator'));
  const cluster = new SimulatedCluster({ subject, random: random.fork('cluster') }, options);
  const luck = random.fork('judge');
  const waits = newWaits();
  const sums = { happened: 0, offers: 0, lacking: 0 };
  const { truth } = cluster;
  while (sums.happened < options.events) {
    sums.happened += cluster.pass(intervalMs);
    for (let n = luck.below(6); n > 0; n--, sums.happened++) cluster.disturb();
    const where = `SEED=${options.seed} at ${truth.nowMs}`;
    const standing = standingOf(truth, simulatedAllocatorOptions);
    const before = lacksBy(truth, standing);
    const { offers } = subject.allocate(truth.nowMs);
    sums.offers += offers.length;
    for (const offer of offers) {
      const faults = objections(truth, standing, offer, simulatedAllocatorOptions);
      const name = `${offer.frameworkId} (${offer.role}) is offered ${offer.agentId}`;
      assert(faults.length === 0, `${where}: ${name}: ${faults.join('; ')}`);
      cluster.hold(offer);
      const agent = truth.agents.get(offer.agentId);
      if (agent !== undefined) standAfter(standing, agent, offer, simulatedAllocatorOptions);
    }
    const after = standing;
    const kept = headroomFaults(truth, { before, after }, offers, simulatedAllocatorOptions);
    assert(kept.length === 0, `${where}: ${kept.join('; ')}`);
    const isLacking = lacksOf(truth, standing).size > 0;
    if (isLacking) sums.lacking++;
    for (let n = 0; n < agentsLookedAt; n++) {
      const agent = pick(luck, [...truth.agents.values()]);
      const found = claims(truth, standing, agent, simulatedAllocatorOptions);
      assert(found.length === 0, `${where}: ${found.join('; ')}`);
    }
    waits.look(truth, offers, isLacking);
    assert(waits.longestMs() <= waitMsMax(options), `${where}: ${waits.longest()} is starving`);
  }
  return { ...sums, waitedMs: waits.longestMs() };
}

/**
 * Who was given nothing for as long as tasks run and answers take holds nothing any more, so that he and
 * his role are first in the order; from then on it takes until something that suits him becomes free,
 * which is at most as long again.
 */
export const waitMsMax = ({ taskMsMax, answerMsMax }: ClusterOptions): number =>
  2 * (taskMsMax + answerMsMax);

type Waits = {
  look(truth: Truth, offers: readonly Allocation[], isLacking: boolean): void;
  longestMs(): number;
  longest(): string;
};

/** How long each framework has waited for each of its roles, while nothing excused that. */
function newWaits(): Waits {
  const sinceMs = new Map<string, number>();
  let record = { name: 'nobody', ms: 0 };
  return {
    look: (truth, offers, isLacking) => {
      const served = new Set(offers.map(({ frameworkId, role }) => `${frameworkId} (${role})`));
      const waiting = new Set<string>();
      for (const framework of truth.frameworks.values()) {
        for (const role of framework.wish.roles) {
          const name = `${framework.id} (${role})`;
          if (!isLacking && !served.has(name) && isPlain(truth, framework, role)) waiting.add(name);
        }
      }
      for (const name of sinceMs.keys()) {
        if (!waiting.has(name)) sinceMs.delete(name);
      }
      for (const name of waiting) {
        const since = sinceMs.get(name) ?? truth.nowMs;
        sinceMs.set(name, since);
        if (truth.nowMs - since > record.ms) record = { name, ms: truth.nowMs - since };
      }
    },
    longestMs: () => record.ms,
    longest: () => record.name,
  };
}

/** Content with what most agents have, and nothing of its own doing stands in its way. */
function isPlain(truth: Truth, framework: FrameworkTruth, role: Role): boolean {
  const quota = truth.quotas.get(asRole(rootOf(role)));
  return (
    isWished(framework, role) &&
    !framework.wish.constraints.has(role) &&
    !framework.wish.minAllocatable.has(role) &&
    !framework.refused.some((one) => one.role === role && one.untilMs > truth.nowMs) &&
    (quota === undefined || quota.limits.milliMaxOf.size === 0)
  );
}
