/**
 * The service framework as a process: stands by while another one leads, leads when that one is gone, and
 * answers users over HTTP. Two of them are enough that a service is looked after whatever dies.
 *
 * Without a credential nobody but the subscriber may read the store (`docs/store.md`), so there is no
 * standing by: such a process takes over when it starts, and ends when it is taken over from.
 */
import { frameworkStore } from '#internal/client/framework-store.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import { storeAsker } from './ask-leader.ts';
import { awaitLease, type LeaseHolder } from './lease.ts';
import { Session, type SessionDependencies, type SessionEnd } from './session.ts';
import type { World } from './world.ts';

export type ServiceFrameworkOptions = {
  /** `host:port` each. */
  readonly masters: readonly string[];
  /** Chosen by us, so that all processes of the framework and its users know it. */
  readonly frameworkId: string;
  readonly role: string;
  /** Of tasks that name none. */
  readonly user: string;
  readonly principal: string | undefined;
  readonly authorization: string | undefined;
  readonly holder: LeaseHolder;
  readonly hostname: string;
  readonly leaseMs: number;
  /** How long the cluster keeps tasks and records of it while no process of it is there. */
  readonly failoverTimeoutSeconds: number;
};

/** After a session that was lost. */
const pauseMs = 1000;

export class ServiceFramework {
  readonly #with: SessionDependencies;
  readonly #options: ServiceFrameworkOptions;
  readonly #stopping = new AbortController();
  #session: Session | undefined;

  constructor(dependencies: SessionDependencies, options: ServiceFrameworkOptions) {
    this.#with = dependencies;
    this.#options = options;
  }

  /** Undefined while it does not lead. */
  get world(): World | undefined {
    return this.#session?.world;
  }

  /** Undefined while it does not lead. */
  get session(): Session | undefined {
    return this.#session?.world === undefined ? undefined : this.#session;
  }

  /** Begins the orderly end; `run` resolves when it is done. Tasks run on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#session?.stop();
  }

  /** Resolves with why it ended. */
  async run(): Promise<SessionEnd> {
    const { signal } = this.#stopping;
    const { logger, clock } = this.#with;
    while (!signal.aborted) {
      const lease = await this.#standBy();
      if (signal.aborted) break;
      this.#session = new Session(this.#with, {
        ...this.#options,
        framework: this.#frameworkInfo(),
        lease,
      });
      const end = await this.#session.run();
      this.#session = undefined;
      if (end.kind === 'refused') return end;
      if (end.kind === 'lost') {
        logger.warn('not leading any more', { reason: end.reason });
        if (this.#options.authorization === undefined) return end;
        await clock.sleep(pauseMs, { signal }).catch(() => {});
      }
    }
    return { kind: 'asked' };
  }

  async #standBy(): Promise<bigint | undefined> {
    const { clock, logger, http } = this.#with;
    const { authorization, masters, frameworkId, holder, leaseMs } = this.#options;
    if (authorization === undefined) return undefined;
    logger.info('standing by', {});
    const door = { clock, http, masters, authorization };
    const store = frameworkStore(storeAsker(door, frameworkId));
    const { signal } = this.#stopping;
    return await awaitLease({ clock, logger, store }, { holder, leaseMs, signal });
  }

  #frameworkInfo(): FrameworkInfo {
    const { frameworkId, role, user, principal, hostname, holder } = this.#options;
    return {
      id: { value: frameworkId },
      user,
      name: 'services',
      roles: [role],
      failover_timeout: this.#options.failoverTimeoutSeconds,
      checkpoint: true,
      hostname,
      webui_url: holder.url,
      ...(principal !== undefined && { principal }),
      capabilities: [
        { type: 'MULTI_ROLE' },
        { type: 'RESERVATION_REFINEMENT' },
        { type: 'PARTITION_AWARE' },
        { type: 'TASK_KILLING_STATE' },
      ],
    };
  }
}
