/**
 * The supervisors that stand by, and who gets the next one. A machine starts some hundred processes a
 * second from Node and thousands from shells that run already; so a supervisor whose container has
 * ended is kept for the next, and while launches wait only one new one is started at a time, and none
 * while others come free: of short tasks a few supervisors start more than many new ones would.
 *
 * Owed: each job's folder exists and is new.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Conversation, ProcessIdentity, Processes } from '#internal/runtime/processes.ts';
import { type ContainerEnd, ContainerError } from '../containerizer.ts';
import { type Job, type SupervisorTools, jobScript, supervisorScript } from './supervisor.ts';
import { parseClaim, parseEnd } from './supervisor-files.ts';

export type SupervisorsOptions = {
  readonly tools: SupervisorTools;
  /** More that are idle are let go. */
  readonly idleMax: number;
  /** Launches that may wait; one more is refused. */
  readonly waitingMax: number;
};

/** When one has come free since the last new one was asked for, the next is asked for so much later. */
const patienceMs = 10;

/** What a supervisor says of the container that it was given. */
export type Supervised =
  | {
      readonly kind: 'began';
      /** The command's first process. */
      readonly leader: ProcessIdentity;
      /** Undefined when the supervisor ended before it could tell. Never rejects. */
      readonly ended: Promise<ContainerEnd | undefined>;
    }
  /** Somebody has decided that this container never starts. */
  | { readonly kind: 'refused' }
  /** The supervisor ended before it said anything. */
  | { readonly kind: 'silent' };

type Waiting = {
  readonly job: Job;
  readonly begin: (supervised: Supervised) => void;
  readonly fail: (error: unknown) => void;
};

type Supervisor = {
  readonly conversation: Conversation;
  containerId: string | undefined;
  begin: (supervised: Supervised) => void;
  end: (end: ContainerEnd | undefined) => void;
};

const nobody = (): void => {};

export class Supervisors {
  readonly #processes: Processes;
  readonly #clock: Clock;
  readonly #options: SupervisorsOptions;
  readonly #idle: Supervisor[] = [];
  readonly #waiting: Waiting[] = [];
  /** The new one, until it has begun with its first container. */
  #starting: Supervisor | 'opening' | undefined;
  /** Until the next one may be started. */
  #patience: Timer | undefined;
  #cameFree = false;

  constructor(
    { processes, clock }: { readonly processes: Processes; readonly clock: Clock },
    options: SupervisorsOptions,
  ) {
    this.#processes = processes;
    this.#clock = clock;
    this.#options = options;
  }

  /** Rejects with `ContainerError` or `ProcessesError` when nobody could be given the job. */
  run(job: Job): Promise<Supervised> {
    if (this.#waiting.length >= this.#options.waitingMax) {
      throw new ContainerError('Too many containers wait to be launched');
    }
    const { promise, resolve, reject } = Promise.withResolvers<Supervised>();
    this.#waiting.push({ job, begin: resolve, fail: reject });
    this.#serve();
    return promise;
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const supervisor = this.#idle.pop();
      if (supervisor !== undefined) this.#give(supervisor);
      else {
        this.#startMore();
        return;
      }
    }
  }

  #startMore(): void {
    if (this.#starting !== undefined || this.#patience !== undefined) return;
    if (!this.#cameFree) {
      void this.#start();
      return;
    }
    this.#cameFree = false;
    this.#patience = this.#clock.after(patienceMs, () => {
      this.#patience = undefined;
      if (this.#waiting.length > 0) this.#startMore();
    });
  }

  #give(supervisor: Supervisor): void {
    const waiting = this.#waiting.shift();
    assert(waiting !== undefined, 'A supervisor is given a job that nobody has');
    supervisor.containerId = waiting.job.containerId;
    supervisor.begin = waiting.begin;
    supervisor.conversation.send(jobScript(waiting.job, this.#options.tools));
  }

  async #start(): Promise<void> {
    this.#starting = 'opening';
    try {
      const supervisor = await this.#open();
      this.#starting = supervisor;
      if (this.#waiting.length > 0) this.#give(supervisor);
      else this.#rest(supervisor);
    } catch (error) {
      this.#starting = undefined;
      this.#waiting.shift()?.fail(error);
      this.#serve();
    }
  }

  async #open(): Promise<Supervisor> {
    let supervisor: Supervisor | undefined;
    const conversation = await this.#processes.converse(
      { path: '/bin/sh', arguments: ['-s'], environment: {}, folder: '/', user: undefined },
      (line) => {
        if (supervisor !== undefined) this.#hear(supervisor, line);
      },
    );
    supervisor = { conversation, containerId: undefined, begin: nobody, end: nobody };
    const opened = supervisor;
    void conversation.ended.then(() => this.#leave(opened));
    conversation.send(supervisorScript(this.#processes.bootId, this.#options.tools));
    return supervisor;
  }

  #hear(supervisor: Supervisor, line: string): void {
    const [, word = '', containerId, rest = ''] = /^(\S+) (\S+) ?(.*)$/u.exec(line) ?? [];
    if (containerId !== supervisor.containerId) return;
    switch (word) {
      case 'began': {
        const leader = parseClaim(rest);
        assert(leader !== undefined, `A supervisor began with "${rest}"`);
        this.#begun(supervisor, leader);
        return;
      }
      case 'refused':
        supervisor.begin({ kind: 'refused' });
        this.#rest(supervisor);
        return;
      case 'ended': {
        const { begin, end } = supervisor;
        this.#rest(supervisor);
        // Of one that never began: harmless of one that did.
        begin({ kind: 'silent' });
        end(parseEnd(rest));
        return;
      }
      default:
    }
  }

  #begun(supervisor: Supervisor, leader: ProcessIdentity): void {
    const { promise, resolve } = Promise.withResolvers<ContainerEnd | undefined>();
    supervisor.end = resolve;
    supervisor.begin({ kind: 'began', leader, ended: promise });
    this.#hasStarted(supervisor);
    this.#serve();
  }

  #rest(supervisor: Supervisor): void {
    this.#hasStarted(supervisor);
    supervisor.containerId = undefined;
    supervisor.begin = nobody;
    supervisor.end = nobody;
    this.#idle.push(supervisor);
    this.#cameFree = true;
    this.#serve();
    if (this.#idle.length > this.#options.idleMax) this.#idle.shift()?.conversation.close();
  }

  /** It has ended: because we let it go, or somebody killed it. */
  #leave(supervisor: Supervisor): void {
    const at = this.#idle.indexOf(supervisor);
    if (at !== -1) this.#idle.splice(at, 1);
    const { begin, end } = supervisor;
    begin({ kind: 'silent' });
    end(undefined);
    this.#hasStarted(supervisor);
    this.#serve();
  }

  #hasStarted(supervisor: Supervisor): void {
    if (this.#starting === supervisor) this.#starting = undefined;
  }
}
