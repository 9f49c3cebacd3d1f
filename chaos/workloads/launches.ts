/**
 * A scheduler that launches tasks of a second to twenty, each once. Each notes where it begins in a file
 * that nobody but tasks writes, so that a task which was begun twice is seen whatever anybody's books say.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { LaunchBook } from '#chaos/checkers/launch-book.ts';
import type { Figure, Series } from '#chaos/report/run-record.ts';
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type { Scheduler } from '#internal/client/scheduler.ts';
import type { Offer, Resource, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { framework } from './framework.ts';
import type { Workload, WorkloadGround } from './workload.ts';

const need = { cpus: 0.1, mem: 32 };
/** Of tasks that nobody has told the end of; then it waits. */
const openMax = 60;
const filters = { refuse_seconds: 0.5 };

export class Launches implements Workload {
  readonly name = 'launches';
  readonly servedMs: number[] = [];
  readonly #ground: WorkloadGround;
  readonly #perSecond: number;
  readonly #book = new LaunchBook();
  readonly #launchedMs = new Map<string, number>();
  readonly #latencies: (readonly [number, number])[] = [];
  #scheduler: Scheduler | undefined;
  #isSettling = false;
  #credit = 0;
  #creditedMs = 0;

  constructor(ground: WorkloadGround, perSecond: number) {
    this.#ground = ground;
    this.#perSecond = perSecond;
  }

  async start(): Promise<void> {
    mkdirSync(`${this.#ground.notes}/begun`, { recursive: true });
    const { ports, masters } = this.#ground;
    const options = { masters, framework: framework('launches', '*'), reconcileEveryMs: 3000 };
    this.#scheduler = await openScheduler(ports, options, {
      onOffers: async (offers) => {
        for (const offer of offers) await this.#onOffer(offer);
      },
      onUpdate: (status) => this.#onUpdate(status),
    });
  }

  async settle({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#isSettling = true;
    const { clock } = this.#ground.ports;
    while (!signal.aborted && this.#book.open.length > 0) await clock.sleep(100);
    const begun = this.#begun();
    for (const finding of [...this.#book.judge(begun), ...this.#book.unseen(begun)]) {
      this.#ground.accuse(finding);
    }
  }

  waitsFor(): string {
    const { open } = this.#book;
    return open.length === 0
      ? ''
      : `the ends of ${open.length} tasks: ${open.slice(0, 5).join(' ')}`;
  }

  figures(): readonly Figure[] {
    return [
      { name: 'tasks launched', value: this.#book.launched, unit: '' },
      { name: 'tasks ended', value: this.#book.ended, unit: '' },
    ];
  }

  series(): readonly Series[] {
    return [{ name: 'from launch to running', unit: 'ms', points: this.#latencies }];
  }

  async close(): Promise<void> {
    this.#isSettling = true;
    await this.#scheduler?.teardown();
  }

  async #onOffer(offer: Offer): Promise<void> {
    const tasks: TaskInfo[] = [];
    for (let room = roomIn(offer); room > 0 && this.#mayLaunch(); room--)
      tasks.push(this.#task(offer));
    if (tasks.length === 0) {
      await this.#scheduler?.decline([offer], filters);
      return;
    }
    for (const { task_id } of tasks) {
      this.#book.launches(task_id.value);
      this.#launchedMs.set(task_id.value, this.#ground.now());
    }
    await this.#scheduler?.accept(
      [offer],
      [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      filters,
    );
  }

  /** As many as the rate allows since it was asked last; what was not used is not saved up for long. */
  #mayLaunch(): boolean {
    if (this.#isSettling || this.#book.open.length >= openMax) return false;
    const nowMs = this.#ground.now();
    const earned = ((nowMs - this.#creditedMs) * this.#perSecond) / 1000;
    this.#credit = Math.min(this.#credit + earned, 5 * this.#perSecond);
    this.#creditedMs = nowMs;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  #task({ agent_id, resources = [] }: Offer): TaskInfo {
    const id = `launch-${this.#book.launched + 1}-${this.#ground.random.below(1e9)}`;
    const { random, notes } = this.#ground;
    const seconds = random.oneIn(10) ? 20 : 1 + random.below(5);
    const value = `echo "on ${agent_id.value} as process $$" >> '${notes}/begun/${id}'; sleep ${seconds}`;
    const allocation_info = resources[0]?.allocation_info;
    return {
      name: id,
      task_id: { value: id },
      agent_id,
      resources: Object.entries(need).map(([name, amount]): Resource => ({
        name,
        type: 'SCALAR',
        scalar: { value: amount },
        ...(allocation_info && { allocation_info }),
      })),
      command: { shell: true, value },
    };
  }

  #onUpdate({ task_id, state, source, agent_id }: TaskStatus): void {
    const id = task_id.value;
    const who = source === 'SOURCE_MASTER' ? 'a master' : `agent ${agent_id?.value ?? 'unknown'}`;
    this.servedMs.push(this.#ground.now());
    const launchedMs = this.#launchedMs.get(id);
    if (state === 'TASK_RUNNING' && launchedMs !== undefined) {
      this.#latencies.push([this.#ground.now(), this.#ground.now() - launchedMs]);
      this.#launchedMs.delete(id);
    }
    const finding = this.#book.hears(id, state, who);
    if (finding !== undefined) this.#ground.accuse(finding);
  }

  #begun(): ReadonlyMap<string, readonly string[]> {
    const folder = `${this.#ground.notes}/begun`;
    return new Map(
      readdirSync(folder).map((id) => [
        id,
        readFileSync(`${folder}/${id}`, 'utf8').trim().split('\n'),
      ]),
    );
  }
}

function roomIn({ resources = [] }: Offer): number {
  const amount = (wanted: string): number =>
    resources
      .filter(({ name, reservations = [] }) => name === wanted && reservations.length === 0)
      .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
  return Math.floor(Math.min(amount('cpus') / need.cpus, amount('mem') / need.mem) + 1e-6);
}
