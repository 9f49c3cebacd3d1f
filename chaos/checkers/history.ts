/**
 * What clients of a register per key asked for and were told, in plain records, for the checker of
 * linearizability. Moments are places in one sequence over all clients: two are never the same, and
 * an operation that returned at a smaller one than another's call was over before it.
 */
import { assert } from '#internal/base/assert.ts';

export type Operation = {
  readonly client: number;
  readonly key: number;
  readonly kind: 'put' | 'get';
  /** What was put; what a get came back with. Undefined: nothing under that key, or not known. */
  readonly value: number | undefined;
  readonly invokedAt: number;
  /** Undefined: nobody knows how it went. It may take effect at any later moment, or never. */
  readonly returnedAt: number | undefined;
};

type Call = Pick<Operation, 'client' | 'key' | 'kind' | 'value'>;

/** Writes operations down as they are called and answered. */
export class History {
  readonly #operations = new Map<number, Operation>();
  #moment = 0;

  /** In the order of their calls. */
  get operations(): readonly Operation[] {
    return [...this.#operations.values()];
  }

  get length(): number {
    return this.#operations.size;
  }

  /** The ticket to answer it with. A ticket that is never answered is an unknown outcome. */
  put(client: number, key: number, value: number): number {
    return this.#call({ client, key, kind: 'put', value });
  }

  get(client: number, key: number): number {
    return this.#call({ client, key, kind: 'get', value: undefined });
  }

  /** The put was acknowledged; or the get came back with `value`, undefined if the key had none. */
  returned(ticket: number, value?: number): void {
    const call = this.#operations.get(ticket);
    assert(call !== undefined && call.returnedAt === undefined, `no call waits under ${ticket}`);
    const told = call.kind === 'get' ? value : call.value;
    this.#operations.set(ticket, { ...call, value: told, returnedAt: this.#next() });
  }

  /** The operation was refused by somebody who knows that it never will take effect. */
  refused(ticket: number): void {
    this.#operations.delete(ticket);
  }

  #call(call: Call): number {
    const invokedAt = this.#next();
    this.#operations.set(invokedAt, { ...call, invokedAt, returnedAt: undefined });
    return invokedAt;
  }

  #next(): number {
    this.#moment += 1;
    return this.#moment;
  }
}
