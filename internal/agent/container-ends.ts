/**
 * How containers ended, for whoever asks through the API: it stands before the containerizer and keeps
 * what that tells the agent. Of containers that ended, some are remembered, the newest.
 */
import type { ContainerEnd, Containerizer, RunningContainer } from './containerizer.ts';

/** More that have ended are not remembered: the oldest is forgotten first. */
const endedMax = 1000;

export class ContainerEnds {
  readonly containerizer: Containerizer;
  readonly #ends = new Map<string, Promise<ContainerEnd>>();
  readonly #ended: string[] = [];

  constructor(containerizer: Containerizer) {
    this.containerizer = {
      ...containerizer,
      launch: async (spec) => this.#attend(spec.containerId, await containerizer.launch(spec)),
      recover: async (spec) => {
        const found = await containerizer.recover(spec);
        if (found.kind === 'running') this.#attend(spec.containerId, found.container);
        if (found.kind === 'ended') this.#keep(spec.containerId, found.end);
        return found;
      },
    };
  }

  /** Resolves when it has ended; undefined for one that is not known. */
  wait(containerId: string): Promise<ContainerEnd> | undefined {
    return this.#ends.get(containerId);
  }

  #attend(containerId: string, container: RunningContainer): RunningContainer {
    this.#ends.set(containerId, container.ended);
    void container.ended.then((end) => this.#keep(containerId, end));
    return container;
  }

  #keep(containerId: string, end: ContainerEnd): void {
    this.#ends.set(containerId, Promise.resolve(end));
    this.#ended.push(containerId);
    const oldest = this.#ended.length > endedMax ? this.#ended.shift() : undefined;
    if (oldest !== undefined) this.#ends.delete(oldest);
  }
}
