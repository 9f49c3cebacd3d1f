/**
 * The follower's side of replication (§3.5): to take what matches, to refuse what does not with a
 * hint where it might, and never to call an entry committed that the leader did not verify here.
 */
import { whyInvalid } from './confchange.ts';
import { restoreConf } from './membership.ts';
import type { StepRefusal } from './ready.ts';
import { becomeFollower, promise, type Raft, say } from './state.ts';
import type { Message } from './types.ts';

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

/** The sender leads our term: whoever campaigned gives up. */
export function heed(raft: Raft, { from }: Message): StepRefusal | undefined {
  const { role } = raft;
  if (role.kind === 'leader') return impossible('a second leader of our term');
  raft.heardTicks = 0;
  if (role.kind === 'follower' && role.leader === from) raft.elapsedTicks = 0;
  else becomeFollower(raft, raft.term, from);
  return undefined;
}

export function takeEntries(raft: Raft, message: Of<'MsgApp'>): StepRefusal | undefined {
  const { log } = raft;
  const { from: to, prevIndex, prevTerm, entries, commit } = message;
  if (prevIndex < log.commit) {
    // mark: entries came that were decided already
    // A late one, or what precedes is compacted away (openraft #511): all that is decided matches.
    acknowledge(raft, message, log.commit);
    return undefined;
  }
  const conflict = entries.find(
    ({ index, term }) => index <= log.commit && log.term(index) !== term,
  );
  if (conflict !== undefined) return impossible(`entry ${conflict.index} is committed here`);
  // Entries mean nothing to one who does not know whose log it is: see `tellBeginning`.
  if (!isUntold(raft) && log.accept({ term: prevTerm, index: prevIndex }, entries)) {
    const last = prevIndex + entries.length;
    // Beyond `last` our log may hold what the leader never had.
    log.commitTo(Math.min(commit, last));
    acknowledge(raft, message, last);
    return undefined;
  }
  const hint = log.lastOfTerm(Math.min(prevIndex, log.last), prevTerm);
  promise(raft, {
    kind: 'MsgAppResp',
    to,
    index: prevIndex,
    reject: true,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
  return undefined;
}

/** A heartbeat's commit index is at most what we acknowledged to this very leader. */
export function takeHeartbeat(raft: Raft, message: Of<'MsgHeartbeat'>): StepRefusal | undefined {
  const { log } = raft;
  const { from: to, commit, context } = message;
  if (commit > log.last) return impossible(`commit ${commit} is beyond our log's end ${log.last}`);
  log.commitTo(commit);
  say(raft, { kind: 'MsgHeartbeatResp', to, context });
  return undefined;
}

export function takeSnapshot(raft: Raft, message: Of<'MsgSnap'>): StepRefusal | undefined {
  const { log } = raft;
  const { snapshot: mark } = message;
  const why = whyInvalid(mark.conf) ?? (mark.conf.voters.length === 0 ? 'no voters' : undefined);
  if (why !== undefined) return impossible(why);
  if (mark.index > log.commit || isUntold(raft)) {
    // mark: a snapshot told more than the log
    // What the snapshot stands for may be in our log already: then what follows it stays (fig. 13, 6).
    if (log.term(mark.index) === mark.term && !isUntold(raft)) log.commitTo(mark.index);
    else {
      log.restore(mark);
      restoreConf(raft, mark);
    }
  }
  acknowledge(raft, message, log.commit);
  return undefined;
}

/** Stops following, and so may vote for another. Nothing else changes, the vote of the term included. */
export function forgetLeader(raft: Raft): void {
  const { role, term } = raft;
  if (role.kind !== 'follower' || role.leader === undefined) return;
  becomeFollower(raft, term, undefined);
}

/** No configuration has no voters: we have not been told of any. */
const isUntold = ({ conf }: Raft): boolean => conf.voters.length === 0;

function acknowledge(raft: Raft, { from: to }: Message, index: number): void {
  promise(raft, { kind: 'MsgAppResp', to, index, reject: false, hintIndex: 0, hintTerm: 0 });
}

const impossible = (why: string): StepRefusal => ({ kind: 'impossible', why });
