/** Digests by `node:crypto`. */
import { createHash } from 'node:crypto';
import type { Digests } from '../digests.ts';

export function systemDigests(): Digests {
  return {
    open: (algorithm) => {
      const hash = createHash(algorithm);
      return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
    },
  };
}
