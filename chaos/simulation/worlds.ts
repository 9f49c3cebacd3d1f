/** The simulated worlds by name. Loaded when asked for: a mutant is planted in what comes after it. */
import type { Operation } from '#chaos/checkers/history.ts';
import { countMarks } from './marks.ts';
import type { RaftRun } from './raft-run.ts';
import type { Hardship } from './shrink.ts';
import type { Story } from './shrink-story.ts';

export type WorldName = 'raft' | 'cluster';

/** What each world tells of a run. */
export type Run = RaftRun & {
  /** What its clients asked for and were told. */
  readonly history?: readonly Operation[];
};

export type RunOptions = {
  /** Hears it when the run is over. */
  readonly onStory?: (story: Story) => void;
};

export type World = {
  /** Of the faults that the seed draws, only those of `hardship` strike. */
  readonly run: (seed: number, hardship?: Partial<Hardship>, options?: RunOptions) => Promise<Run>;
  /** What a run of `seed` has to bear when nothing is said. */
  readonly hardshipOf: (seed: number) => Hardship;
};

export type LoadOptions = {
  /** The marks that a run passes are among its figures. Only for who has loaded nothing of it yet. */
  readonly isCounting: boolean;
};

export function loadWorld(
  name: WorldName,
  options: LoadOptions = { isCounting: false },
): Promise<World> {
  return name === 'raft' ? loadRaft() : loadCluster(options);
}

async function loadRaft(): Promise<World> {
  const { hostileMsUsual, runRaft } = await import('./raft-run.ts');
  const { faultClasses, sampleFaults, withoutClass } = await import('./raft-faults.ts');
  return {
    run: (seed, { faults: kept, hostileMs = hostileMsUsual, sizes } = {}, options = {}) => {
      let faults = sampleFaults(seed);
      const size = sizes?.[0];
      if (size !== undefined) faults = { ...faults, size };
      for (const name of faultClasses) {
        if (kept?.includes(name) === false) faults = withoutClass(faults, name);
      }
      return runRaft({ seed, faults, hostileMs, ...options });
    },
    hardshipOf: (seed) => {
      const { size, classes } = sampleFaults(seed);
      return {
        faults: faultClasses.filter((name) => classes[name] !== undefined),
        hostileMs: hostileMsUsual,
        sizes: [size, ...([3, 1] as const).filter((smaller) => smaller < size)],
      };
    },
  };
}

/** Its seeds draw no classes that could be left out one by one. */
async function loadCluster({ isCounting }: LoadOptions): Promise<World> {
  // Before the product is loaded.
  const takeMarks = isCounting ? countMarks() : undefined;
  const { hostileMsOf, runCluster } = await import('./cluster-run.ts');
  return {
    run: async (seed, hardship = {}, options = {}) => {
      const { hostileMs } = hardship;
      takeMarks?.();
      const run = await runCluster({
        seed,
        ...(hostileMs === undefined ? {} : { hostileMs }),
        ...options,
      });
      return { ...run, figures: { ...run.figures, ...takeMarks?.() } };
    },
    hardshipOf: (seed) => ({ faults: [], hostileMs: hostileMsOf(seed), sizes: [] }),
  };
}
