/**
 * A master: follows the log, and leads when the log's node does. It is one actor: whatever comes in is
 * handled to its end, in a turn of its own, before the next; what a turn itself causes waits for its
 * end. To the faces it is a `MasterDoor`, to agents the acceptor of their links.
 *
 * It leads from the moment when its own `announce-leader` is applied: then it knows all that any leader
 * before it was heard saying. It stops, closing every stream and link, when the node stops leading or
 * an entry of its own is not applied; if the node then still leads, it announces itself anew.
 */
import type { Explanation, Question } from '#internal/allocator/explanation.ts';
import { patternLimitsDefault } from '#internal/allocator/constraints-pattern.ts';
import { type AllocatorOptions, allocatorDefaults } from '#internal/allocator/event.ts';
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { MasterAddress } from '#internal/model/cluster.ts';
import { noStore } from '#internal/model/framework-store.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import type { Link, LinkAcceptor } from '#internal/rpc/link.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { usualHistories } from '#internal/state/state.ts';
import { encodeCommand } from '#internal/wire/state-codec.ts';
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { Call as OperatorCall } from '#proto/gen/mesos/v1/master.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import type {
  Answer,
  CheckCounts,
  EventStream,
  Leadership,
  MasterDoor,
  MasterView,
  Observer,
  Speaker,
  StoreAnswer,
  StoreReading,
  StoreWrite,
  Waits,
} from '../door.ts';
import { receive } from './calls.ts';
import { checkBooks, usualChecks } from './checking.ts';
import { carryOut } from './effects.ts';
import { unavailable } from './events.ts';
import { explainOffers } from './explain.ts';
import { type Ids, newIds } from './ids.ts';
import { Journal, type JournalOptions } from './journal.ts';
import type { Lead, LeadOptions } from './lead.ts';
import { linkClosed } from './agents.ts';
import { heard, welcomeLink } from './links.ts';
import { newLead } from './new-lead.ts';
import { observe } from './observers.ts';
import { adoptVolume, askForVolumes } from './operators/adopt.ts';
import { operate } from './operators/operate.ts';
import { Rise } from './rise.ts';
import { agreeOnState, newStateCheck } from './state-check.ts';
import { speakerFault, writeStore } from './stores.ts';
import { subscribe } from './subscribe.ts';
import { recoverAgents, stepDown, takeOver } from './takeover.ts';
import { viewOf } from './view.ts';
import { type AllocatorSource, plainAllocator } from '../allocator-recordings.ts';
import type { CheckReport } from '../check/check-report.ts';
import type { Applied, Ledger } from '../ledger.ts';
import type { Replicated, Standing } from '../replicated.ts';

export type MasterDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly ledger: Ledger;
  readonly replicated: Replicated;
  /** The newest version of the state that the programs of all masters know, once that is known. */
  readonly versionOfAll?: () => number | undefined;
  /** Without it nothing is recorded. */
  readonly allocators?: AllocatorSource;
  /** It must not lead any more: its process is to end. */
  readonly onAbandoned?: (why: string) => void;
};

export type MasterLimits = Omit<LeadOptions, 'version'> &
  JournalOptions & {
    /** Before this master announces itself again, when the log did not take its word. */
    readonly announceRetryMs: number;
  };

export type MasterOptions = Partial<MasterLimits> & {
  readonly self: MasterAddress;
  /** As the node of the log is called. */
  readonly nodeId: number;
  /** The policy, where it is not the usual one. */
  readonly allocator?: Partial<Omit<AllocatorOptions, 'allocationIntervalMs'>>;
  /** What schedulers are told that this master is. */
  readonly version: string;
};

/** Contract 2.2, and bounds that a cluster of ten thousand agents stays below. */
export const masterDefaults: MasterLimits = {
  allocationIntervalMs: 1000,
  allocationDelayMs: 5,
  gatherMs: 100,
  allocationSliceMax: 500,
  recoverySliceMax: 100,
  offerTimeoutMs: undefined,
  heartbeatIntervalMs: 15_000,
  agentPingTimeoutMs: 15_000,
  agentPingTimeoutsMax: 5,
  agentReregisterTimeoutMs: 600_000,
  agentRemovalRate: undefined,
  recoveryAgentRemovalLimit: 1,
  memory: { ageMsMax: 14 * 86_400_000, agentsMax: 102_400 },
  memoryIntervalMs: 900_000,
  checks: usualChecks,
  histories: usualHistories,
  domain: undefined,
  requireAgentDomain: false,
  rootSubmissions: true,
  frameworksMax: 10_000,
  linksMax: 50_000,
  observersMax: 1000,
  operationsMax: 1000,
  patterns: patternLimitsDefault,
  offersMax: 200_000,
  adoptVolumes: 'never',
  stores: {
    keysMax: 1024,
    bytesMax: 4 * 1024 * 1024,
    valueBytesMax: 64 * 1024,
    underWayBytesMax: 16 * 1024 * 1024,
  },
  backlogMax: 10_000,
  reportsMax: 50_000,
  returnsMax: 32,
  batchMax: 500,
  batchBytesMax: 512 * 1024,
  taskBytesMax: 256 * 1024,
  inFlightMax: 1024,
  entryBytesMax: 4 * 1024 * 1024,
  announceRetryMs: 1000,
};

const notLeading = { kind: 'refused', answer: unavailable('No leader elected') } as const;

const noChecks: CheckCounts = { checks: 0, last: undefined };

/** Queued by one turn, so that more can only be a loop of our own. */
const turnsMax = 1_000_000;

export class Master implements MasterDoor {
  readonly #dependencies: MasterDependencies;
  readonly #options: MasterLimits & MasterOptions;
  readonly #ids: Ids;
  readonly #startedMs: number;
  readonly #turns: (() => void)[] = [];
  #isTurning = false;
  readonly #stack = new DisposableStack();
  /** The term in which this master leads, or has announced to. */
  #term: number | undefined;
  #journal: Journal | undefined;
  #lead: Lead | undefined;
  /** Before there is a lead. */
  #rise: Rise | undefined;
  #checkState: (() => void) | undefined;
  #announcing: Timer | undefined;
  /** Of those who wait for the end of a run of the allocator. */
  readonly #questions = new Set<(explanation: undefined) => void>();

  constructor(dependencies: MasterDependencies, options: MasterOptions) {
    this.#dependencies = dependencies;
    this.#options = { ...masterDefaults, ...options };
    this.#ids = newIds(options.self.id);
    this.#startedMs = dependencies.clock.now();
  }

  /** From here on it follows the node. */
  start(): void {
    const { ledger, replicated } = this.#dependencies;
    this.#stack.use(ledger.subscribe((applied) => this.#turn(() => this.#onApplied(applied))));
    this.#stack.use(replicated.watch(() => this.#turn(() => this.#onStanding())));
    this.#turn(() => this.#onStanding());
  }

  /** Closes all streams and links, and decides nothing any more. */
  stop(): void {
    this.#stack.dispose();
    this.#turn(() => this.#resign());
  }

  leadership(): Leadership {
    if (this.#lead !== undefined) return { kind: 'leading' };
    const { ledger, replicated } = this.#dependencies;
    const standing = replicated.standing();
    if (standing.kind === 'leader') return { kind: 'recovering' };
    const announced = ledger.state().leader;
    // One that was elected and has not announced itself yet cannot answer either.
    return announced === undefined || announced.nodeId !== standing.leader
      ? { kind: 'leaderless' }
      : { kind: 'following', leader: announced.master };
  }

  subscribe(call: Call, stream: EventStream): void {
    this.#turn(() => {
      const lead = this.#lead ?? this.#rise?.lead;
      // No ERROR: to a scheduler that is final, and another master leads, or soon will.
      if (lead === undefined) stream.end();
      else {
        this.#serve(
          lead,
          () => subscribe(lead, call, stream),
          () => stream.end(),
        );
      }
    });
  }

  call(call: Call, streamId: string | undefined, principal?: string): Promise<Answer> {
    const { promise, resolve: reply } = Promise.withResolvers<Answer>();
    this.#turn(() => {
      if (this.#lead === undefined) reply(unavailable('No leader elected'));
      else receive(this.#lead, call, { streamId, principal, reply });
    });
    return promise;
  }

  writeStore(write: StoreWrite, speaker: Speaker): Promise<StoreAnswer> {
    const { promise, resolve: reply } = Promise.withResolvers<StoreAnswer>();
    this.#turn(() => {
      if (this.#lead === undefined) reply(notLeading);
      else writeStore(this.#lead, write, { speaker, reply });
    });
    return promise;
  }

  async readStore(frameworkId: FrameworkId, speaker: Speaker): Promise<StoreReading> {
    const view = await this.read();
    const lead = this.#lead;
    if (view === undefined || lead === undefined) return notLeading;
    // Asked afterwards, so that one who was superseded meanwhile does not read what came later.
    const answer = speakerFault(lead, frameworkId, speaker);
    if (answer !== undefined) return { kind: 'refused', answer };
    const store = view.state.frameworks.get(frameworkId)?.store ?? noStore;
    return { kind: 'read', store };
  }

  adoptVolume(agentId: AgentId, origin: string): Promise<Answer> {
    const { promise, resolve: reply } = Promise.withResolvers<Answer>();
    this.#turn(() => {
      if (this.#lead === undefined) reply(unavailable('No leader elected'));
      else adoptVolume(this.#lead, { agentId, origin }, reply);
    });
    return promise;
  }

  operate(call: OperatorCall): Promise<Answer> {
    const { promise, resolve: reply } = Promise.withResolvers<Answer>();
    this.#turn(() => {
      if (this.#lead === undefined) reply(unavailable('No leader elected'));
      else operate(this.#lead, call, reply);
    });
    return promise;
  }

  observe(observer: Observer): void {
    this.#turn(() => {
      if (this.#lead === undefined) observer.end();
      else observe(this.#lead, observer, this.view());
    });
  }

  explain(question: Omit<Question, 'nowMs'>): Promise<Explanation | undefined> {
    const { promise, resolve: reply } = Promise.withResolvers<Explanation | undefined>();
    const answer = (explanation: Explanation | undefined): void => {
      this.#questions.delete(answer);
      reply(explanation);
    };
    this.#turn(() => {
      this.#questions.add(answer);
      if (this.#lead === undefined) answer(undefined);
      else explainOffers(this.#lead, question, answer);
    });
    return promise;
  }

  waits(): Promise<Waits | undefined> {
    const { promise, resolve: reply } = Promise.withResolvers<Waits | undefined>();
    this.#turn(() => {
      const time = { nowMs: this.#dependencies.clock.monotonic() };
      const allocator = this.#lead?.allocator;
      const starvation = allocator?.starvation(time);
      const hoarders = allocator?.hoarders(time);
      reply(starvation && hoarders && { starvation, hoarders });
    });
    return promise;
  }

  check(): Promise<CheckReport | undefined> {
    const { promise, resolve: reply } = Promise.withResolvers<CheckReport | undefined>();
    this.#turn(() => {
      if (this.#lead === undefined) reply(undefined);
      else checkBooks(this.#lead, reply);
    });
    return promise;
  }

  checks(): CheckCounts {
    return this.#lead?.checking ?? noChecks;
  }

  view(): MasterView {
    const state = this.#dependencies.ledger.state();
    const { self } = this.#options;
    return viewOf({ state, self, startedMs: this.#startedMs }, this.#lead);
  }

  async read(): Promise<MasterView | undefined> {
    if (this.#lead === undefined) return undefined;
    const read = await this.#dependencies.replicated.read();
    // A follower could tell as much of the log, but not who is connected and what is on offer.
    return read.kind === 'current' && this.#lead !== undefined ? this.view() : undefined;
  }

  readonly acceptAgent: LinkAcceptor<MasterMessage, AgentMessage> = (link) => {
    const lead = this.#lead ?? this.#rise?.lead;
    const visitor = lead && welcomeLink(lead, link);
    if (lead === undefined || visitor === undefined) {
      this.#redirect(link);
      return { onMessage: () => {}, onClose: () => {} };
    }
    return {
      onMessage: (message) => lead.turn(() => heard(lead, visitor, message)),
      onClose: (reason) => lead.turn(() => linkClosed(lead, visitor, reason)),
    };
  };

  #redirect(link: Link<MasterMessage>): void {
    const leadership = this.leadership();
    const leader =
      leadership.kind === 'following'
        ? { leader: `${leadership.leader.ip}:${leadership.leader.grpcPort}` }
        : {};
    const { term } = this.#dependencies.replicated.standing();
    link.send({ term: BigInt(term), not_leading: leader });
    link.close();
  }

  /** Handles an input: now, or when the turn that it came in is over. */
  #turn(callback: () => void): void {
    this.#turns.push(callback);
    if (this.#isTurning) return;
    this.#isTurning = true;
    for (let turns = 0; turns < turnsMax; turns++) {
      const next = this.#turns.shift();
      if (next === undefined) {
        this.#isTurning = false;
        return;
      }
      next();
    }
    assert(false, 'the turns of a master do not end');
  }

  #onStanding(): void {
    const standing = this.#dependencies.replicated.standing();
    const mayLead = standing.kind === 'leader' && standing.ready;
    if (mayLead && this.#term === standing.term) return;
    this.#resign();
    if (mayLead) this.#announce(standing);
  }

  #announce({ term }: Standing): void {
    const { clock, ledger, replicated } = this.#dependencies;
    const { self: master, nodeId } = this.#options;
    const journal = new Journal(
      {
        replicated,
        encode: encodeCommand,
        expect: (entry, command) => ledger.expect(entry, command),
        broken: (reason) => this.#turn(() => this.#onBroken(journal, reason)),
      },
      this.#options,
    );
    this.#term = term;
    this.#journal = journal;
    journal.propose({ kind: 'announce-leader', atMs: clock.now(), nodeId, master });
  }

  /** The log did not take an entry, or nobody knows: all that is soft may be wrong. */
  #onBroken(journal: Journal, reason: string): void {
    if (journal !== this.#journal) return;
    const { clock, logger } = this.#dependencies;
    logger.warn('the log does not take entries', { term: this.#term, reason });
    this.#resign();
    const retry = (): void => this.#turn(() => this.#onStanding());
    this.#announcing = clock.after(this.#options.announceRetryMs, retry);
  }

  #onApplied(applied: Applied): void {
    const { nodeId } = this.#options;
    const isOurWord = applied.effects.some(
      (effect) => effect.kind === 'leader-announced' && effect.nodeId === nodeId,
    );
    // Nothing should come before we lead; if it does, the books are made first.
    this.#rise?.finish();
    if (this.#lead !== undefined) {
      carryOut(this.#lead, applied);
      this.#checkState?.();
    } else if (isOurWord && applied.term === this.#term) this.#beginToLead(applied);
  }

  #beginToLead({ state, term }: Applied): void {
    const { clock, random, logger, allocators = plainAllocator } = this.#dependencies;
    const { allocationIntervalMs, allocator } = this.#options;
    const journal = this.#journal;
    assert(journal !== undefined, 'an announcement without a journal');
    const lead = newLead(
      {
        term,
        state,
        clock,
        random,
        logger,
        self: this.#options.self,
        options: this.#options,
        ids: this.#ids,
        allocator: allocators({
          term,
          random: random.fork(`allocator ${term}`),
          options: { ...allocatorDefaults, ...allocator, allocationIntervalMs },
        }),
      },
      {
        backlog: () => journal.backlog,
        abandon: (why) => this.#abandon(why),
        propose: (decision, onApplied) =>
          journal.propose(
            { atMs: clock.now(), ...decision },
            onApplied && (() => lead.turn(onApplied)),
          ),
        turn: (whose, callback) => this.#turn(() => this.#serve(whose, callback)),
      },
    );
    const steps = recoverAgents(lead);
    const turn = (callback: () => void): void => this.#turn(callback);
    const { linksMax, frameworksMax } = this.#options;
    this.#rise = new Rise(
      { clock, turn, risen: () => this.#takeUp(lead) },
      { lead, steps, heldMax: 2 * linksMax + frameworksMax },
    );
    this.#rise.goOn();
  }

  /** Does something on behalf of a leadership, when it is there; `drop` when it is over. */
  #serve(lead: Lead, serve: () => void, drop: () => void = () => {}): void {
    if (this.#lead === lead) serve();
    else if (this.#rise?.lead !== lead) drop();
    else this.#rise.hold(() => this.#serve(lead, serve, drop), drop);
  }

  #takeUp(lead: Lead): void {
    this.#rise = undefined;
    this.#lead = lead;
    takeOver(lead);
    const { ledger, versionOfAll } = this.#dependencies;
    this.#checkState = newStateCheck(lead, ledger);
    if (versionOfAll !== undefined) {
      agreeOnState(lead, versionOfAll, () => askForVolumes(lead));
    }
  }

  /** Nobody else will do it for us: while this process lives it may lead again. */
  #abandon(why: string): void {
    const { logger, onAbandoned } = this.#dependencies;
    logger.error('this master gives up', { why });
    this.#resign();
    onAbandoned?.(why);
  }

  #resign(): void {
    this.#announcing?.cancel();
    this.#journal?.close();
    this.#journal = undefined;
    this.#dependencies.ledger.expectNothing();
    this.#term = undefined;
    const lead = this.#lead ?? this.#rise?.lead;
    this.#rise?.drop();
    this.#rise = undefined;
    this.#lead = undefined;
    if (lead !== undefined) stepDown(lead);
    for (const answer of this.#questions) answer(undefined);
  }
}
