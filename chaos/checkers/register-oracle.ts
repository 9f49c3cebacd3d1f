/**
 * What a register for each key holds after each entry of the agreed log, and so what clients may be
 * told: an operation counts once, what is acknowledged is there, and a read returns no state older
 * than any that somebody had when it was asked for.
 *
 * Values are serial numbers, each put once by one client: whoever sees one knows where it came from.
 */
import type { Index } from '#raft/core/types.ts';
import { Violation } from './violation.ts';

export type Put = { readonly key: number; readonly value: number };

export type Reading = {
  readonly key: number;
  /** What was found under the key; undefined: nothing. */
  readonly value: number | undefined;
  /** How far the state was applied that was read. */
  readonly index: Index;
  /** The newest entry that anybody had applied when the read was asked for. */
  readonly floor: Index;
};

type Write = { readonly index: Index; readonly value: number };

export class RegisterOracle {
  /** By value: where it was put. */
  readonly #puts = new Map<number, Index>();
  /** By key, in the order of the log. */
  readonly #writes = new Map<number, Write[]>();

  /** A state machine carried out `put` at `index`; every node's does. */
  performed(index: Index, { key, value }: Put): void {
    const before = this.#puts.get(value);
    if (before === index) return;
    if (before !== undefined) {
      throw new Violation('sessions', `${value} was put twice, at ${before} and at ${index}`);
    }
    this.#puts.set(value, index);
    const writes = this.#writes.get(key) ?? [];
    this.#writes.set(key, writes);
    writes.push({ index, value });
  }

  /** A client was told that its put was carried out at `index`. */
  acknowledged(index: Index, { value }: Put): void {
    const at = this.#puts.get(value);
    if (at === index) return;
    const where = at === undefined ? 'nowhere' : `at ${at}`;
    throw new Violation('sessions', `a client was told of ${value} at ${index}; it is ${where}`);
  }

  read({ floor, index, key, value }: Reading): void {
    if (index < floor) {
      throw new Violation('read', `key ${key} was read at ${index}, but ${floor} was known before`);
    }
    const right = this.#writes.get(key)?.findLast((write) => write.index <= index)?.value;
    if (right === value) return;
    throw new Violation('read', `key ${key} was read as ${value} at ${index}, and was ${right}`);
  }
}
