/**
 * A task that appends serials to its volume, one after the other, each synced and then noted outside. It
 * is begun again whenever it has ended, on the same volume. What was noted has to be in the volume, in
 * order and without a gap: so also nobody else may have written to it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { judgeLedger } from '#chaos/checkers/ledger.ts';
import type { RealCluster } from '#chaos/nemesis/real-cluster.ts';
import type { Figure, Series } from '#chaos/report/run-record.ts';
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type { Scheduler } from '#internal/client/scheduler.ts';
import type { Offer, Resource, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { framework } from './framework.ts';
import type { Workload, WorkloadGround } from './workload.ts';

const role = 'ledger';
const volumeId = 'ledger';
const filters = { refuse_seconds: 0.5 };
const over: ReadonlySet<string> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
]);

export class Ledger implements Workload {
  readonly name = 'ledger';
  readonly servedMs: number[] = [];
  readonly #ground: WorkloadGround;
  readonly #cluster: RealCluster;
  #scheduler: Scheduler | undefined;
  #task: { readonly id: string; readonly agentId: string } | undefined;
  #begun = 0;
  #isCreated = false;
  #isSettling = false;
  #notedLast = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(ground: WorkloadGround, cluster: RealCluster) {
    this.#ground = ground;
    this.#cluster = cluster;
  }

  async start(): Promise<void> {
    const { ports, masters } = this.#ground;
    const options = { masters, framework: framework('ledger', role), reconcileEveryMs: 3000 };
    this.#scheduler = await openScheduler(ports, options, {
      onOffers: async (offers) => {
        for (const offer of offers) await this.#onOffer(offer);
      },
      onUpdate: (status) => this.#onUpdate(status),
    });
    this.#watch = setInterval(() => {
      const noted = this.#noted();
      if (noted > this.#notedLast) this.servedMs.push(this.#ground.now());
      this.#notedLast = noted;
    }, 50);
  }

  /** The ledger is written to after the last fault as well, and read when its writer is gone. */
  async settle({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock } = this.#ground.ports;
    const before = this.#noted();
    while (!signal.aborted && this.#noted() <= before) await clock.sleep(50);
    this.#isSettling = true;
    for (let n = 0; !signal.aborted && this.#task !== undefined; n++) {
      const { id, agentId } = this.#task;
      if (n % 20 === 0) await this.#scheduler?.kill({ taskId: id, agentId });
      await clock.sleep(100);
    }
    clearInterval(this.#watch);
    if (this.#task !== undefined) return;
    const noted = this.#noted();
    const found = this.#ledgers();
    this.#ground.say(
      this.name,
      `${noted} serials are noted, ${found.map((l) => l.length).join(' and ')} written`,
    );
    if (found.length !== 1) {
      this.#ground.accuse({
        law: 'a volume is in one place',
        text: `the ledger is in ${found.length} places`,
        facts: [`it was created once, and ${noted} serials were noted`],
      });
      return;
    }
    for (const finding of judgeLedger(found[0] ?? [], noted)) this.#ground.accuse(finding);
  }

  waitsFor(): string {
    return this.#task === undefined ? '' : `the end of ${this.#task.id}`;
  }

  figures(): readonly Figure[] {
    return [
      { name: 'serials in the ledger', value: this.#notedLast, unit: '' },
      { name: 'writers of the ledger, one after the other', value: this.#begun, unit: '' },
    ];
  }

  series(): readonly Series[] {
    return [];
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await this.#scheduler?.teardown();
  }

  async #onOffer(offer: Offer): Promise<void> {
    const { resources = [] } = offer;
    const volume = resources.find(({ disk }) => disk?.persistence?.id === volumeId);
    const disk = resources.find(
      (one) => one.name === 'disk' && one.disk === undefined && (one.reservations?.length ?? 0) > 0,
    );
    if (this.#isSettling || this.#task !== undefined) await this.#decline(offer);
    else if (volume !== undefined) {
      this.#isCreated = true;
      await this.#launch(offer, volume);
    } else if (!this.#isCreated && disk !== undefined) {
      // Asked for once: whether it was heard or not, from now on it is waited for.
      this.#isCreated = true;
      const created: Resource = {
        ...disk,
        scalar: { value: 64 },
        disk: {
          persistence: { id: volumeId },
          volume: { mode: 'RW', container_path: 'data' },
        },
      };
      await this.#scheduler?.accept(
        [offer],
        [{ type: 'CREATE', create: { volumes: [created] } }],
        filters,
      );
    } else await this.#decline(offer);
  }

  async #decline(offer: Offer): Promise<void> {
    await this.#scheduler?.decline([offer], filters);
  }

  async #launch(offer: Offer, volume: Resource): Promise<void> {
    const id = `ledger-${++this.#begun}`;
    const part = (name: string, value: number): Resource | undefined => {
      const found = (offer.resources ?? []).find(
        (one) => one.name === name && (one.reservations?.length ?? 0) === 0,
      );
      return found && { ...found, scalar: { value } };
    };
    const [cpus, mem] = [part('cpus', 0.1), part('mem', 32)];
    if (cpus === undefined || mem === undefined) {
      await this.#decline(offer);
      return;
    }
    this.#task = { id, agentId: offer.agent_id.value };
    const task: TaskInfo = {
      name: id,
      task_id: { value: id },
      agent_id: offer.agent_id,
      resources: [cpus, mem, volume],
      command: { shell: true, value: this.#script() },
    };
    await this.#scheduler?.accept(
      [offer],
      [{ type: 'LAUNCH', launch: { task_infos: [task] } }],
      filters,
    );
  }

  /** A line that its writer did not finish was acknowledged to nobody; it begins after the last whole one. */
  #script(): string {
    const note = `${this.#ground.notes}/ledger`;
    return [
      'cd data; touch ledger',
      'n=$(wc -l < ledger)',
      'head -n $n ledger > whole; mv whole ledger; sync ledger',
      'while :; do n=$((n + 1)); echo $n >> ledger; sync ledger || exit 1;',
      `echo $n > '${note}.new'; mv '${note}.new' '${note}'; sleep 0.1; done`,
    ].join('\n');
  }

  #onUpdate({ task_id, state }: TaskStatus): void {
    if (task_id.value !== this.#task?.id || state === undefined || !over.has(state)) return;
    this.#ground.say(this.name, `${task_id.value} is over: ${state}`);
    this.#task = undefined;
  }

  #noted(): number {
    const path = `${this.#ground.notes}/ledger`;
    try {
      return Number(readFileSync(path, 'utf8'));
    } catch {
      return 0;
    }
  }

  /** From the agents' own disks. */
  #ledgers(): readonly (readonly string[])[] {
    return this.#cluster.agents
      .map(({ workDir }) => `${workDir}/volumes/roles/${role}/${volumeId}/ledger`)
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1));
  }
}
