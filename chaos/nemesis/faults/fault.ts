/**
 * What a fault is: something that is done to members of a cluster and can be undone. It does it when it
 * is struck, and what that gives back undoes it. Whatever would outlive the run is in the journal before.
 */
import type { Random } from '#internal/base/random.ts';
import type { Network } from '../network.ts';
import type { RealCluster } from '../real-cluster.ts';
import type { UndoJournal } from '../undo-journal.ts';

/** Whom a fault is done to: a member of the cluster, or the place where its clients are. */
export type Target = {
  /** `master-1`, `agent-2`, `client`. */
  readonly name: string;
  readonly kind: 'master' | 'agent' | 'client';
  readonly place: number;
};

export type Ground = {
  readonly cluster: RealCluster;
  readonly network: Network;
  readonly journal: UndoJournal;
  readonly random: Random;
  /** Everyone, clients too. */
  readonly everyone: readonly Target[];
  /** A master that led in an earlier term than the one whom the agent followed last. */
  readonly deposedBefore: (agent: string) => Deposed | undefined;
  /** The compiled relay; undefined where nothing can be compiled. */
  readonly relay: string | undefined;
  /** Files by which preloaded libraries are told what to do: `NAME.syncs`, `NAME.clock`. */
  readonly switches: string;
};

export type Deposed = { readonly master: string; readonly term: number };

export type Settings = Readonly<Record<string, number | string>>;

/** Undoes it; fine when it has to wait for that. */
export type Heal = () => Promise<void>;

export type Fault = {
  /** In a few words, for the timeline: `is killed`. */
  readonly words: string;
  /** What may be said of it in a scenario, and what holds when it is not. */
  readonly settings: Settings;
  /** It takes the process away: no other such fault is done to the same member meanwhile. */
  readonly takesProcess: boolean;
  /** What has to be there for it beforehand. */
  readonly needs: readonly Need[];
  strike(ground: Ground, targets: readonly Target[], settings: Settings): Promise<Heal>;
};

/** `compiler`: the relay; `syncs` and `clock`: libraries in all members; `disk`: one for each target. */
export type Need = 'compiler' | 'syncs' | 'clock' | 'disk' | 'freezer' | 'memory';

export const number = (settings: Settings, name: string): number => Number(settings[name]);

/** All of them, the last one first; the first complaint is thrown when all were tried. */
export function together(heals: readonly (() => void | Promise<void>)[]): Heal {
  return async () => {
    const faults: unknown[] = [];
    for (const heal of heals.toReversed()) {
      try {
        await heal();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw faults[0];
  };
}
