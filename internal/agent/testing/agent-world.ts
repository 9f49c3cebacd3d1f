/**
 * One agent, whole, on a simulated machine: the real actor and core, on a store that forgets, containers
 * that outlive it, and a network to three model masters. `crashAtWrite` kills it around a write of its
 * checkpoint, which is where order matters.
 */
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { volumesIn } from '../volumes.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { acceptSimulatedLinks, simulatedLinkDialer } from '#internal/rpc/link-simulated.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { CrashKind, Life } from '#internal/runtime/simulated/life.ts';
import { type LogBook, openLogBook } from '#internal/runtime/simulated/logger.ts';
import { simulatedConnector } from '#internal/runtime/simulated/connector.ts';
import { SimulatedHttp } from '#internal/runtime/simulated/http.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedStreams } from '#internal/runtime/simulated/streams.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { agentSideCodec, masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { KeyValueStore } from '#storage/key-value-store.ts';
import { MemoryMedium, openMemoryStore } from '#storage/memory/memory-store.ts';
import { Agent, type AgentOptions } from '../agent.ts';
import { Probes, usualProbes } from '../checks/probes.ts';
import { SimulatedContainers } from '../containers/simulated.ts';
import { usualTimes } from '../core/state.ts';
import { ModelMasters } from './model-masters.ts';

export type CrashPoint = {
  /** Counted over all lives of the agent, from 1. */
  readonly write: number;
  readonly when: 'before' | 'after';
  readonly kind: CrashKind;
};

const hosts = ['m0', 'm1', 'm2'];
const backlogBytesMax = 1 << 20;

export class AgentWorld {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  /** What tasks on the agent's machine serve, and checks ask. */
  readonly http: SimulatedHttp;
  readonly containers: SimulatedContainers;
  readonly masters: ModelMasters;
  readonly random: Random;
  readonly book: LogBook;
  agent: Agent | undefined;
  /** What later starts are given instead of the usual. */
  given: Partial<AgentOptions> = {};
  /** What the last start ended of. */
  failure: unknown;
  /** Over all lives. */
  writes = 0;
  crashes = 0;
  /** The next write at which the agent dies. */
  crashAtWrite: CrashPoint | undefined;
  /** Where its volumes lie. */
  readonly disk: SimulatedDisk;
  readonly #medium: MemoryMedium;
  readonly #streams: SimulatedStreams<Uint8Array>;

  constructor(seed: number | string, { attention }: { readonly attention: number }) {
    this.world = new SimulatedWorld({ seed });
    const { world } = this;
    this.random = world.random('script');
    this.book = openLogBook({ nowMs: () => world.nowMs });
    this.network = new SimulatedNetwork({ world });
    this.http = new SimulatedHttp({ network: this.network });
    this.#streams = new SimulatedStreams({ network: this.network }, { name: 'link' });
    this.disk = new SimulatedDisk({ world }, { name: 'agent' });
    this.#medium = new MemoryMedium({ random: world.random('store') });
    this.containers = new SimulatedContainers({ world, random: world.random('containers') });
    const addresses = hosts.map((host) => `${host}:5060`);
    this.masters = new ModelMasters({ random: world.random('masters') }, { addresses, attention });
    for (const [index, host] of hosts.entries()) {
      const dependencies = {
        streams: this.#streams,
        life: world.boot(host),
        codec: masterSideCodec,
      };
      const options = { backlogBytesMax, port: 5060 };
      acceptSimulatedLinks(dependencies, options, this.masters.acceptor(index));
    }
  }

  /** Starts the agent's program, as an operator's supervisor does after each crash. */
  boot(): void {
    const life = this.world.boot('agent');
    this.#run(life).catch((error: unknown) => {
      this.failure = error;
    });
  }

  async #run(life: Life): Promise<void> {
    const { world } = this;
    const clock = simulatedClock({ world, life });
    const store = await openMemoryStore({ medium: this.#medium, life });
    const files = simulatedFiles({ disk: this.disk, life });
    const containerizer = this.containers.containerizer(life);
    const client = this.http.client(life);
    const connector = simulatedConnector({ client });
    const dependencies = {
      clock,
      probes: new Probes({ clock, containerizer, connector, client }, usualProbes),
      random: randomFromSeed(`${world.events}`),
      logger: this.book.logger,
      store: this.#treacherous(store),
      journal: { files, folder: '/work/meta/journal' },
      dialer: simulatedLinkDialer(
        { streams: this.#streams, life, codec: agentSideCodec },
        { backlogBytesMax },
      ),
      containerizer,
      volumes: volumesIn(files, 'work'),
    };
    this.agent = new Agent(dependencies, {
      ...usualTimes,
      masters: hosts.map((host) => `${host}:5060`),
      description: { agent_info: { hostname: 'agent' }, version: '0', ip: '10.0.0.1' },
      endpoint: '10.0.0.1:5051',
      path: '/bin',
      mailboxMax: 1000,
      ...this.given,
    });
    await this.agent.start();
  }

  /** A store whose machine dies at a chosen write. */
  #treacherous(store: KeyValueStore): KeyValueStore {
    return {
      ...store,
      write: async (batch, options) => {
        this.writes++;
        const point = this.crashAtWrite?.write === this.writes ? this.crashAtWrite : undefined;
        if (point?.when === 'before') {
          this.crash(point.kind);
          await new Promise(() => {});
        }
        await store.write(batch, options);
        if (point !== undefined) {
          this.crash(point.kind);
          await new Promise(() => {});
        }
      },
    };
  }

  /** Kills the agent, or its whole machine, and has it started again a little later. */
  crash(kind: CrashKind): void {
    if (!this.world.isUp('agent')) return;
    this.crashes++;
    this.world.crash('agent', kind);
    if (kind === 'power') this.containers.reboot();
    this.world.schedule(200 + this.random.below(3000), 'agent boots', () => this.boot());
  }

  /** What the agent still has on its disk: read once it is at rest. */
  get unfinished(): number {
    return this.agent?.view()?.tasks.size ?? Number.NaN;
  }
}
