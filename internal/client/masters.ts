/**
 * Whom to ask next. A scheduler is told a few masters; one of them leads, the others name it. Pure:
 * the caller dials, and says what came of it.
 *
 * A round tries every known master once, the named leader first; only between rounds does the caller
 * pause, longer each time, because a cluster without a leader elects one in about two seconds.
 */
export type Masters = {
  /** `host:port` each, as configured. Never empty. */
  readonly known: readonly string[];
  /** Left to try in this round. */
  readonly queue: readonly string[];
  /** Rounds that failed since the last success. */
  readonly roundsFailed: number;
  /** Redirects followed in a row: two masters that name each other must not keep us busy. */
  readonly hops: number;
};

export function newMasters(known: readonly string[]): Masters {
  return { known, queue: known, roundsFailed: 0, hops: 0 };
}

/** The next target; `pause` asks for a back-off before it is dialled. */
export function nextMaster(masters: Masters): {
  readonly target: string;
  readonly pause: boolean;
  readonly masters: Masters;
} {
  const isNewRound = masters.queue.length === 0;
  const [target = '', ...queue] = isNewRound ? masters.known : masters.queue;
  const roundsFailed = masters.roundsFailed + (isNewRound ? 1 : 0);
  return { target, pause: isNewRound, masters: { ...masters, queue, roundsFailed } };
}

/** A follower named the leader, perhaps one that was not configured. */
export function redirected(masters: Masters, leader: string): Masters {
  if (masters.hops >= masters.known.length) return { ...masters, hops: 0 };
  const queue = [leader, ...masters.queue.filter((other) => other !== leader)];
  return { ...masters, queue, hops: masters.hops + 1 };
}

/** `leader` took the subscription. When it falls, the others are asked first. */
export function subscribed(masters: Masters, leader: string): Masters {
  const others = masters.known.filter((other) => other !== leader);
  return { ...masters, queue: [...others, leader], roundsFailed: 0, hops: 0 };
}

/** `host:port` of a `Location`, which is scheme-relative (contract 1.8); undefined when it is none. */
export function locationTarget(location: string | undefined): string | undefined {
  return /^(?:https?:)?\/\/([^/?#]+)/.exec(location ?? '')?.[1];
}
