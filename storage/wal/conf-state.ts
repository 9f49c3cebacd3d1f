/** A configuration in bytes: four lists of ids, each after its length, and how a joint one ends. */
import { brand } from '#internal/base/brand.ts';
import type { ConfState, NodeId } from '#raft/core/types.ts';
import { putUint64, uint64At, viewOf } from './bytes.ts';

export function confToBytes(conf: ConfState): Uint8Array {
  const lists = [conf.voters, conf.outgoing, conf.learners, conf.learnersNext];
  return bytesFromNumbers([
    conf.autoLeave ? 1 : 0,
    ...lists.flatMap((list) => [list.length, ...list]),
  ]);
}

/** Undefined when the bytes are no configuration. */
export function parseConf(bytes: Uint8Array): ConfState | undefined {
  const numbers = numbersFromBytes(bytes);
  if (numbers.length < 5 || bytes.length % 8 !== 0) return undefined;
  let next = 1;
  const list = (): readonly NodeId[] => {
    const start = next + 1;
    next = start + (numbers[next] ?? 0);
    return numbers.slice(start, next);
  };
  const conf = { voters: list(), outgoing: list(), learners: list(), learnersNext: list() };
  if (next !== numbers.length) return undefined;
  return { ...conf, autoLeave: numbers[0] === brand<NodeId>(1) };
}

export function bytesFromNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 8);
  const view = viewOf(bytes);
  for (const [position, value] of numbers.entries()) putUint64(view, position * 8, value);
  return bytes;
}

export function numbersFromBytes(bytes: Uint8Array): NodeId[] {
  const numbers: NodeId[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) numbers.push(brand(uint64At(bytes, at)));
  return numbers;
}
