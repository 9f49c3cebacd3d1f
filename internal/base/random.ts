/**
 * Luck as a value. Whatever draws lots takes a `Random`; `cmd/` gives it one fed by the system
 * (`#internal/runtime/real/random.ts`), a test or a simulation one that grows from a seed, so that
 * the same seed always replays the same run.
 */
import { assert } from './assert.ts';

export type Random = {
  /** A whole number in `[0, limit)`; `limit` is a positive safe integer. */
  below(limit: number): number;
  /** True once in `n` calls, on average. */
  oneIn(n: number): boolean;
  /** True with probability `p`, which lies in `[0, 1]`. */
  chance(p: number): boolean;
  /** `count` bytes, for ids. */
  bytes(count: number): Uint8Array;
  /**
   * A stream of its own for the component `name`: its throws depend on this stream's seed and on the
   * name alone, so that one more draw in one component does not change the luck of the others.
   */
  fork(name: string): Random;
};

/** A seeded stream (sfc32): a poor cipher but a fair die. */
export function randomFromSeed(seed: number | string): Random {
  const [a, b, c] = hash128(String(seed));
  return stream(String(seed), a, b, c);
}

function stream(path: string, a: number, b: number, c: number): Random {
  let counter = 1;
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let warm = 0; warm < 12; warm++) word();
  // 53 bits, so that limits beyond 2^32 (node ids, sizes in bytes) are served too.
  const unit = (): number => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000;
  const below = (limit: number): number => {
    assert(Number.isSafeInteger(limit) && limit > 0, `no number is below ${limit}`);
    return Math.floor(unit() * limit);
  };
  return {
    below,
    oneIn: (n) => below(n) === 0,
    chance: (p) => unit() < p,
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
    fork: (name) => randomFromSeed(`${path}/${name}`),
  };
}

/** Three words that differ in about half their bits when the text differs in one (FNV-1a, mixed). */
function hash128(text: string): [number, number, number] {
  let a = 0x811c9dc5;
  let b = 0x9e3779b1;
  let c = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code ^ (a >>> 7), 0x85ebca77);
    c = Math.imul(c ^ code ^ (b >>> 11), 0xc2b2ae3d);
  }
  return [a | 0, b | 0, c | 0];
}
