/** Masters that compare their states: the same log raises no alarm, another state always does. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Command } from '#internal/state/command.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { digest, encodeCommand } from '#internal/wire/state-codec.ts';
import { MemoryMedium, openMemoryStore } from '#storage/memory/memory-store.ts';
import { DivergenceError } from './digest-watch.ts';
import { newStateCheck } from './leader/state-check.ts';
import { type Ledger, openLedger } from './ledger.ts';

const everyEntries = 20;
const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => logger,
};

/** A log that is handed to a leader and two followers, with the leader's checks in it. */
class Masters {
  readonly world = new SimulatedWorld({ seed: 1 });
  readonly media: readonly MemoryMedium[] = ['leader', 'sound', 'odd'].map(
    (name) => new MemoryMedium({ random: this.world.random(name) }),
  );
  readonly heard: string[] = [];
  readonly checks: Command[] = [];
  ledgers: readonly Ledger[] = [];
  #index = 0;

  async open(): Promise<void> {
    const ledgers: Ledger[] = [];
    for (const id of this.media.keys()) ledgers.push(await this.openOne(id));
    this.ledgers = ledgers;
    const [leader] = ledgers;
    const check = newStateCheck(
      {
        propose: (body) => this.checks.push({ atMs: this.#index, ...body }) > 0,
        turn: (callback) => callback(),
      },
      leader!,
    );
    leader!.subscribe(() => check());
  }

  async openOne(id: number): Promise<Ledger> {
    const life = this.world.boot(`${id}`);
    const clock = simulatedClock({ world: this.world, life });
    const medium = this.media[id]!;
    const mirror = await this.world.settle(openMemoryStore({ medium, life }), { withinMs: 100 });
    const onDivergence = (fault: Error): void => void this.heard.push(`${id}: ${fault.message}`);
    const options = { mirrorIntervalMs: 50, digestEveryEntries: everyEntries };
    const opening = openLedger({ mirror, clock, logger, onDivergence }, options);
    return await this.world.settle(opening, { withinMs: 100 });
  }

  /** One entry for all; the odd one may read another command in its place. */
  apply(command: Command, odd: Command = command): void {
    this.#index++;
    for (const [id, ledger] of this.ledgers.entries()) {
      const data = encodeCommand(id === 2 ? odd : command);
      ledger.apply([{ index: this.#index, term: 1, data }]);
    }
  }
}

test('masters that are led by one log never differ, though they compare all the time', async (t) => {
  let checks = 0;
  for (const seed of seedsOf(6)) {
    const random = randomFromSeed(`alike/${seed}`);
    const masters = new Masters();
    await masters.open();
    for (let step = 0; step < 300; step++) {
      const check = masters.checks.shift();
      if (check !== undefined) checks++;
      masters.apply(check ?? randomCommand(random, masters.ledgers[0]!.state(), step));
      if (random.oneIn(4)) await masters.world.runFor(2);
    }
    await masters.world.runFor(100);
    t.deepEqual(masters.heard, [], `SEED=${seed}`);
    t.is(digest(masters.ledgers[0]!.state()), digest(masters.ledgers[2]!.state()));
  }
  t.true(checks > 8 * seedsOf(6).length, `${checks} checks`);
});

test('a follower that applies one command differently stops, and says what differs', async (t) => {
  const parts = new Set<string>();
  let caught = 0;
  for (const seed of seedsOf(40)) {
    const random = randomFromSeed(`odd/${seed}`);
    const masters = new Masters();
    await masters.open();
    const oddStep = 5 + random.below(60);
    let isSame = true;
    let stopped: unknown;
    for (let step = 0; step < 300 && stopped === undefined; step++) {
      const [leader, , odd] = masters.ledgers;
      const check = masters.checks.shift();
      // What the odd one is compared with is the state of then.
      const command = check ?? randomCommand(random, leader!.state(), step);
      const isOdd = step === oddStep && check === undefined;
      try {
        masters.apply(command, isOdd ? randomCommand(random, odd!.state(), step) : command);
      } catch (fault) {
        stopped = fault;
      }
      if (step === oddStep) isSame = digest(leader!.state()) === digest(odd!.state());
      await masters.world.runFor(2);
      if (step === oddStep && isSame) break;
    }
    if (isSame) continue;
    // It may have come right by itself before they compared.
    const [leader, , odd] = masters.ledgers;
    if (stopped === undefined && digest(leader!.state()) === digest(odd!.state())) continue;
    caught++;
    t.true(stopped instanceof DivergenceError, `SEED=${seed}: it goes on`);
    if (!(stopped instanceof DivergenceError)) continue;
    for (const part of stopped.parts) parts.add(part);
    t.true(stopped.parts.length > 0);
    t.deepEqual(
      masters.heard.map((line) => line.slice(0, 2)),
      ['2:'],
      `SEED=${seed}: the others stopped too`,
    );
    masters.world.crash('2', 'power');
    await t.throwsAsync(masters.openOne(2), { instanceOf: DivergenceError }, `SEED=${seed}`);
  }
  t.true(caught > 8, `${caught} were caught`);
  t.true(parts.size >= 4, `found in ${[...parts].join(', ')}`);
});
