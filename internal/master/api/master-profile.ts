/** What a master tells of itself that does not change while it runs. */
import type { FaultDomain } from '#internal/model/offer-constraints.ts';
import type { VersionInfo } from '#proto/gen/mesos/v1.ts';

export type MasterProfile = {
  readonly build: Build;
  /** The cluster's name, where the operator gave one. */
  readonly cluster: string | undefined;
  /** Where it stands, where the operator said so. */
  readonly domain?: FaultDomain | undefined;
  /** As they are in force, by name, sorted. */
  readonly flags: Readonly<Record<string, string>>;
};

export type Build = {
  /** Clients take it apart as a semantic version. */
  readonly version: string;
  /** `2026-08-23 14:59:00`. */
  readonly date: string;
  /** Seconds since the epoch. */
  readonly timeSeconds: number;
  readonly user: string;
  /** The commit that it was built from, where that is known. */
  readonly gitSha: string | undefined;
};

export function versionInfo({ version, date, timeSeconds, user, gitSha }: Build): VersionInfo {
  return {
    version,
    build_date: date,
    build_time: timeSeconds,
    build_user: user,
    ...(gitSha === undefined ? {} : { git_sha: gitSha }),
  };
}
