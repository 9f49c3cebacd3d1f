/** A moment as v1 messages tell it. */
import type { TimeInfo } from '#proto/gen/mesos/v1.ts';

export const timeInfo = (atMs: number): TimeInfo => ({
  nanoseconds: BigInt(Math.round(atMs * 1000)) * 1000n,
});
