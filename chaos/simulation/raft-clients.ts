/**
 * Clients with sessions: each puts and gets, one operation after the other, asks whoever is thought to
 * lead until it knows, sometimes twice at a time, and loses answers. What they were told is written
 * down, and held against the oracle at once.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Proposal } from '#raft/node/replicated-log.ts';
import { Session } from '#raft/node/session.ts';
import type { RaftFleet } from './raft-fleet.ts';
import type { Program } from './raft-machine.ts';
import { encodeCommand } from './raft-register.ts';
import type { Witness } from './raft-witness.ts';

export type ClientCounts = {
  puts: number;
  putsUnknown: number;
  gets: number;
  getsRefused: number;
  /** The same entry, asked for at two nodes or two times at once. */
  doubledAsks: number;
  answersLost: number;
  sessionsExpired: number;
};

type Means = {
  readonly world: SimulatedWorld;
  readonly fleet: RaftFleet;
  readonly witness: Witness;
};

const keysMax = 3;
const thinkMsMax = 400;
/** A client waits so long for one answer. */
const patienceMs = 2000;

export class RaftClients {
  readonly counts: ClientCounts = {
    puts: 0,
    putsUnknown: 0,
    gets: 0,
    getsRefused: 0,
    doubledAsks: 0,
    answersLost: 0,
    sessionsExpired: 0,
  };
  readonly #means: Means;
  readonly #retries: number;
  #values = 0;
  #isOver = false;

  /** `retries`: chance that an answer is lost, and that something is asked for twice. */
  constructor(means: Means, options: { readonly retries: number }) {
    this.#means = means;
    this.#retries = options.retries;
  }

  begin(count: number): void {
    for (let client = 1; client <= count; client++) {
      this.#run(client).catch((error: unknown) => {
        this.#means.witness.fail(`client ${client} broke off`, error);
      });
    }
  }

  end(): void {
    this.#isOver = true;
  }

  async #run(client: number): Promise<void> {
    const { world } = this.#means;
    const name = `c${client}`;
    const random = world.random(name);
    const clock = simulatedClock({ world, life: world.boot(name) });
    const open = async (): Promise<Session> => {
      const ask = (entry: Uint8Array): Promise<Proposal> => this.#ask(random, entry);
      const session = new Session({ clock, random, ask }, { attemptsMax: 30, pauseMs: 100 });
      await session.open();
      return session;
    };
    let session = await open();
    while (!this.#isOver) {
      await clock.sleep(random.below(thinkMsMax));
      const key = random.below(keysMax);
      if (random.oneIn(2)) await this.#get(client, { key, random });
      else if (!(await this.#put(client, { key, random, session }))) session = await open();
    }
  }

  /** False when the session is over. */
  async #put(
    client: number,
    { key, random, session }: { key: number; random: Random; session: Session },
  ): Promise<boolean> {
    const { witness } = this.#means;
    const value = ++this.#values;
    const data = encodeCommand({ kind: 'put', key, value }, random.below(80));
    const ticket = witness.history.put(client, key, value);
    this.counts.puts++;
    const told = await session.propose(data);
    if (told.kind === 'applied') {
      witness.history.returned(ticket);
      witness.see((_, oracle) => oracle.acknowledged(told.index, { key, value }));
      return true;
    }
    this.counts.putsUnknown++;
    if (told.reason === 'expired') this.counts.sessionsExpired++;
    return told.reason !== 'expired';
  }

  /** From any node: each may serve it, once it has asked its leader. */
  async #get(client: number, { key, random }: { key: number; random: Random }): Promise<void> {
    const { witness } = this.#means;
    const program = this.#any(random);
    if (program === undefined) return;
    const floor = witness.safety.lastApplied;
    const ticket = witness.history.get(client, key);
    this.counts.gets++;
    const { node, register, life } = program;
    const read = await this.#wait(program, (signal) => node.read({ signal }));
    if (read?.kind !== 'current' || !life.alive || life.paused) {
      witness.history.refused(ticket);
      this.counts.getsRefused++;
      return;
    }
    const value = register.get(key);
    // More may have been applied since the read was granted.
    const index = Math.max(read.index, register.appliedIndex());
    witness.history.returned(ticket, value);
    witness.see((_, oracle) => oracle.read({ floor, index, key, value }));
  }

  async #ask(random: Random, entry: Uint8Array): Promise<Proposal> {
    const unknown: Proposal = { kind: 'refused', reason: 'unknown' };
    const program = this.#leader(random) ?? this.#any(random);
    if (program === undefined) return { kind: 'refused', reason: 'not-leader' };
    const asked = this.#wait(program, (signal) => program.node.propose(entry, { signal }));
    if (random.chance(this.#retries)) {
      const other = this.#any(random) ?? program;
      this.counts.doubledAsks++;
      other.life.run(() => void other.node.propose(entry));
    }
    const told = await asked;
    if (told === undefined) return unknown;
    if (!random.chance(this.#retries)) return told;
    this.counts.answersLost++;
    return unknown;
  }

  /** Undefined when no answer came in time; a machine that is frozen answers nobody. */
  async #wait<T>(
    { life }: Program,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const { world } = this.#means;
    const abort = new AbortController();
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const timer = world.schedule(patienceMs, 'patience', () => {
      abort.abort();
      resolve(undefined);
    });
    life.run(() => {
      void ask(abort.signal).then(resolve);
    });
    const told = await promise;
    timer.cancel();
    return told;
  }

  #leader(random: Random): Program | undefined {
    const leaders = this.#means.fleet.leaders.flatMap(({ program }) => program ?? []);
    return leaders.length > 0 && random.chance(0.95)
      ? leaders[random.below(leaders.length)]
      : undefined;
  }

  #any(random: Random): Program | undefined {
    const up = this.#means.fleet.machines.flatMap(({ program }) => program ?? []);
    const one = up[random.below(Math.max(1, up.length))];
    assert(one?.life.alive !== false, 'a program that ended is still there');
    return one;
  }
}
