/**
 * A rate with a burst: whoever takes more than there is waits until it has dripped in. A value; the
 * caller has the clock.
 */
export type TokenBucket = {
  readonly perSecond: number;
  /** What gathers at most while nobody takes. */
  readonly burst: number;
  /** Below zero: taken in advance, to be waited for. */
  readonly tokens: number;
  readonly atMs: number;
};

export const newTokenBucket = (perSecond: number, burst: number, atMs: number): TokenBucket => ({
  perSecond,
  burst,
  tokens: burst,
  atMs,
});

/** Takes `count`, also more than the burst; the wait is what the next one has to do before it goes. */
export function take(
  { perSecond, burst, tokens, atMs }: TokenBucket,
  count: number,
  nowMs: number,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const gained = (Math.max(0, nowMs - atMs) * perSecond) / 1000;
  const left = Math.min(burst, tokens + gained) - count;
  const bucket = { perSecond, burst, tokens: left, atMs: Math.max(nowMs, atMs) };
  return { bucket, waitMs: left >= 0 ? 0 : (-left * 1000) / perSecond };
}
