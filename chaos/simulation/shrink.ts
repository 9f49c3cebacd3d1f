/**
 * Makes a failing run smaller: fewer classes of faults, a shorter time under them, fewer machines,
 * while the same rule still breaks. What is left tells people where to look. The result is one that
 * broke; it is not always the smallest there is, and the search ends after `runsMax` runs.
 */

/** Machines in the cluster. */
export type Size = 1 | 3 | 5;

/** What a run has to bear. */
export type Hardship = {
  /** Classes of faults, by name. */
  readonly faults: readonly string[];
  /** Virtual time under them. */
  readonly hostileMs: number;
  /** Sizes that the cluster may have, the present one first, the smallest last. */
  readonly sizes: readonly Size[];
};

export type Shrunk = { readonly hardship: Hardship; readonly runs: number };

/** `breaks` runs the seed under a hardship: does the same rule break? `from` does break it. */
export async function shrink(
  from: Hardship,
  breaks: (hardship: Hardship) => Promise<boolean>,
  { runsMax }: { readonly runsMax: number },
): Promise<Shrunk> {
  let best = from;
  let runs = 0;
  const attempt = async (hardship: Hardship): Promise<boolean> => {
    if (runs === runsMax) return false;
    runs += 1;
    if (!(await breaks(hardship))) return false;
    best = hardship;
    return true;
  };

  /** Halves first, so that many that do not matter go at once. */
  const dropFaults = async (): Promise<void> => {
    for (let size = best.faults.length; size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < best.faults.length;) {
        const faults = best.faults.toSpliced(at, size);
        if (!(await attempt({ ...best, faults }))) at += size;
      }
    }
  };

  /** Down to a tenth of what is needed: nearer would cost more runs than it tells. */
  const shorten = async (): Promise<void> => {
    let tooShort = 0;
    while (best.hostileMs - tooShort > best.hostileMs / 10) {
      const hostileMs = Math.ceil((tooShort + best.hostileMs) / 2);
      if (hostileMs === best.hostileMs) return;
      if (!(await attempt({ ...best, hostileMs }))) tooShort = hostileMs;
    }
  };

  const thin = async (): Promise<void> => {
    for (let at = best.sizes.length - 1; at > 0; at--) {
      if (await attempt({ ...best, sizes: best.sizes.slice(at) })) return;
    }
  };

  await dropFaults();
  await shorten();
  await thin();
  // In a shorter time, and among fewer, less may be needed.
  await dropFaults();
  return { hardship: best, runs };
}
