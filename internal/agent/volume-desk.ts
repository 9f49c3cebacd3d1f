/**
 * What the agent does with its volumes, one thing after the other: what was destroyed may be made again,
 * and a task sees only what is there. How it went is told to the core.
 */
import type { FoundVolume } from '#internal/model/volume.ts';
import type { Random } from '#internal/base/random.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { ContainerSpec } from './containerizer.ts';
import type { Effect, Input } from './core/input.ts';
import type { AgentState } from './core/state.ts';
import { volumeResult } from './volume-fault.ts';
import { surveyVolumes } from './volume-survey.ts';
import type { Holder, Volumes } from './volumes.ts';

export type VolumeDeskDependencies = {
  readonly volumes: Volumes;
  readonly logger: Logger;
  readonly random: Random;
  readonly post: (input: Input) => void;
  /** The agent as it is now. */
  readonly holder: () => Holder;
};

export class VolumeDesk {
  readonly #dependencies: VolumeDeskDependencies;
  readonly #disks: Resources;
  #work: Promise<void> = Promise.resolve();

  /** `disks`: what the machine has. */
  constructor(dependencies: VolumeDeskDependencies, options: { readonly disks: Resources }) {
    this.#dependencies = dependencies;
    this.#disks = options.disks;
  }

  /** Tells the core what lies on the disks. Before anything else. */
  async survey(state: AgentState): Promise<void> {
    const { holder, post } = this.#dependencies;
    const place = { disks: this.#disks, by: holder() };
    post({ kind: 'volumes-surveyed', ...(await surveyVolumes(this.#dependencies, state, place)) });
  }

  async make(effect: Extract<Effect, { readonly kind: 'make-volumes' }>): Promise<void> {
    const { operation, volumes: laid, adopted } = effect;
    const { volumes, holder, post } = this.#dependencies;
    await this.#inOrder(async () => {
      const by = holder();
      const work = adopted === undefined ? volumes.make(laid, by) : volumes.adopt(adopted, by);
      const done = await volumeResult<FoundVolume | readonly FoundVolume[]>(work);
      const made = done.ok ? [done.value].flat() : [];
      const fault = done.ok ? undefined : done.refusal.message;
      post({ kind: 'volumes-made', operation, made, fault });
    });
  }

  async remove(doomed: Resources): Promise<void> {
    const { volumes, logger, holder, post } = this.#dependencies;
    await this.#inOrder(async () => {
      const done = await volumeResult(volumes.discard(doomed, holder()));
      if (done.ok) post({ kind: 'volumes-removed', volumes: doomed });
      // Its next start tries again.
      else logger.warn('data of a volume not removed', { error: done.refusal });
    });
    await this.purge();
  }

  /** Nobody waits for it: what is left is found by the next start. */
  async purge(): Promise<void> {
    const { volumes, logger } = this.#dependencies;
    const done = await volumeResult(volumes.purge(this.#disks));
    if (!done.ok) logger.warn('data of destroyed volumes not removed', { error: done.refusal });
  }

  /** Why a container cannot have its volumes; undefined when they are ready for it. */
  async use({ volumes: mounts }: ContainerSpec): Promise<string | undefined> {
    if (mounts.length === 0) return undefined;
    const wanted = mounts.map(({ volume }) => volume);
    const { volumes, holder, post } = this.#dependencies;
    let fault: string | undefined;
    await this.#inOrder(async () => {
      const done = await volumeResult(volumes.use(wanted, holder()));
      if (done.ok) post({ kind: 'volumes-used', used: done.value });
      else fault = done.refusal.message;
    });
    return fault;
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work);
    return this.#work;
  }
}
