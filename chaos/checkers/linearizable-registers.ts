/** Registers, one a key: a get returns what was put last. The model that client histories are held to. */
import type { Operation } from './history.ts';
import { judge, type Model, type SearchOptions, type Verdict } from './linearizability.ts';

const registers: Model<number | undefined, Operation> = {
  initial: undefined,
  step(state, { kind, value }) {
    if (kind === 'put') return { state: value };
    return state === value ? { state } : undefined;
  },
  keyOf: (state) => `${state}`,
  partOf: ({ key }) => key,
};

export function judgeRegisters(
  operations: readonly Operation[],
  options: SearchOptions,
): Verdict<Operation> {
  return judge(withoutIdle(operations), registers, options);
}

/** For people: what was stuck. */
export const wordsOf = ({ client, key, kind, value, invokedAt, returnedAt }: Operation): string =>
  `client ${client}: ${kind} of key ${key}, ${value ?? 'nothing'}, ${invokedAt} to ${returnedAt ?? 'infinity'}`;

/**
 * Without what the verdict cannot depend on: gets that never returned; and puts of unknown outcome
 * whose value nobody read, because an order with such a put in it is an order without it as well.
 * Each of them would double the search.
 */
function withoutIdle(operations: readonly Operation[]): readonly Operation[] {
  const read = new Set<string>();
  for (const { kind, key, value, returnedAt } of operations) {
    if (kind === 'get' && returnedAt !== undefined) read.add(`${key} ${value}`);
  }
  return operations.filter(
    ({ kind, key, value, returnedAt }) =>
      returnedAt !== undefined || (kind === 'put' && read.has(`${key} ${value}`)),
  );
}
