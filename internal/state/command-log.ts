/** Commands about the log and the state themselves. */

import type { Histories } from './state.ts';

export type LogCommand =
  /** The programs of all masters know it. It never falls. */
  | {
      readonly kind: 'raise-version';
      readonly version: number;
      /** Of the cluster, if it has none yet. */
      readonly clusterId?: string;
    }
  /** What is more is forgotten at once, the oldest first. */
  | { readonly kind: 'limit-histories'; readonly histories: Histories }
  /**
   * What the leader's state came to after the entry `index`: a master whose own came to something else
   * stops. May be ignored by a program that does not know of it.
   */
  | {
      readonly kind: 'check-digest';
      readonly index: number;
      /** By kind of record, in the order of the names. */
      readonly parts: readonly PartDigest[];
    };

export type PartDigest = { readonly part: string; readonly digest: string };

const logKinds: ReadonlySet<string> = new Set<LogCommand['kind']>([
  'raise-version',
  'limit-histories',
  'check-digest',
]);

export const isOfLog = <Command extends { readonly kind: string }>(
  command: Command,
): command is Extract<Command, LogCommand> => logKinds.has(command.kind);
