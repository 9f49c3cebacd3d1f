/** Luck from the system: fit for ids and stream secrets, and different in every process. */
import { randomBytes } from 'node:crypto';
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';

const UNIT = 0x20000000000000; // 2^53

export function systemRandom(): Random {
  const random: Random = {
    below,
    oneIn: (n) => below(n) === 0,
    chance: (p) => unit() < p,
    bytes: (count) => new Uint8Array(randomBytes(count)),
    // Its streams are independent already.
    fork: () => random,
  };
  return random;
}

function below(limit: number): number {
  assert(Number.isSafeInteger(limit) && limit > 0, `no number is below ${limit}`);
  return Math.floor(unit() * limit);
}

/** 53 random bits in `[0, 1)`. */
function unit(): number {
  const bytes = randomBytes(8);
  return ((bytes.readUInt32LE(0) >>> 5) * 0x4000000 + (bytes.readUInt32LE(4) >>> 6)) / UNIT;
}
