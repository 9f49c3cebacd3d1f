/**
 * The agent as an actor: one mailbox, one loop. What happened since the last turn is taken together;
 * the core decides; what it wants written is made durable in one batch; then its wishes are carried
 * out, in order. There is nothing else to it: rules are in `core/`.
 *
 * A checkpoint that cannot be written ends the agent (`ended` says `failed`): what it would say from
 * then on could be untrue after a restart. Its tasks run on and wait for the next agent.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Link, LinkDialer } from '#internal/rpc/link.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { Checkpoint } from '#storage/checkpoint/checkpoint.ts';
import type { JournalPlace } from '#storage/checkpoint/journal.ts';
import type { CheckpointWrite } from '#storage/checkpoint/records.ts';
import type { KeyValueStore } from '#storage/key-value-store.ts';
import {
  ContainerError,
  type ContainerSpec,
  type Containerizer,
  type RunningContainer,
} from './containerizer.ts';
import { ContainerEnds } from './container-ends.ts';
import type { Probes } from './checks/probes.ts';
import { knownContainers, recoverContainers } from './container-recovery.ts';
import type { Effect, ExecutorSaying, Input, TimerId } from './core/input.ts';
import {
  type AgentSettings,
  type AgentState,
  type ExecutorKey,
  type TaskKey,
} from './core/state.ts';
import { step } from './core/step.ts';
import { timerName } from './timer-name.ts';
import { History, usualHistory } from './history.ts';
import { OperatorContainers } from './operator-containers.ts';
import { operatorSpecOf } from './operator-spec.ts';
import type { ExecutorDoor } from './executor-door.ts';
import { Executors } from './executors.ts';
import { type Meters, newMeters } from './meters.ts';
import { type Recovery, type RecoveryOptions, recoverAgent, usualRecovery } from './recovery.ts';
import { VolumeDesk } from './volume-desk.ts';
import type { Holder, Volumes } from './volumes.ts';

export type AgentDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Of this agent alone. It is closed by whoever opened it, after `ended`. */
  readonly store: KeyValueStore;
  /** What proves that the store has lost nothing. */
  readonly journal: JournalPlace;
  readonly dialer: LinkDialer<AgentMessage, MasterMessage>;
  readonly containerizer: Containerizer;
  readonly volumes: Volumes;
  readonly probes: Probes;
};

export type AgentOptions = AgentSettings & {
  /** A master that says more than this before we can act on it is hung up on. */
  readonly mailboxMax: number;
  /** `usualRecovery` when it does not say. */
  readonly recovery?: RecoveryOptions;
};

export type AgentEnd =
  /** `stop` was called: tasks run on. */
  | { readonly kind: 'stopped' }
  /** `shutdown` was called: every task was killed. */
  | { readonly kind: 'closed' }
  /** `--recover=cleanup`: every task was killed and all is forgotten. */
  | { readonly kind: 'cleaned' }
  /** A master wants this agent no more; its next start is that of a new one. */
  | { readonly kind: 'expelled'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: unknown };

type ProbeEffect = Extract<Effect, { readonly kind: 'probe' }>;

export class Agent {
  /** Resolves when the agent has ended; never rejects. */
  readonly ended: Promise<AgentEnd>;
  readonly history: History = new History(usualHistory);
  /** Those that no task asked for. */
  readonly containers: OperatorContainers;
  /** Of all others. */
  readonly ends: ContainerEnds;
  readonly meters: Meters;
  readonly #dependencies: AgentDependencies;
  readonly #options: AgentOptions;
  readonly #finish: (end: AgentEnd) => void;
  readonly #links = new Map<number, Link<AgentMessage>>();
  readonly #timers = new Map<string, Timer>();
  readonly #volumes: VolumeDesk;
  #checkpoint: Checkpoint | undefined;
  #state: AgentState | undefined;
  readonly #executors: Executors;
  #isRecovered = false;
  #mailbox: Input[] = [];
  #turning: Promise<void> | undefined;
  #over = false;

  constructor(dependencies: AgentDependencies, options: AgentOptions) {
    assert(options.masters.length > 0, 'An agent needs masters to register with');
    const { promise, resolve } = Promise.withResolvers<AgentEnd>();
    this.ended = promise;
    this.#finish = resolve;
    this.#options = options;
    const { containerizer, logger, random, volumes } = dependencies;
    this.ends = new ContainerEnds(containerizer);
    this.meters = newMeters(dependencies.clock);
    this.#dependencies = { ...dependencies, containerizer: this.ends.containerizer };
    const write = (writes: readonly CheckpointWrite[]): Promise<void> => this.#write(writes);
    this.containers = new OperatorContainers({ containerizer, logger, write });
    this.#volumes = new VolumeDesk(
      {
        volumes,
        logger,
        random,
        post: (input) => this.#post(input),
        holder: () => this.#holder,
      },
      { disks: resourcesAsWritten(options.description.agent_info.resources) },
    );
    this.#executors = new Executors({
      containerizer: this.ends.containerizer,
      logger,
      post: (input) => this.#post(input),
      own: (work) => this.#own(work),
    });
  }

  /**
   * Reads the checkpoint, finds the containers that an earlier agent left, then looks for a master.
   * Rejects as `recoverAgent` does.
   */
  async start(): Promise<void> {
    assert(this.#state === undefined, 'The agent was started twice');
    const { clock, store, journal } = this.#dependencies;
    const { recovery = usualRecovery } = this.#options;
    const place = { store, journal };
    const sinceMs = clock.monotonic();
    const found = await recoverAgent(place, this.#options, recovery, sinceMs);
    this.#checkpoint = this.meters.timed(found.checkpoint);
    this.#state = found.state;
    this.#tell(found);
    const isCleaning = recovery.mode === 'cleanup';
    await this.#sweep(found);
    await recoverContainers(
      this.#dependencies.containerizer,
      { state: found.state, settings: this.#options, isCleaning },
      {
        post: (input) => this.#post(input),
        attend: (task, containerId, container) => this.#attend(task, containerId, container),
        attendExecutor: (about, container) => this.#executors.attend(about, container),
      },
    );
    const surroundings = { state: found.state, settings: this.#options };
    await this.containers.recover(found.containers, (record) =>
      operatorSpecOf(surroundings, record),
    );
    if (isCleaning) await this.containers.endAll();
    else {
      await this.#volumes.survey(found.state);
      this.#own(this.#volumes.purge());
    }
    this.meters.recovered(found.findings, sinceMs);
    this.#post({ kind: isCleaning ? 'clean-up' : 'start' });
    this.#isRecovered = true;
  }

  /** Ends the agent and leaves its tasks alone: the next one finds them. */
  async stop(): Promise<void> {
    await this.#end({ kind: 'stopped' });
  }

  /**
   * Kills every task, with its grace, and ends. How the tasks ended is reported now or by the next
   * agent on this checkpoint.
   */
  async shutdown(): Promise<void> {
    this.#post({ kind: 'close' });
    await this.ended;
  }

  /** What the agent knows now; undefined before it has read its checkpoint. */
  view(): AgentState | undefined {
    return this.#state;
  }

  /** Of others than the core. */
  async #write(writes: readonly CheckpointWrite[]): Promise<void> {
    assert(this.#checkpoint !== undefined, 'The agent has not started');
    if (this.#over) return;
    try {
      await this.#checkpoint.write(writes);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #tell({ findings: { restored, dropped }, renewal }: Recovery): void {
    const { logger } = this.#dependencies;
    if (restored.length > 0) logger.warn('checkpoint restored from its journal', { restored });
    if (dropped.length > 0) logger.error('parts of the checkpoint are lost', { dropped });
    if (renewal !== undefined) logger.warn('this is a new agent', { reason: renewal });
  }

  /** What the checkpoint does not speak of nobody would ever end. */
  async #sweep(found: Recovery): Promise<void> {
    const { containerizer, logger } = this.#dependencies;
    for (const swept of await containerizer.sweep(knownContainers(found))) {
      if (swept.fault === undefined) logger.info('container that nobody knows ended', swept);
      else {
        logger.warn('container that nobody knows not ended', swept);
        this.meters.countNotDestroyed();
      }
    }
  }

  /** For executors that frameworks bring. It is closed until all containers were looked for. */
  get executors(): ExecutorDoor {
    return {
      view: () => (this.#isRecovered ? this.#state : undefined),
      hear: (said) => this.#hear(said),
      subscribe: (executor, subscribe, stream) => {
        if (this.#over || this.#isFull()) stream.end();
        else this.#executors.subscribe(executor, subscribe, stream);
      },
    };
  }

  #isFull(): boolean {
    return this.#mailbox.length >= this.#options.mailboxMax;
  }

  #hear(said: ExecutorSaying): boolean {
    if (this.#over || this.#isFull()) return false;
    this.#post(said);
    return true;
  }

  #post(input: Input): void {
    if (this.#over) return;
    this.#mailbox.push(input);
    this.#turning ??= this.#turn();
  }

  /** Takes what is in the mailbox until it is empty. */
  async #turn(): Promise<void> {
    try {
      // Whatever else happens in this turn of the event loop is taken along.
      await Promise.resolve();
      while (this.#mailbox.length > 0 && !this.#over) await this.#takeAll();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#turning = undefined;
    }
  }

  async #takeAll(): Promise<void> {
    assert(
      this.#state !== undefined && this.#checkpoint !== undefined,
      'The agent has not started',
    );
    const { clock, random } = this.#dependencies;
    const moment = { nowMs: clock.now(), monotonicMs: clock.monotonic(), random };
    const writes: CheckpointWrite[] = [];
    const effects: Effect[] = [];
    let state = this.#state;
    for (const input of this.#mailbox.splice(0)) {
      const result = step(state, input, { settings: this.#options, moment });
      state = result.state;
      writes.push(...result.writes);
      effects.push(...result.effects);
    }
    await this.#checkpoint.write(writes);
    this.history.follow(this.#state, writes);
    this.#state = state;
    for (const effect of effects) {
      if (this.#over) return;
      this.#carryOut(effect);
    }
  }

  #carryOut(effect: Effect): void {
    const { containerizer, logger } = this.#dependencies;
    switch (effect.kind) {
      case 'dial':
        this.#links.set(effect.link, this.#dial(effect.link, effect.target));
        return;
      case 'hang-up':
        this.#links.get(effect.link)?.close();
        this.#links.delete(effect.link);
        return;
      case 'send':
        this.#links.get(effect.link)?.send(effect.message);
        return;
      case 'launch':
        this.#own(this.#launch(effect.task, effect.spec));
        return;
      case 'launch-executor':
        this.#own(this.#launchExecutor(effect.executor, effect.spec));
        return;
      case 'tell-executor':
        this.#executors.tell(effect.connection, effect.event);
        return;
      case 'update-container':
        this.#own(this.#executors.update(effect.containerId, effect.limits));
        return;
      case 'close-executor':
        this.#executors.hangUp(effect.connection);
        return;
      case 'signal':
        this.#own(containerizer.signal(effect.containerId, effect.signal));
        return;
      case 'release':
        this.#own(this.#release(effect.containerId));
        return;
      case 'make-volumes':
        this.#own(this.#volumes.make(effect));
        return;
      case 'remove-volumes':
        this.#own(this.#volumes.remove(effect.volumes));
        return;
      case 'probe':
        this.#own(this.#probe(effect));
        return;
      case 'stop-probes':
        this.#dependencies.probes.stop(effect.containerId);
        return;
      case 'set-timer':
        this.#setTimer(effect.timer, effect.delayMs);
        return;
      case 'cancel-timer':
        this.#timers.get(timerName(effect.timer))?.cancel();
        this.#timers.delete(timerName(effect.timer));
        return;
      case 'count':
        this.meters.count(effect.counter);
        return;
      case 'note':
        logger[effect.level](effect.event, effect.fields);
        return;
      case 'stopped':
        this.#conclude(effect.reason);
        return;
      default:
        unreachable(effect);
    }
  }

  #dial(link: number, target: string): Link<AgentMessage> {
    return this.#dependencies.dialer.dial(target, {
      onMessage: (message) => {
        if (this.#mailbox.length < this.#options.mailboxMax) {
          this.#post({ kind: 'message', link, message });
          return;
        }
        // It says again what it must when we register anew.
        this.#links.get(link)?.close();
        this.#links.delete(link);
      },
      onClose: (reason) => {
        this.#links.delete(link);
        this.#post({ kind: 'link-closed', link, reason });
      },
    });
  }

  async #launch(task: TaskKey, spec: ContainerSpec): Promise<void> {
    const { containerId } = spec;
    const fault = await this.#volumes.use(spec);
    if (fault !== undefined) {
      this.#post({ kind: 'launch-failed', task, containerId, reason: fault });
      return;
    }
    try {
      const container = await this.#dependencies.containerizer.launch(spec);
      this.#attend(task, containerId, container);
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      this.#post({ kind: 'launch-failed', task, containerId, reason: error.message });
    }
  }

  async #launchExecutor(executor: ExecutorKey, spec: ContainerSpec): Promise<void> {
    const reason = await this.#volumes.use(spec);
    const { containerId } = spec;
    if (reason === undefined) await this.#executors.launch(executor, spec);
    else this.#post({ kind: 'executor-launch-failed', executor, containerId, reason });
  }

  async #probe({ task, containerId, check, probe }: ProbeEffect): Promise<void> {
    const result = await this.#dependencies.probes.look(containerId, probe);
    this.#post({ kind: 'probed', task, containerId, check, result });
  }

  async #release(containerId: string): Promise<void> {
    try {
      await this.#dependencies.containerizer.release(containerId);
    } catch (error) {
      // A few small files too many: no reason to stop.
      this.#dependencies.logger.warn('container not released', { containerId, error });
      this.meters.countNotDestroyed();
    }
  }

  get #holder(): Holder {
    const { agentId = '', clusterId } = this.#state ?? {};
    return { agentId, clusterId, nowMs: this.#dependencies.clock.now() };
  }

  /** Tells the core of a container that runs, and of its end. */
  #attend(task: TaskKey, containerId: string, { process, ended }: RunningContainer): void {
    this.#post({ kind: 'launched', task, containerId, process });
    this.#own(ended.then((end) => this.#post({ kind: 'container-ended', task, containerId, end })));
  }

  #setTimer(timer: TimerId, delayMs: number): void {
    const name = timerName(timer);
    this.#timers.get(name)?.cancel();
    const set = this.#dependencies.clock.after(delayMs, () => {
      this.#timers.delete(name);
      this.#post({ kind: 'timer', timer });
    });
    this.#timers.set(name, set);
  }

  /** A promise that nobody awaits: what it throws is a fault of the machine under the agent. */
  #own(work: Promise<void>): void {
    work.catch((error: unknown) => this.#fail(error));
  }

  #conclude(reason: string): void {
    const kind = this.#state?.ending.kind;
    if (kind === 'expelled') this.#close({ kind, reason });
    else this.#close({ kind: kind === 'cleaning' ? 'cleaned' : 'closed' });
  }

  #fail(error: unknown): void {
    this.#dependencies.logger.error('agent failed', { error });
    this.#close({ kind: 'failed', error });
  }

  async #end(end: AgentEnd): Promise<void> {
    const turning = this.#turning;
    this.#close(end);
    // What is being written must not go on in a store that its owner closes next.
    await turning;
  }

  #close(end: AgentEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#mailbox = [];
    for (const timer of this.#timers.values()) timer.cancel();
    for (const link of this.#links.values()) link.close();
    this.#executors.hangUpAll();
    this.#dependencies.probes.stopAll();
    this.#timers.clear();
    this.#links.clear();
    this.#finish(end);
    this.#own(this.#letGo());
  }

  async #letGo(): Promise<void> {
    await this.#turning;
    await this.#checkpoint?.close();
  }
}
