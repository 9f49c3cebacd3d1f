/** One node alone with a log of its own, and what is said to it: the stage of tests that follow the paper. */
import { assert } from '#internal/base/assert.ts';
import { MemoryLog } from './memory-log.ts';
import type { RawNode } from './raw-node.ts';
import {
  carryOut,
  confOf,
  messagesOf,
  newNode,
  nodeId,
  type TestCluster,
  text,
} from './test-cluster.ts';
import type { Entry, Message, NodeId, Term } from './types.ts';

export const one: NodeId = nodeId(1);
export const two: NodeId = nodeId(2);
export const three: NodeId = nodeId(3);

export const entriesOf = (first: number, terms: readonly Term[]): Entry[] =>
  terms.map((term, i) => ({ term, index: first + i, kind: 'normal', data: text(`${first + i}`) }));

export class Lone {
  readonly log: MemoryLog = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  readonly node: RawNode;

  /** Node 1 of three, with a log of these terms; what it says goes nowhere. */
  constructor(_dependencies: object, { terms = [], term }: { terms?: Term[]; term?: Term }) {
    const hard = { term: term ?? terms.at(-1) ?? 0, vote: undefined, commit: 0 };
    this.log.write({ hard, entries: entriesOf(1, terms) });
    this.node = newNode(1, this.log);
  }

  say(message: Message): readonly Message[] {
    this.node.step(message);
    return messagesOf(carryOut(this.node, this.log));
  }

  tick(count: number): readonly Message[] {
    return Array.from({ length: count }, () => {
      this.node.tick();
      return messagesOf(carryOut(this.node, this.log));
    }).flat();
  }

  /** Campaigns, past the pre-votes. */
  stand(): readonly Message[] {
    this.node.campaign();
    carryOut(this.node, this.log);
    const term = this.node.status().term + 1;
    return this.say({ kind: 'MsgPreVoteResp', ...vote, from: two, term });
  }
}

/** A denial or a grant, to be told whose and of which term. */
export const vote: {
  readonly to: NodeId;
  readonly reject: false;
  readonly commit: 0;
  readonly commitTerm: 0;
} = { to: one, reject: false, commit: 0, commitTerm: 0 };

/** Of a candidate whose log is ahead of all others. */
export const plea: {
  readonly kind: 'MsgVote';
  readonly to: NodeId;
  readonly transfer: false;
  readonly lastTerm: 9;
  readonly lastIndex: 9;
  readonly commit: 0;
  readonly commitTerm: 0;
} = {
  kind: 'MsgVote',
  to: one,
  transfer: false,
  lastTerm: 9,
  lastIndex: 9,
  commit: 0,
  commitTerm: 0,
};

/** A leader's word without entries, to a log without any. */
export const empty: {
  readonly kind: 'MsgApp';
  readonly to: NodeId;
  readonly prevTerm: 0;
  readonly prevIndex: 0;
  readonly entries: readonly Entry[];
  readonly commit: 0;
} = { kind: 'MsgApp', to: one, prevTerm: 0, prevIndex: 0, entries: [], commit: 0 };

export const kindsOf = (messages: readonly Message[]): string[] => messages.map(({ kind }) => kind);

export function leaderOf(cluster: TestCluster, ids: readonly number[]): number {
  const leader = ids.find((id) => cluster.node(id).status().role === 'leader');
  assert(leader !== undefined, 'nobody leads');
  return leader;
}
