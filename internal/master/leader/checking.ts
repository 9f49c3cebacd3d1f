/**
 * The check of the masters' books against those of the agents. Every connected agent is asked, some at a
 * time; where the two disagree, they are asked again a little later, for what was on its way may have
 * looked like it. What is found both times stands. Nothing is changed by it.
 *
 * One check is under way at a time: whoever asks for another meanwhile hears what this one comes to.
 */
import { type AgentId, frameworkId, taskId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { resources } from '#internal/resources/resources.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { BookedLife, Books } from '#proto/gen/altiplano/agent/v1.ts';
import type { CheckReport } from '../check/check-report.ts';
import { type AgentBooks, compareBooks, type Disagreement } from '../check/compare-books.ts';
import { instruct, type Lead } from './lead.ts';

export type CheckLimits = {
  /** Between the beginnings of two; undefined when only those who ask have one. */
  readonly everyMs: number | undefined;
  /** How long an agent may take to answer. */
  readonly answerMs: number;
  /** After so long what was on its way has arrived. */
  readonly settleMs: number;
  /** Agents that are asked at a time. */
  readonly atATime: number;
  /** Who may wait for a check; more are turned away. */
  readonly waitersMax: number;
  /** Disagreements that one check tells of. */
  readonly toldMax: number;
};

export const usualChecks: CheckLimits = {
  everyMs: undefined,
  answerMs: 10_000,
  settleMs: 5000,
  atATime: 64,
  waitersMax: 100,
  toldMax: 1000,
};

type Reply = (report: CheckReport | undefined) => void;

export type Checking = {
  readonly waiters: Reply[];
  round: Round | undefined;
  last: CheckReport | undefined;
  /** Checks that came to an end. */
  checks: number;
  /** What stood at the last one, since when. */
  since: ReadonlyMap<string, number>;
  sequence: bigint;
  timer: Timer | undefined;
};

/** Asking some agents once. */
type Round = {
  readonly sequence: bigint;
  readonly waiting: AgentId[];
  readonly asked: Map<AgentId, Timer>;
  readonly answered: Set<AgentId>;
  readonly silent: AgentId[];
  readonly found: Map<string, Disagreement>;
  readonly onEnd: (round: Round) => void;
};

export const newChecking = (): Checking => ({
  waiters: [],
  round: undefined,
  last: undefined,
  checks: 0,
  since: new Map(),
  sequence: 0n,
  timer: undefined,
});

/** Lines of the log that one check writes. */
const loggedMax = 20;

/** `undefined` when too many wait, or this master stops leading. */
export function checkBooks(lead: Lead, reply: Reply): void {
  const { checking, options } = lead;
  if (checking.waiters.length >= options.checks.waitersMax) return reply(undefined);
  checking.waiters.push(reply);
  if (checking.waiters.length === 1) begin(lead);
  return undefined;
}

export function checkNowAndThen(lead: Lead): void {
  const { everyMs } = lead.options.checks;
  if (everyMs === undefined) return;
  lead.checking.timer = lead.after(everyMs, () => {
    checkBooks(lead, () => {});
    checkNowAndThen(lead);
  });
}

/** An agent has answered; one that is not waited for is not heard. */
export function booksTold(lead: Lead, from: AgentId, books: Books): void {
  const { round } = lead.checking;
  const patience = round?.asked.get(from);
  if (round === undefined || patience === undefined || books.sequence !== round.sequence) return;
  patience.cancel();
  round.asked.delete(from);
  round.answered.add(from);
  for (const found of compareBooks(lead.state, from, booksFromWire(books))) {
    if (round.found.size < lead.options.checks.toldMax) round.found.set(keyOf(found), found);
  }
  goOn(lead, round);
}

/** Nobody is asked any more. */
export function dropChecks({ checking }: Lead): void {
  checking.timer?.cancel();
  for (const patience of checking.round?.asked.values() ?? []) patience.cancel();
  checking.round = undefined;
  for (const reply of checking.waiters.splice(0)) reply(undefined);
}

function begin(lead: Lead): void {
  const able: AgentId[] = [];
  const old: AgentId[] = [];
  for (const { id, presence } of lead.peers.values()) {
    if (presence.kind !== 'connected') continue;
    (presence.visitor.tellsBooks ? able : old).push(id);
  }
  ask(lead, able, (first) => {
    const odd = new Set([...first.found.values()].map(({ agentId }) => agentId));
    if (odd.size === 0) return finish(lead, { first, old, again: undefined });
    lead.after(lead.options.checks.settleMs, () =>
      ask(lead, [...odd], (again) => finish(lead, { first, old, again })),
    );
    return undefined;
  });
}

function ask(lead: Lead, ids: readonly AgentId[], onEnd: (round: Round) => void): void {
  const { checking } = lead;
  checking.sequence += 1n;
  const round: Round = {
    sequence: checking.sequence,
    waiting: [...ids],
    asked: new Map(),
    answered: new Set(),
    silent: [],
    found: new Map(),
    onEnd,
  };
  checking.round = round;
  goOn(lead, round);
}

function goOn(lead: Lead, round: Round): void {
  const { atATime, answerMs } = lead.options.checks;
  while (round.asked.size < atATime) {
    const id = round.waiting.shift();
    if (id === undefined) break;
    const patience = lead.after(answerMs, () => {
      round.asked.delete(id);
      round.silent.push(id);
      goOn(lead, round);
    });
    round.asked.set(id, patience);
    instruct(lead, id, { tell_books: { sequence: round.sequence } });
  }
  if (round.asked.size > 0 || lead.checking.round !== round) return;
  lead.checking.round = undefined;
  round.onEnd(round);
}

type Rounds = {
  readonly first: Round;
  readonly again: Round | undefined;
  readonly old: readonly AgentId[];
};

function finish(lead: Lead, { first, again, old }: Rounds): void {
  const { checking, clock, logger, options } = lead;
  const atMs = clock.now();
  const standing = [...(again?.found ?? [])].filter(([key]) => first.found.has(key));
  const { settleMs, toldMax } = options.checks;
  const disagreements = standing.map(([key, found]) => ({
    ...found,
    sinceMs: checking.since.get(key) ?? atMs - settleMs,
  }));
  checking.since = new Map(standing.map(([key], at) => [key, disagreements[at]?.sinceMs ?? atMs]));
  for (const { law, facts, agentId, sinceMs } of disagreements.slice(0, loggedMax)) {
    const [fact, other] = facts;
    logger.error('books disagree', { law, agentId, fact, other, lastsMs: atMs - sinceMs });
  }
  const report: CheckReport = {
    atMs,
    agents: first.answered.size,
    silent: [...new Set([...first.silent, ...(again?.silent ?? [])])],
    old,
    disagreements,
    isCut: first.found.size >= toldMax,
  };
  checking.last = report;
  checking.checks++;
  for (const reply of checking.waiters.splice(0)) reply(report);
}

const keyOf = ({ law, agentId, subject }: Disagreement): string =>
  JSON.stringify([law, agentId, subject]);

function booksFromWire({ tasks = [], total, executors }: Books): AgentBooks {
  return {
    tasks: tasks.map(({ framework_id, task_id, life, resources: held }) => ({
      frameworkId: frameworkId(framework_id.value),
      taskId: taskId(task_id.value),
      life: lives[life],
      resources: merged(held),
    })),
    total: merged(total),
    executors: merged(executors),
  };
}

/** As the books of masters have them. */
const merged = (list: Books['total']): Resources => resources(resourcesAsWritten(list));

/** What is not known is taken for running: then it is looked at. */
const lives: Readonly<Record<BookedLife, AgentBooks['tasks'][number]['life']>> = {
  UNKNOWN_LIFE: 'lives',
  LIVES: 'lives',
  ENDS: 'ends',
  ENDED: 'ended',
};
