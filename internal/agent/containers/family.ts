/** Which posix containers live, who is nested in whom, and where those lie that others may join. */
import type { User } from '#internal/runtime/processes.ts';
import type { ContainerSpec } from '../containerizer.ts';

export type Member = {
  readonly spec: ContainerSpec;
  readonly sandboxFolder: string;
  readonly user: User | undefined;
};

export class Family {
  readonly #living = new Map<string, Member>();
  /** Of those that have ended and were not released. */
  readonly #ended = new Set<string>();

  living(containerId: string): Member | undefined {
    return this.#living.get(containerId);
  }

  hasEnded(containerId: string): boolean {
    return this.#ended.has(containerId);
  }

  /** False when its parent has ended: then it must not go on. */
  add(member: Member): boolean {
    const { containerId, parentId } = member.spec;
    this.#living.set(containerId, member);
    return parentId === undefined || !this.#ended.has(parentId);
  }

  /** Those that end with it. */
  end(containerId: string): readonly string[] {
    this.#living.delete(containerId);
    this.#ended.add(containerId);
    return [...this.#living.values()]
      .filter(({ spec }) => spec.parentId === containerId)
      .map(({ spec }) => spec.containerId);
  }

  forget(containerId: string): void {
    this.#living.delete(containerId);
    this.#ended.delete(containerId);
  }
}
