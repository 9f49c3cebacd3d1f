/**
 * What masters of two adjacent programs need to agree while a cluster is upgraded, one master at a time.
 *
 * The state has a version. `apply` does what is new in a program only from the version on that stands
 * for it, and a leader raises the version in the log once the programs of all masters know it (they say
 * so at their handshakes). So a program gives the same as the one before until nobody needs that one,
 * and an older one that comes back stops when it meets the command that raised it.
 *
 * A command that is new stops an older program too, unless it is marked as one that may be ignored. What
 * such a command changes in the state is new as well, and so has to wait for a version.
 *
 * - 1: the first.
 * - 2: the state remembers when the masters compared theirs last (`check-digest`).
 * - 3: frameworks have stores (`put-value`, `delete-value`).
 * - 4: the log says how much is remembered (`limit-histories`).
 * - 5: the cluster has a name, volumes are known by their manifests, and orphans can be taken on.
 * - 6: an agent that never learned its id returns with what it has, and not with what it was to get.
 */

/** The newest one that this program knows. */
export const newestVersion = 6;

/** Frameworks have stores. */
const storesVersion = 3;

export const isFromStoresOn = ({ version }: { readonly version: number }): boolean =>
  version >= storesVersion;

/** The log says how much is remembered. */
const historiesVersion = 4;

export const isFromHistoriesOn = ({ version }: { readonly version: number }): boolean =>
  version >= historiesVersion;

/** Volumes have identities. */
const volumesVersion = 5;

export const isFromVolumesOn = ({ version }: { readonly version: number }): boolean =>
  version >= volumesVersion;

/** Whoever registers again has what it says. */
const lostRegistrationsVersion = 6;

export const isFromLostRegistrationsOn = ({ version }: { readonly version: number }): boolean =>
  version >= lostRegistrationsVersion;

/** Written by a newer program: this master must stop. */
export class StateVersionError extends Error {
  override readonly name: string = 'StateVersionError';
  readonly code = 'STATE_VERSION' as const;

  constructor(version: number) {
    super(
      `The masters have agreed on version ${version} of their state, and this program knows none ` +
        `above ${newestVersion}: start a newer one`,
    );
  }
}
