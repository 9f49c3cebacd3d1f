/** A node's state for those who look at it: `Status` for programs, one canonical text for people. */
import { isPaused, type Progress } from './progress.ts';
import type { ProgressStatus, Status } from './ready.ts';
import { type Raft, softState } from './state.ts';
import type { ConfState } from './types.ts';

export function statusOf(raft: Raft): Status {
  const { options, vote, log, role, conf } = raft;
  const progress = role.kind === 'leader' ? [...role.progress] : [];
  return {
    ...softState(raft),
    id: options.id,
    vote,
    commit: log.commit,
    applied: log.applied,
    last: log.last,
    stable: log.stable,
    conf,
    transferee: role.kind === 'leader' ? role.transfer?.to : undefined,
    progress: new Map(progress.map(([id, one]) => [id, progressStatus(one)])),
  };
}

export function describe(raft: Raft): string {
  const { options, term, vote, log, role, conf } = raft;
  const { leader } = softState(raft);
  const node = [
    `n${options.id} ${role.kind} term=${term} vote=${vote ?? '-'} leader=${leader ?? '-'}`,
    `log=[${log.first},${log.last}] stable=${log.stable}`,
    `commit=${log.commit} applied=${log.applied} ${describeConf(conf)}`,
  ].join(' ');
  if (role.kind !== 'leader') return node;
  const peers = [...role.progress].map(([id, progress]) => `  n${id} ${describePeer(progress)}`);
  return [node, ...peers].join('\n');
}

/** `{1,2,3|1,2 learn 4 next 5}`: voters, outgoing voters, learners, voters to demote. */
export function describeConf(conf: ConfState): string {
  const { voters, outgoing, learners, learnersNext, autoLeave } = conf;
  const parts = [
    outgoing.length === 0 ? voters.join(',') : `${voters.join(',')}|${outgoing.join(',')}`,
    learners.length === 0 ? '' : `learn ${learners.join(',')}`,
    learnersNext.length === 0 ? '' : `next ${learnersNext.join(',')}`,
    autoLeave ? 'leaving' : '',
  ];
  return `{${parts.filter(Boolean).join(' ')}}`;
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
