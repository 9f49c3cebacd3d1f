/**
 * Clients that put and get numbers under a few keys of a framework's store, all at once. Every answer is
 * written down, and in the end there has to be one order of all of them that explains each.
 */
import { History } from '#chaos/checkers/history.ts';
import { judgeRegisters, wordsOf } from '#chaos/checkers/linearizable-registers.ts';
import type { Figure, Series } from '#chaos/report/run-record.ts';
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type { Scheduler } from '#internal/client/scheduler.ts';
import { framework } from './framework.ts';
import type { Workload, WorkloadGround } from './workload.ts';

const clients = 4;
const keyCount = 5;
const pauseMs = 50;
/** More than a long run has, and little enough to be judged. */
const operationsMax = 40_000;
const statesMax = 2_000_000;

export class Registers implements Workload {
  readonly name = 'registers';
  readonly servedMs: number[] = [];
  readonly #ground: WorkloadGround;
  readonly #history = new History();
  readonly #latencies: (readonly [number, number])[] = [];
  readonly #tally = { done: 0, unknown: 0, refused: 0 };
  #scheduler: Scheduler | undefined;
  #isSettling = false;
  #running: readonly Promise<void>[] = [];
  #next = 0;

  constructor(ground: WorkloadGround) {
    this.#ground = ground;
  }

  async start(): Promise<void> {
    const { ports, masters } = this.#ground;
    const options = { masters, framework: framework('registers', 'registers') };
    this.#scheduler = await openScheduler(ports, options, {
      onOffers: async (offers) => {
        await this.#scheduler?.decline(offers, { refuse_seconds: 3600 });
      },
      onSubscribed: async () => {
        await this.#scheduler?.suppress();
      },
    });
    this.#running = Array.from({ length: clients }, (_, client) => this.#ask(client));
  }

  async settle(): Promise<void> {
    this.#isSettling = true;
    await Promise.all(this.#running);
    const verdict = judgeRegisters(this.#history.operations, { statesMax });
    if (verdict.kind === 'not-linearizable') {
      this.#ground.accuse({
        law: 'registers are linearizable',
        text: `no order explains ${wordsOf(verdict.stuck)}`,
        facts: this.#history.operations
          .filter(({ key }) => key === verdict.stuck.key)
          .filter(({ invokedAt }) => Math.abs(invokedAt - verdict.stuck.invokedAt) < 200)
          .slice(0, 20)
          .map(wordsOf),
      });
    } else this.#ground.say(this.name, `${this.#history.length} operations are ${verdict.kind}`);
  }

  waitsFor(): string {
    return '';
  }

  figures(): readonly Figure[] {
    const { done, unknown, refused } = this.#tally;
    return [
      { name: 'reads and writes answered', value: done, unit: '' },
      { name: 'reads and writes of unknown outcome', value: unknown, unit: '' },
      { name: 'reads and writes that nobody took', value: refused, unit: '' },
    ];
  }

  series(): readonly Series[] {
    return [{ name: 'reads and writes', unit: 'ms', points: this.#latencies }];
  }

  async close(): Promise<void> {
    this.#isSettling = true;
    await Promise.all(this.#running);
    await this.#scheduler?.teardown();
  }

  async #ask(client: number): Promise<void> {
    const { random, ports } = this.#ground;
    while (!this.#isSettling && this.#history.length < operationsMax) {
      const key = random.below(keyCount);
      await (random.chance(0.5) ? this.#put(client, key) : this.#get(client, key));
      await ports.clock.sleep(pauseMs);
    }
  }

  async #put(client: number, key: number): Promise<void> {
    const value = ++this.#next;
    const ticket = this.#history.put(client, key, value);
    const fromMs = this.#ground.now();
    const outcome = await this.#scheduler?.store.put(
      `r${key}`,
      new TextEncoder().encode(String(value)),
    );
    if (outcome?.kind === 'done') this.#answered(fromMs, () => this.#history.returned(ticket));
    else this.#unanswered(outcome?.kind, ticket);
  }

  async #get(client: number, key: number): Promise<void> {
    const ticket = this.#history.get(client, key);
    const fromMs = this.#ground.now();
    const outcome = await this.#scheduler?.store.get(`r${key}`);
    if (outcome?.kind === 'done') {
      const value = Number(new TextDecoder().decode(outcome.value.value));
      this.#answered(fromMs, () => this.#history.returned(ticket, value));
    } else if (outcome?.kind === 'absent') {
      this.#answered(fromMs, () => this.#history.returned(ticket));
    } else this.#unanswered(outcome?.kind, ticket);
  }

  #answered(fromMs: number, note: () => void): void {
    note();
    this.#tally.done++;
    const nowMs = this.#ground.now();
    this.servedMs.push(nowMs);
    this.#latencies.push([nowMs, nowMs - fromMs]);
  }

  /** Of what nobody knows anything the history keeps the question. */
  #unanswered(kind: string | undefined, ticket: number): void {
    if (kind === 'unavailable' || kind === undefined) {
      this.#history.refused(ticket);
      this.#tally.refused++;
    } else if (kind === 'unknown') this.#tally.unknown++;
    else {
      const facts = [`it was answered: ${kind}`];
      this.#ground.accuse({ law: 'a store answers its framework', text: 'it was refused', facts });
    }
  }
}
