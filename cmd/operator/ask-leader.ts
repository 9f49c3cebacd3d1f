/**
 * Finds the master that leads, wherever one begins: whoever does not lead names the one that does, and
 * whoever is silent is passed over. A question that was heard and not answered is not asked again.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import { addressOf } from '#internal/rpc/grpc-server.ts';
import type { OperatorReply, OperatorRequest } from '#raft/node/operator-desk.ts';
import { OperatorCallError } from '#raft/transport/grpc-operators.ts';

export type Answer =
  | {
      readonly kind: 'reply';
      readonly reply: OperatorReply;
      /** Whose answer it is. */
      readonly address: string;
    }
  /** Nobody heard the question, or it is not known what became of it. */
  | { readonly kind: 'silence'; readonly isHeard: boolean; readonly reasons: readonly string[] };

export type AskLeaderDependencies = {
  readonly clock: Clock;
  readonly ask: (address: string, request: OperatorRequest) => Promise<OperatorReply>;
};

export type AskLeaderOptions = {
  readonly masters: readonly string[];
  readonly signal: AbortSignal;
};

/** While an election is on, nobody leads: all are asked again, so often and with such a pause. */
const roundsMax = 10;
const pauseMs = 500;

export async function askLeader(
  dependencies: AskLeaderDependencies,
  { masters, signal }: AskLeaderOptions,
  request: OperatorRequest,
): Promise<Answer> {
  const { clock, ask } = dependencies;
  let last: Answer = { kind: 'silence', isHeard: false, reasons: [] };
  for (let round = 0; round < roundsMax && !signal.aborted; round++) {
    if (round > 0) await clock.sleep(pauseMs, { signal }).catch(() => {});
    const reasons: string[] = [];
    const asked = new Set<string>();
    const waiting = [...masters];
    for (let address = waiting.shift(); address !== undefined; address = waiting.shift()) {
      if (asked.has(address)) continue;
      asked.add(address);
      const answer = await askOne(ask, address, request);
      if (answer.kind === 'silence') {
        reasons.push(...answer.reasons);
        if (answer.isHeard) return answer;
        continue;
      }
      if (isOfLeader(answer.reply)) return answer;
      last = answer;
      const leader = leaderOf(answer.reply);
      if (leader !== undefined) waiting.unshift(leader);
    }
    if (last.kind === 'silence') last = { ...last, reasons };
    // Anybody's word is better than none, and nobody waits for a list.
    if (request.kind === 'list') return last;
  }
  return last;
}

async function askOne(
  ask: AskLeaderDependencies['ask'],
  address: string,
  request: OperatorRequest,
): Promise<Answer> {
  try {
    return { kind: 'reply', reply: await ask(address, request), address };
  } catch (error) {
    if (!(error instanceof OperatorCallError)) throw error;
    return { kind: 'silence', isHeard: error.code === 'BROKEN', reasons: [error.message] };
  }
}

function isOfLeader(reply: OperatorReply): boolean {
  if (reply.kind === 'members') return reply.self === reply.leader;
  return reply.kind !== 'not-leader';
}

/** Where the leader listens, by the word of somebody else. */
function leaderOf(reply: OperatorReply): string | undefined {
  if (reply.kind !== 'members' && reply.kind !== 'not-leader') return undefined;
  const address =
    reply.kind === 'not-leader'
      ? reply.address
      : reply.members.find(({ id }) => id === reply.leader)?.address;
  return address === undefined ? undefined : addressOf(address.host, address.port);
}
