/** What of a node's status operators watch, by name. */
import type { Status } from '#raft/core/ready.ts';
import type { Figure } from './meter.ts';

export function figuresOf(status: Status): readonly Figure[] {
  const { role, term, leader, commit, applied, last, stable, conf, progress } = status;
  const peers = [...progress].flatMap(([id, { kind, match, inflight, isActive }]) => [
    { name: `peers/${id}/lag`, value: last - match },
    { name: `peers/${id}/inflight`, value: inflight },
    { name: `peers/${id}/active`, value: isActive ? 1 : 0 },
    { name: `peers/${id}/probe`, value: kind === 'probe' ? 1 : 0 },
    { name: `peers/${id}/replicate`, value: kind === 'replicate' ? 1 : 0 },
    { name: `peers/${id}/snapshot`, value: kind === 'snapshot' ? 1 : 0 },
  ]);
  return [
    { name: 'is_leader', value: role === 'leader' ? 1 : 0 },
    { name: 'leader', value: leader ?? 0 },
    { name: 'term', value: term },
    { name: 'last', value: last },
    { name: 'commit', value: commit },
    { name: 'applied', value: applied },
    { name: 'unwritten', value: last - stable },
    { name: 'unapplied', value: commit - applied },
    { name: 'voters', value: conf.voters.length },
    { name: 'learners', value: conf.learners.length },
    { name: 'is_joint', value: conf.outgoing.length > 0 ? 1 : 0 },
    ...peers,
  ];
}
