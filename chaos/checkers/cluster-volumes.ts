/**
 * Persistent volumes, seen on the disks of machines and in the log, whoever the machine's agent is:
 *
 * - bytes: what an agent once said it had stays where it lies, with its manifest, until the log holds a
 *   DESTROY of it: also when the agent has forgotten it, and when the one after it never knew it;
 * - one holder: the log never gives a volume to two agents;
 * - the same: its role, reservations and id are for ever what they were, and its epoch never falls.
 *
 * The manifests are read here by hand: the code of agents has no part in it.
 */
import type { Operation } from '#internal/model/operation.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import type { State } from '#internal/state/state.ts';
import { Violation } from './violation.ts';

/** What lies at the place of a volume. */
export type OnDisk = {
  /** The very folder: another one with the same name is not the same. */
  readonly data: object | undefined;
  /** The text of the manifest. */
  readonly manifest: string | undefined;
};

type Written = {
  readonly origin: string;
  readonly epoch: number;
  readonly reservations: string;
};

type Kept = Written & { readonly data: object };

export class VolumeLaws {
  /** By machine and place. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  /** Origins whose end the log has decided. */
  readonly #doomed = new Set<string>();
  /** By origin, as the log had it first. */
  readonly #reservations = new Map<string, string>();
  /** Volumes that were looked at on a disk. */
  looked = 0;
  /** Adoptions that the log holds. */
  adopted = 0;

  /** An agent on `machine` says that the volume at `place` is there. */
  claimed(machine: string, place: string, { data, manifest }: OnDisk): void {
    const written = manifest === undefined ? undefined : read(manifest);
    if (data === undefined || written === undefined) {
      throw new Violation('volume-bytes', `${machine} says it has ${place}, which is not there`);
    }
    if (this.#doomed.has(written.origin)) return;
    const kept = this.#kept.get(machine) ?? new Map<string, Kept>();
    this.#kept.set(machine, kept.set(place, { ...written, data }));
  }

  /** Whatever is to be there on `machine` is there. */
  look(machine: string, at: (place: string) => OnDisk): void {
    const kept = this.#kept.get(machine) ?? new Map<string, Kept>();
    for (const [place, before] of kept) {
      if (this.#doomed.has(before.origin)) {
        kept.delete(place);
        continue;
      }
      this.looked++;
      const { data, manifest } = at(place);
      const written = manifest === undefined ? undefined : read(manifest);
      const what = `the volume ${before.origin} at ${place} of ${machine}`;
      if (data !== before.data) {
        throw new Violation('volume-bytes', `${what} is not there, and nobody destroyed it`);
      }
      if (written?.origin !== before.origin) {
        throw new Violation('volume-bytes', `${what} has lost its manifest: ${manifest ?? ''}`);
      }
      if (written.reservations !== before.reservations || written.epoch < before.epoch) {
        throw new Violation(
          'volume-same',
          `${what} was ${shown(before)}, and is ${shown(written)}`,
        );
      }
      kept.set(place, { ...written, data });
    }
  }

  /** The log holds an operation. */
  operationApplied({ agentId, adopts }: Operation, before: State, after: State): void {
    if (adopts !== undefined && after.volumeHolders.get(adopts.origin) === agentId) {
      notHeldBy(before, adopts.origin, agentId);
      this.adopted++;
      this.#doomed.delete(adopts.origin);
    }
    const machine = after.agents.get(agentId)?.hostname;
    const names = new Set(
      (after.agents.get(agentId)?.total ?? []).filter(isVolume).map(volumeName),
    );
    for (const one of before.agents.get(agentId)?.total.filter(isVolume) ?? []) {
      const name = volumeName(one);
      if (names.has(name)) continue;
      const origin = before.volumes.get(agentId)?.get(name)?.found.origin;
      if (origin !== undefined) this.#doomed.add(origin);
      const place = `${one.reservations.at(-1)?.role ?? ''}/${one.disk?.persistence?.id ?? ''}`;
      const kept = this.#kept.get(machine ?? '')?.get(place);
      if (kept !== undefined) this.#doomed.add(kept.origin);
    }
  }

  /** What the log knows of volumes has changed. */
  booksChanged({ volumes }: State): void {
    const holders = new Map<string, string>();
    for (const [agentId, records] of volumes) {
      for (const { found, isStale } of records.values()) {
        const { origin, volume } = found;
        const other = holders.get(origin);
        if (!isStale && other !== undefined) {
          throw new Violation('one-holder', `${agentId} and ${other} both have ${origin}`);
        }
        if (!isStale) holders.set(origin, agentId);
        const text = JSON.stringify([volume.reservations, volume.disk?.persistence]);
        const first = this.#reservations.get(origin) ?? text;
        this.#reservations.set(origin, first);
        if (first === text) continue;
        throw new Violation('volume-same', `${origin} was ${first}, and is ${text}`);
      }
    }
  }
}

/** Whoever has it is in the books: it may run tasks on the volume, though it is out of reach. */
function notHeldBy(before: State, origin: string, agentId: string): void {
  for (const [id, records] of before.volumes) {
    for (const { found, isStale, leftMs } of records.values()) {
      if (found.origin !== origin || isStale || leftMs !== undefined) continue;
      throw new Violation('one-holder', `${agentId} takes ${origin} on, which ${id} has`);
    }
  }
}

const shown = ({ reservations, epoch }: Written): string => `${reservations} in epoch ${epoch}`;

/** Undefined when it is no manifest. */
function read(text: string): Written | undefined {
  try {
    const { origin, epoch, volume } = JSON.parse(text);
    return { origin, epoch: Number(epoch), reservations: JSON.stringify(volume.reservations) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
