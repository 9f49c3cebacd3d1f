/**
 * A message arrives: terms are compared first, then it goes to whom it concerns. Nothing that a peer
 * sends makes this throw; what cannot be is refused and changes nothing.
 */
import { unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import {
  answerVote,
  decidedOf,
  isBound,
  isLoyal,
  learnDecided,
  takeOver,
  takeVote,
} from './election.ts';
import { heed, takeEntries, takeHeartbeat, takeSnapshot } from './following.ts';
import { takeAnswer, takePulse } from './leading.ts';
import { whyMalformed } from './message-check.ts';
import { takeIndex, takeQuestion } from './reading.ts';
import type { StepRefusal } from './ready.ts';
import { becomeFollower, promise, type Raft, say } from './state.ts';
import type { Message } from './types.ts';

export function step(raft: Raft, message: Message): Result<undefined, StepRefusal> {
  const { id } = raft.options;
  if (message.to !== id || message.from === id) return refuse({ kind: 'misdirected' });
  const why = whyMalformed(message);
  if (why !== undefined) return refuse({ kind: 'impossible', why });
  if (isOfCampaign(message)) learnDecided(raft, message);
  if (message.term < raft.term) {
    // mark: a message of an earlier term
    answerOld(raft, message);
    return accept(undefined);
  }
  if (isPlea(message) && !message.transfer && isBound(raft)) return accept(undefined);
  if (message.term > raft.term && !joinTerm(raft, message)) return accept(undefined);
  const refusal = receive(raft, message);
  return refusal === undefined ? accept(undefined) : refuse(refusal);
}

/** Whoever speaks in an old term is told of ours where that helps it, and ignored otherwise. */
function answerOld(raft: Raft, { kind, from: to }: Message): void {
  if (kind === 'MsgPreVote') {
    // Its log may be the longest: it has to learn our term, or nobody can win (openraft #1796).
    say(raft, { kind: 'MsgPreVoteResp', to, reject: true, ...decidedOf(raft) });
  } else if (isLeaders(kind)) {
    // A leader that was cut off, or we were, with a higher term: only our term can end that. The
    // index 0 claims nothing.
    promise(raft, { kind: 'MsgAppResp', to, index: 0, reject: false, hintIndex: 0, hintTerm: 0 });
  }
}

/** Only who leads the message's term says such a thing. */
const isLeaders = (kind: Message['kind']): boolean =>
  kind === 'MsgApp' || kind === 'MsgHeartbeat' || kind === 'MsgSnap' || kind === 'MsgTimeoutNow';

/** False when the message is to be ignored. */
function joinTerm(raft: Raft, message: Message): boolean {
  const { kind, term, from } = message;
  if (isPlea(message) && !message.transfer && isLoyal(raft)) return false;
  // A pre-vote only asks "if I stood in this term", and a grant repeats that term.
  if (kind === 'MsgPreVote' || (kind === 'MsgPreVoteResp' && !message.reject)) return true;
  becomeFollower(raft, term, isLeaders(kind) ? from : undefined);
  return true;
}

type Plea = Extract<Message, { kind: 'MsgPreVote' | 'MsgVote' }>;

type OfCampaign = Plea | Extract<Message, { kind: 'MsgPreVoteResp' | 'MsgVoteResp' }>;

const isOfCampaign = (message: Message): message is OfCampaign =>
  isPlea(message) || message.kind === 'MsgPreVoteResp' || message.kind === 'MsgVoteResp';

const isPlea = (message: Message): message is Plea =>
  message.kind === 'MsgPreVote' || message.kind === 'MsgVote';

function receive(raft: Raft, message: Message): StepRefusal | undefined {
  switch (message.kind) {
    case 'MsgPreVote':
    case 'MsgVote':
      answerVote(raft, message);
      return undefined;
    case 'MsgPreVoteResp':
    case 'MsgVoteResp':
      takeVote(raft, message);
      return undefined;
    case 'MsgApp':
      return heed(raft, message) ?? takeEntries(raft, message);
    case 'MsgHeartbeat':
      return heed(raft, message) ?? takeHeartbeat(raft, message);
    case 'MsgSnap':
      return heed(raft, message) ?? takeSnapshot(raft, message);
    case 'MsgAppResp':
      return raft.role.kind === 'leader' ? takeAnswer(raft, raft.role, message) : undefined;
    case 'MsgHeartbeatResp':
      return raft.role.kind === 'leader' ? takePulse(raft, raft.role, message) : undefined;
    case 'MsgTimeoutNow':
      return heed(raft, message) ?? takeOver(raft);
    case 'MsgReadIndex':
      takeQuestion(raft, message);
      return undefined;
    case 'MsgReadIndexResp':
      takeIndex(raft, message);
      return undefined;
    default:
      return unreachable(message);
  }
}
