/** The leader's part in comparing the masters' states, and in raising their version. */
import { newUuid } from '#internal/base/uuid.ts';
import type { Histories } from '#internal/state/state.ts';
import { isFromHistoriesOn, newestVersion } from '#internal/state/version.ts';
import type { Ledger } from '../ledger.ts';
import type { Lead } from './lead.ts';

/**
 * To be called after each entry: when the ledger has kept a state, says in the log what it came to. One
 * is worked out at a time; what was kept meanwhile is passed over, but for the last.
 */
export function newStateCheck(
  lead: Pick<Lead, 'propose' | 'turn'>,
  ledger: Pick<Ledger, 'keptIndex' | 'digestAt'>,
): () => void {
  let done = ledger.keptIndex();
  let isBusy = false;
  return () => {
    const index = ledger.keptIndex();
    if (isBusy || index <= done) return;
    isBusy = true;
    done = index;
    void ledger.digestAt(index).then((parts) =>
      lead.turn(() => {
        isBusy = false;
        if (parts !== undefined) lead.propose({ kind: 'check-digest', index, parts });
      }),
    );
  };
}

/** Between two looks whether the masters all know a newer version. */
const lookMs = 5000;

/**
 * Until the state has the newest version that we know, and remembers as much as our flags say: masters
 * with other flags come to the same, since the log says it.
 */
export function agreeOnState(
  lead: Pick<Lead, 'state' | 'propose' | 'after' | 'options' | 'random'>,
  versionOfAll: () => number | undefined,
  onRaised: () => void,
): void {
  const version = Math.min(versionOfAll() ?? 0, newestVersion);
  if (version > lead.state.version) {
    // mark: the version of the state was raised
    const clusterId = newUuid(lead.random);
    lead.propose({ kind: 'raise-version', version, clusterId }, onRaised);
  }
  const { histories } = lead.options;
  const isSaid = areSame(lead.state.histories, histories);
  if (!isSaid && isFromHistoriesOn(lead.state))
    lead.propose({ kind: 'limit-histories', histories });
  if (isSaid && lead.state.version >= newestVersion) return;
  lead.after(lookMs, () => agreeOnState(lead, versionOfAll, onRaised));
}

const areSame = (one: Histories, other: Histories): boolean =>
  one.completedFrameworks === other.completedFrameworks &&
  one.completedTasks === other.completedTasks &&
  one.unreachableTasks === other.unreachableTasks;
