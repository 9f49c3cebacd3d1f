/**
 * Finding the leader and staying with it. Masters are dialled in turn; one that does not lead names
 * the one it believes to; between two rounds the agent waits a random while. Whatever a leader says
 * counts only if its term is not lower than any the agent has heeded: a deposed leader that has not
 * noticed can change nothing here, ever.
 */
import { newUuid } from '#internal/base/uuid.ts';
import { assert } from '#internal/base/assert.ts';
import type { MasterMessage, NotLeading, Registered } from '#proto/gen/altiplano/agent/v1.ts';
import { refusedLink } from '#internal/rpc/link.ts';
import { joinCluster, writeIdentity } from './identity.ts';
import { introduction } from './introduction.ts';
import { resendOperations, resumeVolumes } from './operations.ts';
import type { Session } from './state.ts';
import { type Turn, act, change, note } from './turn.ts';
import { resend } from './updates.ts';

export function start(turn: Turn): void {
  assert(turn.state.session.kind === 'idle', 'The agent was started twice');
  if (turn.state.registration === '') {
    change(turn, { registration: newUuid(turn.moment.random) });
  }
  // Also with what it is this time: the next start is measured by it.
  writeIdentity(turn);
  resumeVolumes(turn);
  dialNext(turn);
}

/** False when the sender must not be heeded: the message is to be dropped. */
export function heeds(turn: Turn, link: number, message: MasterMessage): boolean {
  const { session, term } = turn.state;
  if (!isOn(session, link)) return false;
  // One that does not lead may know a term that nobody ever wins: it is not for fencing.
  if (message.not_leading !== undefined) return true;
  if (message.term < term) {
    // mark: a deposed leader was refused
    note(turn, 'warn', 'deposed leader refused', {
      master: session.target,
      term: message.term,
      heeded: term,
    });
    act(turn, { kind: 'hang-up', link });
    lose(turn);
    return false;
  }
  if (message.term > term) {
    change(turn, { term: message.term });
    turn.writes.push({ kind: 'term', term: message.term });
  }
  // Whom a leader does not want hears it before it is registered.
  const isAnswer = message.registered !== undefined || message.shutdown !== undefined;
  return session.kind === 'registered' || isAnswer;
}

export function registered(turn: Turn, link: number, answer: Registered): void {
  const { session, agentId } = turn.state;
  if (session.kind !== 'dialing') return;
  const given = answer.agent_id.value;
  if (agentId === undefined) {
    change(turn, { agentId: given });
    writeIdentity(turn);
  }
  if (agentId !== undefined && agentId !== given) {
    // Tasks and sandboxes belong to the id that we have: another one cannot be ours.
    note(turn, 'warn', 'master knows us by another id', { agentId, given });
    act(turn, { kind: 'hang-up', link });
    lose(turn);
    return;
  }
  if (answer.cluster_id !== undefined) joinCluster(turn, answer.cluster_id);
  const silenceMs = answer.total_ping_timeout_seconds * 1000;
  change(turn, {
    session: { kind: 'registered', link, target: session.target, silenceMs },
    round: 0,
    tried: 0,
  });
  heardFrom(turn);
  note(turn, 'info', 'registered', { agentId: given, master: session.target });
  resend(turn, turn.state.tasks.values());
  resendOperations(turn);
}

export function notLeading(turn: Turn, link: number, { leader }: NotLeading): void {
  const { session } = turn.state;
  act(turn, { kind: 'hang-up', link });
  // Two masters that point at each other must not keep us busy: a few hops a round.
  const isNews = session.kind === 'dialing' && leader !== undefined && leader !== session.target;
  if (isNews && session.hops < turn.settings.masters.length) dial(turn, leader, session.hops + 1);
  else lose(turn);
}

/** A ping: the leader lives and means us. */
export function heardFrom(turn: Turn): void {
  const { session } = turn.state;
  if (session.kind !== 'registered') return;
  act(turn, { kind: 'set-timer', timer: { kind: 'silence' }, delayMs: session.silenceMs });
}

/** Neither a ping nor an answer to the registration came in time. */
export function silence(turn: Turn): void {
  const { session } = turn.state;
  if (session.kind !== 'registered' && session.kind !== 'dialing') return;
  note(turn, 'warn', 'master is silent', { master: session.target });
  act(turn, { kind: 'hang-up', link: session.link });
  lose(turn);
}

export function closed(turn: Turn, link: number, reason: string): void {
  const { session } = turn.state;
  if (!isOn(session, link)) return;
  // Most masters do not lead, and some are down; one that does not believe us wants an operator.
  const isNews = session.kind === 'registered' || reason.startsWith(refusedLink);
  const level = isNews ? 'warn' : 'debug';
  note(turn, level, 'link to master closed', { master: session.target, reason });
  lose(turn);
}

/** The current master is no use. */
export function lose(turn: Turn): void {
  const { session, tried } = turn.state;
  act(turn, { kind: 'cancel-timer', timer: { kind: 'silence' } });
  // All agents lose a leader at the same moment, and must not all come back at the same one.
  if (session.kind === 'registered') wait(turn);
  else if (tried >= turn.settings.masters.length) wait(turn);
  else dialNext(turn);
}

export function dialNext(turn: Turn): void {
  const { masters } = turn.settings;
  const { cursor, tried } = turn.state;
  const target = masters[cursor % masters.length];
  assert(target !== undefined, 'The agent has no masters to register with');
  change(turn, { cursor: (cursor + 1) % masters.length, tried: tried + 1 });
  dial(turn, target, 0);
}

function wait(turn: Turn): void {
  const { backoffMs, backoffMsMax, steadyRounds } = turn.settings;
  const { round } = turn.state;
  const doublings = Math.max(0, Math.min(round - steadyRounds, 30));
  const limitMs = Math.min(backoffMs * 2 ** doublings, backoffMsMax);
  const delayMs = turn.moment.random.below(limitMs + 1);
  change(turn, { session: { kind: 'waiting' }, tried: 0, round: round + 1 });
  act(turn, { kind: 'set-timer', timer: { kind: 'dial' }, delayMs });
}

function dial(turn: Turn, target: string, hops: number): void {
  const link = turn.state.nextLink;
  change(turn, { session: { kind: 'dialing', link, target, hops }, nextLink: link + 1 });
  act(
    turn,
    { kind: 'dial', link, target },
    { kind: 'send', link, message: introduction(turn) },
    { kind: 'set-timer', timer: { kind: 'silence' }, delayMs: turn.settings.registrationTimeoutMs },
  );
}

function isOn(
  session: Session,
  link: number,
): session is Extract<Session, { readonly link: number }> {
  return (session.kind === 'dialing' || session.kind === 'registered') && session.link === link;
}
