/**
 * The flag syntax of resources: `cpus:4;mem:1024;cpus(db):2;ports:[31000-32000];racks:{a,b}`. A name
 * in front of parentheses is reserved statically to the role inside (`*`: to nobody).
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { formatResource } from './format.ts';
import { anyRole, isDynamicallyReserved, staticallyReserved } from './reservation.ts';
import { parseRole } from './role.ts';
import type { Range, Resource, Resources, Value } from './resource.ts';
import { resources } from './resources.ts';
import { isNothing, ranges, scalar, set } from './value.ts';
import { isVolume } from './volume.ts';

/**
 * The resources that `text` describes, unallocated; or what is wrong with which part of it. What
 * names no role is reserved to the default one.
 */
export function parseResources(
  text: string,
  defaultRole: string = anyRole,
): Result<Resources, string> {
  const list: Resource[] = [];
  for (const part of text.split(/[;\n]/u)) {
    if (part.trim() === '') continue;
    const one = parseResource(part.trim(), defaultRole);
    if (!one.ok) return refuse(`Cannot read resource '${part.trim()}': ${one.refusal}`);
    list.push(one.value);
  }
  return totalOf(list);
}

/** What an agent may be given as its own: nothing that only frameworks and providers make. */
export function totalOf(list: readonly Resource[]): Result<Resources, string> {
  for (const one of list) {
    const fault = agentFault(one);
    if (fault !== undefined) return refuse(`Resource '${formatResource(one)}' ${fault}`);
    const other = list.find(({ name }) => name === one.name);
    if (other !== undefined && other.value.kind !== one.value.kind) {
      return refuse(`Resource '${one.name}' is given as ${other.value.kind} and ${one.value.kind}`);
    }
  }
  const total = resources(list);
  const excess = total.find(({ value }) => value.kind === 'scalar' && value.milli > milliMax);
  if (excess !== undefined) return refuse(`Resource '${excess.name}' adds up to too much`);
  return accept(total);
}

function agentFault(one: Resource): string | undefined {
  if (isDynamicallyReserved(one)) return 'is reserved dynamically: only an operation can do that';
  if (isVolume(one)) return 'is a persistent volume: only an operation can create one';
  if (one.revocable) return 'is revocable: an agent finds out itself what it can lend so';
  if (one.allocationRole !== undefined) return 'is allocated: an agent has nothing to allocate';
  if (one.providerId !== undefined) return 'belongs to a resource provider, which offers it itself';
  const { value } = one;
  if (one.name === 'gpus' && value.kind === 'scalar' && value.milli % 1000 !== 0) {
    return 'is invalid: gpus are whole';
  }
  return undefined;
}

const shape = /^(?<name>[^():]+?)\s*(?:\((?<role>[^()]*)\))?\s*:\s*(?<amount>.+)$/su;

function parseResource(text: string, defaultRole: string): Result<Resource, string> {
  const { name, role, amount } = shape.exec(text)?.groups ?? {};
  if (name === undefined || amount === undefined) {
    return refuse("expected 'name:value' or 'name(role):value'");
  }
  const value = parseValue(amount.trim());
  if (!value.ok) return value;
  const reservedTo = parseRole((role ?? defaultRole).trim());
  if (!reservedTo.ok) return reservedTo;
  const one: Resource = {
    name: name.trim(),
    value: value.value,
    reservations: [],
    allocationRole: undefined,
    disk: undefined,
    providerId: undefined,
    revocable: false,
    shared: false,
  };
  return accept(staticallyReserved(one, reservedTo.value));
}

/** Beyond it thousandths are not exact. */
const milliMax = Number.MAX_SAFE_INTEGER;

function parseValue(text: string): Result<Value, string> {
  if (text.startsWith('[')) return parseRanges(text);
  if (text.startsWith('{')) return parseSet(text);
  if (!/^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu.test(text)) {
    return refuse(`'${text}' is not a number, ranges or a set`);
  }
  const amount = Number(text);
  if (amount * 1000 > milliMax) return refuse(`${text} is too much`);
  const value = scalar(amount);
  return isNothing(value) && amount > 0
    ? refuse(`${text} counts as 0: the smallest amount is 0.001`)
    : accept(value);
}

function parseSet(text: string): Result<Value, string> {
  if (!text.endsWith('}')) return refuse("a set ends with '}'");
  const items = text
    .slice(1, -1)
    .split(',')
    .map((item) => item.trim());
  if (items.includes('')) return refuse('an item of a set is empty');
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  return twice === undefined ? accept(set(items)) : refuse(`'${twice}' is in the set twice`);
}

function parseRanges(text: string): Result<Value, string> {
  if (!text.endsWith(']')) return refuse("ranges end with ']'");
  const list: Range[] = [];
  for (const part of text.slice(1, -1).split(',')) {
    const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/u.exec(part);
    const [begin, end] = [Number(match?.[1]), Number(match?.[2])];
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
      return refuse(`'${part.trim()}' is not a range like 31000-32000`);
    }
    if (begin > end) return refuse(`range ${begin}-${end} runs backwards`);
    if (list.some((other) => begin <= other.end && other.begin <= end)) {
      return refuse(`range ${begin}-${end} overlaps another one`);
    }
    list.push({ begin, end });
  }
  return accept(ranges(list));
}
