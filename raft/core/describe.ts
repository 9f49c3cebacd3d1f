/** A node's state for those who look at it: `Status` for programs, one canonical text for people. */
import { isPaused, type Progress } from './progress.ts';
import type { ProgressStatus, Status } from './ready.ts';
import { type Raft, softState } from './state.ts';

export function statusOf(raft: Raft): Status {
  const { options, vote, log, role } = raft;
  const progress = role.kind === 'leader' ? [...role.progress] : [];
  return {
    ...softState(raft),
    id: options.id,
    vote,
    commit: log.commit,
    applied: log.applied,
    last: log.last,
    stable: log.stable,
    progress: new Map(progress.map(([id, one]) => [id, progressStatus(one)])),
  };
}

export function describe(raft: Raft): string {
  const { options, term, vote, log, role } = raft;
  const { leader } = softState(raft);
  const node = [
    `n${options.id} ${role.kind} term=${term} vote=${vote ?? '-'} leader=${leader ?? '-'}`,
    `log=[${log.first},${log.last}] stable=${log.stable}`,
    `commit=${log.commit} applied=${log.applied}`,
  ].join(' ');
  if (role.kind !== 'leader') return node;
  const peers = [...role.progress].map(([id, progress]) => `  n${id} ${describePeer(progress)}`);
  return [node, ...peers].join('\n');
}

function describePeer(progress: Progress): string {
  const { kind, match, next, inflight, isActive } = progressStatus(progress);
  const flags = [isPaused(progress) ? 'paused' : '', isActive ? 'active' : ''].filter(Boolean);
  return [kind, `match=${match}`, `next=${next}`, `inflight=${inflight}`, ...flags].join(' ');
}

function progressStatus({ match, next, isActive, mode }: Progress): ProgressStatus {
  const inflight = mode.kind === 'replicate' ? mode.inflights.sent.length : 0;
  return { kind: mode.kind, match, next, inflight, isActive };
}
