/** Answers as people read them. */
import { unreachable } from '#internal/base/assert.ts';
import { addressOf } from '#internal/rpc/grpc-server.ts';
import type { Member, OperatorReply } from '#raft/node/operator-desk.ts';
import type { Answer } from './ask-leader.ts';

export type Lines = { readonly said: readonly string[]; readonly complaints: readonly string[] };

const nothing: readonly string[] = [];
const look = "'altiplano operator raft list' shows who the members are";

export function linesOf(answer: Answer): Lines {
  if (answer.kind === 'reply') return linesOfReply(answer.reply);
  const { reasons, isHeard } = answer;
  if (!isHeard) return { said: nothing, complaints: ['no master answers', ...reasons] };
  const complaint = `no answer came, so it may be done, or not; ${look}`;
  return { said: nothing, complaints: [...reasons, complaint] };
}

function linesOfReply(reply: OperatorReply): Lines {
  switch (reply.kind) {
    case 'members':
      return { said: table(reply), complaints: nothing };
    case 'changed':
      return { said: [`the members are ${reply.voters.join(', ')}`], complaints: nothing };
    case 'transferred':
      return { said: [`node ${reply.leader ?? 'unknown'} leads`], complaints: nothing };
    case 'not-leader':
      return { said: nothing, complaints: [whoLeads(reply)] };
    case 'refused':
      return { said: nothing, complaints: [`${reply.why}${adviceFor(reply.reason)}`] };
    default:
      return unreachable(reply);
  }
}

function whoLeads({ self, leader }: OperatorReply & { readonly kind: 'not-leader' }): string {
  if (leader === undefined)
    return `node ${self} knows no leader: a majority of the masters must be up`;
  return `node ${self} does not lead; node ${leader} does, but it does not answer`;
}

function adviceFor(reason: (OperatorReply & { readonly kind: 'refused' })['reason']): string {
  switch (reason) {
    case 'no-spare':
      return '; --accept-no-spare does it all the same';
    case 'unknown':
      return `; ${look}`;
    case 'in-progress':
    case 'id-used':
    case 'too-slow':
    case 'impossible':
      return '';
    default:
      return unreachable(reason);
  }
}

function table(reply: OperatorReply & { readonly kind: 'members' }): readonly string[] {
  const { leader, self, term, last, members } = reply;
  const rows = members.map((member) => [
    member.id === leader ? '*' : '',
    String(member.id),
    member.role,
    member.address === undefined ? 'unknown' : addressOf(member.address.host, member.address.port),
    progressOf(member, last),
  ]);
  const all = [['', 'node', 'role', 'address', 'log'], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (leader === self) return [`term ${term}, node ${leader} leads`, ...lines];
  const whose = leader === undefined ? 'nobody leads' : `node ${leader} leads, and does not answer`;
  return [`term ${term}, ${whose}: this is what node ${self} knows`, ...lines];
}

function progressOf({ progress }: Member, last: number): string {
  if (progress === undefined) return '';
  const has = progress.match === last ? `all of ${last}` : `${progress.match} of ${last}`;
  return progress.isActive ? has : `${has}, silent`;
}
