/** What an agent in a test makes of its resources when it is told to: as a real one, but for a disk. */
import type { Random } from '#internal/base/random.ts';
import { uuidV4 } from '#internal/base/uuid.ts';
import { convert } from '#internal/resources/conversion.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { conversionFromWire } from '#internal/wire/operation-record.ts';
import { resourcesAsWritten, resourcesToWire } from '#internal/wire/resources.ts';
import type {
  AgentMessage,
  ApplyOperation,
  MasterMessage,
  Reregister,
} from '#proto/gen/altiplano/agent/v1.ts';
import type { OperationState, OperationStatus, Resource } from '#proto/gen/mesos/v1.ts';

type Doors = { readonly random: Random; readonly say: (message: AgentMessage) => void };

type Known = { readonly asked: ApplyOperation; status: OperationStatus | undefined };

export class TestOperations {
  readonly #doors: Doors;
  readonly #known = new Map<string, Known>();
  /** Conversions that were made, in order; its total is what they make of what it has. */
  readonly #made: ApplyOperation[] = [];
  /** Off: it only listens. */
  isAnswering: boolean = true;

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  /** Those that were not acknowledged. */
  get uuids(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** All that an agent with these resources has by now. */
  total(own: readonly Resource[] | undefined): Resources {
    let total = resourcesAsWritten(own);
    for (const { conversions = [] } of this.#made) {
      const next = convert(total, conversions.map(conversionFromWire));
      if (next.ok) total = next.value;
    }
    return total;
  }

  /** As it says when it comes back. */
  known(own: readonly Resource[] | undefined): Pick<Reregister, 'total' | 'operations'> {
    const operations = [...this.#known].map(([uuid, { status }]) => ({
      uuid,
      state: status?.state ?? 'OPERATION_PENDING',
    }));
    return { total: resourcesToWire(this.total(own), 'new'), operations };
  }

  hear({ registered, apply_operation, acknowledge_operation }: MasterMessage): void {
    if (registered !== undefined) for (const uuid of this.uuids) this.#send(uuid);
    if (apply_operation !== undefined) this.#apply(apply_operation);
    if (acknowledge_operation !== undefined) {
      this.#known.delete(acknowledge_operation.operation_uuid);
    }
  }

  /** Says how an operation went. */
  report(uuid: string, state: OperationState): void {
    const known = this.#known.get(uuid);
    if (known === undefined) return;
    const { id } = known.asked.info;
    known.status = {
      ...(id !== undefined && { operation_id: id }),
      state,
      uuid: { value: uuidV4(this.#doors.random) },
    };
    this.#send(uuid);
  }

  /** It could not do it after all, and says so after saying what it has. */
  fail(uuid: string, introduce: () => void): void {
    const at = this.#made.findIndex((one) => one.uuid === uuid);
    if (at >= 0) this.#made.splice(at, 1);
    const known = this.#known.get(uuid);
    if (known !== undefined) known.status = { state: 'OPERATION_FAILED' };
    introduce();
    this.report(uuid, 'OPERATION_FAILED');
  }

  #apply(asked: ApplyOperation): void {
    const { uuid } = asked;
    if (this.#known.has(uuid)) return this.#send(uuid);
    this.#known.set(uuid, { asked, status: undefined });
    this.#made.push(asked);
    if (this.isAnswering) this.report(uuid, 'OPERATION_FINISHED');
    return undefined;
  }

  #send(uuid: string): void {
    const status = this.#known.get(uuid)?.status;
    if (status === undefined) return;
    this.#doors.say({ operation_update: { operation_uuid: uuid, status } });
  }
}
