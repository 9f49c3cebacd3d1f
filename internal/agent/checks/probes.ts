/**
 * Looks at tasks for the core: runs a command beside one, asks it over HTTP, connects to it. Every look
 * ends: with a result, with its time-out, or because nobody wants to know any more. No more than
 * `atOnceMax` are under way; the others wait in order, and their time has not begun.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Connector } from '#internal/runtime/connector.ts';
import { type HttpClient, HttpError } from '#internal/runtime/http.ts';
import { ContainerError, type ContainerSpec, type Containerizer } from '../containerizer.ts';
import type { Probe, ProbeResult, ProbeTarget } from '../core/input.ts';

export type ProbesDependencies = {
  readonly clock: Clock;
  readonly containerizer: Containerizer;
  readonly connector: Connector;
  /** It trusts whoever answers: a task vouches for itself. */
  readonly client: HttpClient;
};

export type ProbesOptions = {
  readonly atOnceMax: number;
};

/** Few enough for any machine; many, so that some that hang do not keep the others waiting. */
export const usualProbes: ProbesOptions = { atOnceMax: 256 };

/** As many as `curl` follows by itself. */
const redirectsMax = 50;

export class Probes {
  readonly #dependencies: ProbesDependencies;
  readonly #options: ProbesOptions;
  /** By the container that they look at. */
  readonly #open = new Map<string, Set<AbortController>>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(dependencies: ProbesDependencies, options: ProbesOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Rejects only where the machine under the agent fails. */
  async look(containerId: string, { target, timeoutMs }: Probe): Promise<ProbeResult> {
    const control = new AbortController();
    const siblings = this.#open.get(containerId) ?? new Set();
    this.#open.set(containerId, siblings.add(control));
    try {
      await this.#begin();
      try {
        return await this.#within(control, timeoutMs, () => this.#ask(target, control.signal));
      } finally {
        this.#end();
      }
    } finally {
      siblings.delete(control);
      if (siblings.size === 0) this.#open.delete(containerId);
    }
  }

  /** Whatever is looked at for this container is over, and was `interrupted`. */
  stop(containerId: string): void {
    for (const control of this.#open.get(containerId) ?? []) control.abort();
  }

  /** All of them. */
  stopAll(): void {
    for (const containerId of this.#open.keys()) this.stop(containerId);
  }

  #begin(): Promise<void> | undefined {
    if (this.#underWay < this.#options.atOnceMax) {
      this.#underWay++;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Whoever waits takes the place. */
  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay--;
    else next();
    assert(this.#underWay >= 0, 'More looks have ended than were begun');
  }

  async #within(
    control: AbortController,
    timeoutMs: number | undefined,
    ask: () => Promise<ProbeResult>,
  ): Promise<ProbeResult> {
    if (control.signal.aborted) return interrupted;
    let isLate = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : this.#dependencies.clock.after(timeoutMs, () => {
            isLate = true;
            control.abort();
          });
    try {
      const result = await ask();
      return control.signal.aborted ? cutShort(isLate, timeoutMs) : result;
    } catch (error) {
      if (!control.signal.aborted) throw error;
      return cutShort(isLate, timeoutMs);
    } finally {
      timer?.cancel();
    }
  }

  #ask(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
    switch (target.kind) {
      case 'command':
        return this.#run(target.spec, signal);
      case 'http':
        return this.#get(target.url, signal);
      case 'tcp':
        return this.#connect(target, signal);
      default:
        return unreachable(target);
    }
  }

  async #connect(
    { host, port }: Extract<ProbeTarget, { readonly kind: 'tcp' }>,
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    const succeeded = await this.#dependencies.connector.reaches({ host, port }, { signal });
    return { kind: 'connected', succeeded };
  }

  /** The status of the page that redirects lead to, as Mesos tells it. */
  async #get(from: string, signal: AbortSignal): Promise<ProbeResult> {
    let url = from;
    for (let hops = 0; hops <= redirectsMax; hops++) {
      const reply = await this.#head(url, signal);
      if (typeof reply === 'string') return { kind: 'failed', reason: reply };
      if (reply.next === undefined) return { kind: 'answered', status: reply.status };
      url = reply.next;
    }
    return { kind: 'failed', reason: `${from} redirects more than ${redirectsMax} times` };
  }

  /** A text says why there is none. What follows it is not read. */
  async #head(
    url: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly next: string | undefined } | string> {
    if (!URL.canParse(url)) return `${url} is no URL`;
    const enough = new AbortController();
    const forward = (): void => enough.abort();
    signal.addEventListener('abort', forward);
    try {
      const { client } = this.#dependencies;
      const { status, headers } = await client.call({ method: 'GET', url, signal: enough.signal });
      return { status, next: nextOf(url, status, headers['location']) };
    } catch (error) {
      if (error instanceof HttpError) return error.message;
      throw error;
    } finally {
      signal.removeEventListener('abort', forward);
      enough.abort();
    }
  }

  async #run(spec: ContainerSpec, signal: AbortSignal): Promise<ProbeResult> {
    const { containerizer } = this.#dependencies;
    const { containerId } = spec;
    try {
      const { ended } = await containerizer.launch(spec);
      const kill = (): Promise<void> => containerizer.signal(containerId, 'KILL');
      const killed = new Promise<void>((resolve, reject) => {
        const act = (): void => void kill().then(resolve, reject);
        if (signal.aborted) act();
        else signal.addEventListener('abort', act, { once: true });
        void ended.then(() => resolve());
      });
      const end = await ended;
      await killed;
      await containerizer.release(containerId);
      if (end.kind === 'exited') return { kind: 'exited', status: end.status };
      // By the end of the task, or by somebody else: it says nothing of how the task is.
      if (end.kind !== 'signaled' || end.signal === KILL) return interrupted;
      return { kind: 'exited', status: 128 + end.signal };
    } catch (error) {
      if (error instanceof ContainerError) return { kind: 'failed', reason: error.message };
      throw error;
    }
  }
}

const KILL = 9;

const interrupted: ProbeResult = { kind: 'interrupted' };

const cutShort = (isLate: boolean, timeoutMs: number | undefined): ProbeResult =>
  isLate ? { kind: 'failed', reason: `no result in ${timeoutMs} ms` } : interrupted;

/** Where a redirect leads; undefined when it leads nowhere that can be asked. */
function nextOf(url: string, status: number, location: string | undefined): string | undefined {
  if (status < 300 || status >= 400 || location === undefined) return undefined;
  const next = URL.parse(location, url);
  return next?.protocol === 'http:' || next?.protocol === 'https:' ? next.href : undefined;
}
