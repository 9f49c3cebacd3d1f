/** What the masters decide about their log and state themselves. */
import { unreachable } from '#internal/base/assert.ts';
import type { LogCommand } from './command-log.ts';
import type { Draft } from './draft.ts';
import { limitHistories } from './histories.ts';
import { isFromHistoriesOn, isFromVolumesOn, newestVersion, StateVersionError } from './version.ts';

/** Throws `StateVersionError` for a version to come. */
export function applyLog(draft: Draft, command: LogCommand): void {
  const { state, atMs } = draft;
  switch (command.kind) {
    case 'raise-version':
      if (command.version > newestVersion) throw new StateVersionError(command.version);
      if (command.version > state.version) {
        draft.state = { ...state, version: command.version };
      }
      if (isFromVolumesOn(draft.state) && draft.state.clusterId === undefined) {
        draft.state = { ...draft.state, clusterId: command.clusterId };
      }
      return;
    case 'limit-histories':
      // Nobody proposes it before; a program of version 3 would have stopped.
      if (isFromHistoriesOn(state)) limitHistories(draft, command.histories);
      return;
    case 'check-digest':
      // A program of version 1 skips this command, so until then it changes nothing.
      if (state.version >= 2) draft.state = { ...state, checked: { index: command.index, atMs } };
      return;
    default:
      return unreachable(command);
  }
}
