/**
 * Containers on virtual time. They live on the machine, not in the agent: a crashed agent's containers
 * run on and end, a machine that loses its power loses them all.
 *
 * Commands are shell lines of a few words, run one after the other:
 *
 *     sleep SECONDS     exit STATUS     trap TERM     fall ILL     get WELL     ask PARENT     fail TEXT
 *     echo TEXT     cat     serve     eat MEMORY|DISK MEGABYTES
 *
 * `trap TERM` ignores it from then on; `fail`, as the first word, cannot be launched. What is nested
 * ends with its parent; `ask` exits with 1 while that one is ill, else 0. `cat` says what it reads until
 * the end of its input; `serve` is a program of its own, which whoever makes the machine brings along.
 * Who eats more than its limit is ended for it, as on a machine that holds everybody to all limits.
 * What is said is of no effect unless somebody can attach.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { type Signal, signalNumber } from '#internal/runtime/signal.ts';
import type { ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { ResourceStatistics } from '#proto/gen/mesos/v1.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerLimits,
  type ContainerSpec,
  type Containerizer,
  type Limitation,
  type RecoveredContainer,
  type RunningContainer,
  type Swept,
} from '../containerizer.ts';
import { simulatedFetcher } from '../fetch/simulated.ts';
import { diskLimitation, memoryLimitation } from './limitation.ts';
import { SimulatedTerminal } from './simulated-terminal.ts';
import { statisticsOf } from './statistics.ts';

export type SimulatedContainersDependencies = {
  readonly world: SimulatedWorld;
  readonly random: Random;
  readonly watcher?: ContainerWatcher;
  /** Runs what `serve` stands for. It calls `exit` when it ends by itself. */
  readonly serve?: (spec: ContainerSpec, exit: (end: ContainerEnd) => void) => SimulatedProgram;
};

/** What a container runs that is more than a line of words. */
export type SimulatedProgram = {
  /** It is dead. */
  stop(): void;
};

/** Sees what really runs on the machine, whatever its agent knows or says. */
export type ContainerWatcher = {
  onStart(spec: ContainerSpec): void;
  onEnd(spec: ContainerSpec, end: ContainerEnd): void;
};

/** What a machine knows of one container. */
type Container = {
  readonly spec: ContainerSpec;
  readonly process: ProcessRecord;
  limits: ContainerLimits;
  ignoresTerm: boolean;
  isIll: boolean;
  program: SimulatedProgram | undefined;
  end: ContainerEnd | undefined;
  readonly watchers: ((end: ContainerEnd) => void)[];
  /** Undefined when nobody can attach to it. */
  readonly terminal: SimulatedTerminal | undefined;
};

/** Calls to the machine take up to so long. */
const callMsMax = 20;

export class SimulatedContainers {
  /** One `<framework>/<task>` for each command that began: what ran, and how often. */
  readonly starts: string[] = [];
  readonly #world: SimulatedWorld;
  readonly #random: Random;
  readonly #watcher: ContainerWatcher | undefined;
  readonly #serve: SimulatedContainersDependencies['serve'];
  readonly #containers = new Map<string, Container>();
  /** Taken by an agent that found nothing: they never start. */
  readonly #abandoned = new Set<string>();
  #boot = 1;
  #nextPid = 1000;

  constructor({ world, random, watcher, serve }: SimulatedContainersDependencies) {
    this.#serve = serve;
    this.#world = world;
    this.#random = random;
    this.#watcher = watcher;
  }

  /** Those that have not ended. */
  get alive(): number {
    return [...this.#containers.values()].filter(({ end }) => end === undefined).length;
  }

  /** The machine loses its power: everything ends and nobody sees how. */
  reboot(): void {
    this.#boot++;
    for (const container of this.#containers.values()) {
      if (container.end !== undefined) continue;
      container.end = { kind: 'lost', reason: 'The machine of the agent was restarted' };
      container.watchers.length = 0;
      container.terminal?.end();
      container.program?.stop();
      if (!isDebug(container.spec)) this.#watcher?.onEnd(container.spec, container.end);
    }
  }

  /** The port as one run of the agent's program sees it. */
  containerizer(life: Life): Containerizer {
    const fetcher = simulatedFetcher(life, this.#random);
    return {
      launch: async (spec) => {
        const { containerId, uris } = spec;
        await fetcher.fetch({ containerId, sandboxFolder: '', user: undefined, uris });
        return await this.#launch(life, spec);
      },
      recover: (spec) => this.#recover(life, spec),
      signal: async (containerId, signal) => {
        await this.#call(life, 'signal');
        fetcher.stop(containerId);
        this.#signal(containerId, signal);
      },
      attach: async (containerId) => {
        await this.#call(life, 'attach');
        return this.#containers.get(containerId)?.terminal?.io(life);
      },
      usage: async (containerId) => {
        await this.#call(life, 'usage');
        return this.#usage(containerId);
      },
      update: async (containerId, limits) => {
        await this.#call(life, 'update');
        const container = this.#containers.get(containerId);
        if (container !== undefined) container.limits = limits;
      },
      release: async (containerId) => {
        await this.#call(life, 'release');
        assert(
          this.#containers.get(containerId)?.end !== undefined ||
            !this.#containers.has(containerId),
          `Container "${containerId}" is released while it runs`,
        );
        this.#containers.delete(containerId);
      },
      sweep: async (known) => this.#sweep(known),
    };
  }

  #sweep(known: ReadonlySet<string>): readonly Swept[] {
    const strangers = [...this.#containers.keys()].filter((id) => !known.has(id));
    return strangers.map((containerId) => {
      this.#signal(containerId, 'KILL');
      this.#containers.delete(containerId);
      return { containerId, fault: undefined };
    });
  }

  #call(life: Life, name: string): Promise<void> {
    return life.delay(this.#random.below(callMsMax), `container ${name}`);
  }

  async #launch(life: Life, spec: ContainerSpec): Promise<RunningContainer> {
    const boot = this.#boot;
    const container = await new Promise<Container | undefined>((resolve) => {
      // Once the kernel was asked, the agent's own end stops nothing any more.
      this.#world.schedule(this.#random.below(callMsMax), 'container start', () => {
        const started = boot === this.#boot ? this.#start(spec) : undefined;
        life.run(() => resolve(started));
      });
    });
    if (container === undefined) throw new ContainerError(`Cannot launch: ${lineOf(spec)}`);
    return { process: container.process, ended: this.#watch(life, container) };
  }

  #start(spec: ContainerSpec): Container | undefined {
    const { containerId } = spec;
    assert(!this.#containers.has(containerId), `Container "${containerId}" is launched twice`);
    if (this.#abandoned.has(containerId) || lineOf(spec).startsWith('fail')) return undefined;
    if (!this.#hasParent(spec)) return undefined;
    if (!isDebug(spec)) this.starts.push(`${spec.frameworkId}/${spec.taskId}`);
    const process = {
      pid: BigInt(this.#nextPid++),
      start_ticks: 1n,
      boot_id: `boot-${this.#boot}`,
    };
    const container: Container = {
      spec,
      process,
      limits: spec.limits,
      ignoresTerm: false,
      isIll: false,
      program: undefined,
      end: undefined,
      watchers: [],
      terminal: terminalOf(spec),
    };
    this.#containers.set(containerId, container);
    if (!isDebug(spec)) this.#watcher?.onStart(spec);
    this.#run(container, lineOf(spec).split(/\s*;\s*/u));
    return container;
  }

  /** One to join, when it has to join one. */
  #hasParent(spec: ContainerSpec): boolean {
    const parent = this.#containers.get(spec.parentId ?? '');
    if (parent === undefined) return !isDebug(spec);
    return parent.end === undefined;
  }

  #run(container: Container, [word = '', ...rest]: readonly string[]): void {
    if (container.end !== undefined) return;
    const [verb = '', value = '', amount = ''] = word.split(' ');
    switch (verb) {
      case 'sleep':
        this.#world.schedule(Number(value) * 1000, 'container sleeps', () =>
          this.#run(container, rest),
        );
        return;
      case 'trap':
        container.ignoresTerm = true;
        this.#run(container, rest);
        return;
      case 'fall':
      case 'get':
        container.isIll = verb === 'fall';
        this.#run(container, rest);
        return;
      case 'eat': {
        const limitation = limitationOf(container.limits, value, Number(amount) * mebibyte);
        if (limitation !== undefined) this.#end(container, { kind: 'limited', limitation });
        this.#run(container, rest);
        return;
      }
      case 'ask': {
        const parent = this.#containers.get(container.spec.parentId ?? '');
        this.#end(container, { kind: 'exited', status: parent?.isIll === true ? 1 : 0 });
        return;
      }
      case 'serve':
        container.program = this.#serve?.(container.spec, (end) => this.#end(container, end));
        return;
      case 'exit':
        this.#end(container, { kind: 'exited', status: Number(value) });
        return;
      case 'echo':
        container.terminal?.say(`${value}\n`);
        this.#run(container, rest);
        return;
      case 'cat':
        container.terminal?.echo(() => this.#run(container, rest));
        return;
      default:
        this.#end(container, { kind: 'exited', status: word === '' ? 0 : 127 });
    }
  }

  #end(container: Container, end: ContainerEnd): void {
    if (container.end !== undefined) return;
    container.end = end;
    if (!isDebug(container.spec)) this.#watcher?.onEnd(container.spec, end);
    container.terminal?.end();
    container.program?.stop();
    for (const watcher of container.watchers.splice(0)) watcher(end);
    for (const nested of this.#containers.values()) {
      const isOurs = nested.spec.parentId === container.spec.containerId;
      if (isOurs) this.#end(nested, { kind: 'signaled', signal: 9 });
    }
  }

  #signal(containerId: string, signal: Signal): void {
    const container = this.#containers.get(containerId);
    if (container === undefined || (signal === 'TERM' && container.ignoresTerm)) return;
    this.#end(container, { kind: 'signaled', signal: signalNumber(signal) });
  }

  /** It uses little and counts nothing. */
  #usage(containerId: string): ResourceStatistics | undefined {
    const container = this.#containers.get(containerId);
    if (container === undefined || container.end !== undefined) return undefined;
    const nothing = { userSeconds: 0, systemSeconds: 0, residentBytes: 1 << 20 };
    const use = { processes: 1, threads: 1, ...nothing };
    return statisticsOf(this.#world.nowMs, use, container.limits);
  }

  #watch(life: Life, container: Container): Promise<ContainerEnd> {
    return new Promise((resolve) => {
      const tell = (end: ContainerEnd): void => {
        life.schedule(this.#random.below(callMsMax), 'container ended', () => resolve(end));
      };
      if (container.end === undefined) container.watchers.push(tell);
      else tell(container.end);
    });
  }

  async #recover(life: Life, { containerId }: ContainerSpec): Promise<RecoveredContainer> {
    await this.#call(life, 'recover');
    const container = this.#containers.get(containerId);
    if (container === undefined) {
      this.#abandoned.add(containerId);
      return { kind: 'absent' };
    }
    const { end, process } = container;
    if (end !== undefined) return { kind: 'ended', process, end };
    return {
      kind: 'running',
      container: { process, ended: this.#watch(life, container) },
    };
  }
}

function terminalOf({ io, container }: ContainerSpec): SimulatedTerminal | undefined {
  const hasTerminal = container?.tty_info !== undefined;
  return io === 'attached' || hasTerminal ? new SimulatedTerminal({ hasTerminal }) : undefined;
}

/** Undefined: it may have so much. */
function limitationOf(
  { memBytes, diskBytes }: ContainerLimits,
  what: string,
  bytes: number,
): Limitation | undefined {
  if (what === 'DISK') {
    return diskBytes !== undefined && bytes > diskBytes
      ? diskLimitation(bytes, diskBytes)
      : undefined;
  }
  return memBytes !== undefined && bytes > memBytes
    ? memoryLimitation({ limitBytes: memBytes, peakBytes: memBytes, statistics: '' })
    : undefined;
}

const mebibyte = 1024 * 1024;

const isDebug = ({ nesting }: ContainerSpec): boolean => nesting === 'debug';

function lineOf({ command }: ContainerSpec): string {
  if (command.kind === 'shell') return command.line;
  // An image of this machine sleeps.
  if (command.kind === 'image') return 'sleep 500';
  return [command.path, ...command.arguments].join(' ');
}
