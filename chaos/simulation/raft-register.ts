/**
 * The state that the simulated cluster agrees on: a number under each key, and a fingerprint of all
 * that was ever done, so that two states which came about differently never look alike.
 */
import { assert } from '#internal/base/assert.ts';
import type { Put } from '#chaos/checkers/register-oracle.ts';
import type { AppliedEntry, StateMachine, StateSnapshot } from '#raft/node/replicated-log.ts';

/** `fill` changes nothing: it is there to be many. */
export type RegisterCommand =
  | ({ readonly kind: 'put' } & Put)
  | { readonly kind: 'fill'; readonly serial: number };

/** `padding` bytes more than needed, since small and large ones take different ways. */
export function encodeCommand(command: RegisterCommand, padding: number): Uint8Array {
  const words =
    command.kind === 'put' ? `put ${command.key} ${command.value}` : `fill ${command.serial}`;
  return new TextEncoder().encode(`${words} ${'.'.repeat(padding)}`);
}

export function decodeCommand(data: Uint8Array): RegisterCommand {
  const [kind, one, two] = new TextDecoder().decode(data).split(' ');
  if (kind === 'put') return { kind, key: Number(one), value: Number(two) };
  assert(kind === 'fill', 'a command that nobody gave');
  return { kind, serial: Number(one) };
}

type State = { readonly digest: number; readonly values: readonly (readonly [number, number])[] };

export class Register implements StateMachine {
  readonly #values = new Map<number, number>();
  readonly #onPut: (index: number, put: Put) => void;
  #digest = 0;
  #index = 0;

  constructor({ onPut }: { readonly onPut: (index: number, put: Put) => void }) {
    this.#onPut = onPut;
  }

  get digest(): number {
    return this.#digest;
  }

  get(key: number): number | undefined {
    return this.#values.get(key);
  }

  apply(entries: readonly AppliedEntry[]): void {
    for (const { index, data } of entries) {
      this.#index = index;
      for (const byte of data) this.#digest = Math.imul(this.#digest ^ byte, 0x01000193);
      this.#digest = Math.imul(this.#digest ^ index, 0x85ebca6b) ^ (this.#digest >>> 15);
      const command = decodeCommand(data);
      if (command.kind !== 'put') continue;
      this.#values.set(command.key, command.value);
      this.#onPut(index, command);
    }
  }

  appliedIndex(): number {
    return this.#index;
  }

  snapshot(): StateSnapshot {
    const values = [...this.#values].toSorted(([one], [other]) => one - other);
    const state: State = { digest: this.#digest, values };
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    })();
    return { index: this.#index, chunks };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk.slice());
    const { digest, values }: State = JSON.parse(new TextDecoder().decode(Buffer.concat(parts)));
    this.#values.clear();
    for (const [key, value] of values) this.#values.set(key, value);
    this.#digest = digest;
    this.#index = index;
  }
}
