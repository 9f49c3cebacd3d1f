/** Faults of the network: who does not reach whom, what gets lost, and what comes late. */
import { assert } from '#internal/base/assert.ts';
import { type Fault, type Ground, number, type Settings, type Target, together } from './fault.ts';

type Cut = readonly [from: Target, to: Target];

/** `way`: `both`, `in` (it hears nobody) or `out` (nobody hears it). `from`: who is lost to it. */
export const partition: Fault = {
  words: 'cut off',
  settings: { way: 'both', from: 'everyone' },
  takesProcess: false,
  needs: [],
  async strike(ground, targets, settings) {
    return cutAll(
      ground,
      targets.flatMap((target) => cutsOf(ground, target, settings)),
    );
  },
};

/** Halves of the masters that do not reach each other, and one that reaches both. */
export const bridge: Fault = {
  words: 'the only one that reaches both halves',
  settings: {},
  takesProcess: false,
  needs: [],
  async strike(ground, [middle]) {
    const others = ground.everyone.filter(
      (one) => one.kind === 'master' && one.name !== middle?.name,
    );
    const half = Math.ceil(others.length / 2);
    const [left, right] = [others.slice(0, half), others.slice(half)];
    return cutAll(
      ground,
      left.flatMap((one) => right.flatMap((other) => bothWays(one, other))),
    );
  },
};

/** Each target reaches its two neighbours among the masters, and no other master. */
export const ring: Fault = {
  words: 'part of a ring, each with two neighbours',
  settings: {},
  takesProcess: false,
  needs: [],
  async strike(ground) {
    const masters = ground.everyone.filter(({ kind }) => kind === 'master');
    const isFar = (one: number, other: number): boolean => {
      const apart = Math.abs(one - other);
      return Math.min(apart, masters.length - apart) > 1;
    };
    const cuts = masters.flatMap((one, n) =>
      masters.flatMap((other, m): readonly Cut[] => (isFar(n, m) ? [[one, other]] : [])),
    );
    return cutAll(ground, cuts);
  },
};

export const loss: Fault = {
  words: 'losing packets',
  settings: { percent: 20 },
  takesProcess: false,
  needs: [],
  async strike(ground, targets, settings) {
    const percent = number(settings, 'percent');
    const cuts = targets.flatMap((target) => cutsOf(ground, target, { way: 'both' }));
    return together(cuts.map(([from, to]) => ground.network.lose(from.place, to.place, percent)));
  },
};

/** Connections end with a reset, those that stand and those that are tried. */
export const reset: Fault = {
  words: 'reset whatever it says',
  settings: {},
  takesProcess: false,
  needs: [],
  async strike(ground, targets) {
    const cuts = targets.flatMap((target) => cutsOf(ground, target, { way: 'both' }));
    return together(cuts.map(([from, to]) => ground.network.reset(from.place, to.place)));
  },
};

export const bandwidth: Fault = {
  words: 'behind a narrow line',
  settings: { kilobits: 256 },
  takesProcess: false,
  needs: [],
  async strike({ network }, targets, settings) {
    const kilobits = number(settings, 'kilobits');
    return together(targets.map(({ place }) => network.throttle(place, kilobits)));
  },
};

/** Milliseconds each way; what is drawn within `jitter` makes packets overtake each other. */
export const delay: Fault = {
  words: 'far away',
  settings: { delay: 100, jitter: 50, loss: 0, repeat: 1 },
  takesProcess: false,
  needs: ['compiler'],
  async strike({ network, relay }, targets, settings) {
    assert(relay !== undefined, 'a run that delays packets has compiled its relay');
    const weather = {
      delayMs: number(settings, 'delay'),
      jitterMs: number(settings, 'jitter'),
      lossPercent: number(settings, 'loss'),
      repeatPercent: number(settings, 'repeat'),
    };
    const heals: (() => Promise<void>)[] = [];
    for (const { place } of targets) heals.push(await network.weather(place, relay, weather));
    return together(heals);
  },
};

const bothWays = (one: Target, other: Target): readonly Cut[] => [
  [one, other],
  [other, one],
];

function cutsOf({ everyone }: Ground, target: Target, settings: Settings): readonly Cut[] {
  const { way = 'both', from = 'everyone' } = settings;
  const isMeant = ({ kind }: Target): boolean => from === 'everyone' || from === `${kind}s`;
  const others = everyone.filter((other) => other.name !== target.name && isMeant(other));
  return others.flatMap((other): readonly Cut[] => {
    if (way === 'in') return [[other, target]];
    return way === 'out' ? [[target, other]] : bothWays(target, other);
  });
}

/** Each is cut once, also when both of its ends are targets. */
function cutAll({ network }: Ground, cuts: readonly Cut[]): () => Promise<void> {
  const once = new Map(cuts.map((cut) => [`${cut[0].place} ${cut[1].place}`, cut]));
  return together([...once.values()].map(([from, to]) => network.cut(from.place, to.place)));
}
