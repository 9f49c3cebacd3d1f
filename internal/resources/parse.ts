/**
 * The flag syntax of resources: `cpus:4;mem:1024;cpus(db):2;ports:[31000-32000];racks:{a,b}`. A name
 * in front of parentheses is reserved statically to the role inside (`*`: to nobody).
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { parseRole } from './role.ts';
import { anyRole } from './reservation.ts';
import type { Range, Resource, Resources, Value } from './resource.ts';
import { resources } from './resources.ts';
import { ranges, scalar, set } from './value.ts';

/** The resources that `text` describes, unallocated; or what is wrong with which part of it. */
export function parseResources(text: string): Result<Resources, string> {
  const list: Resource[] = [];
  for (const part of text.split(/[;\n]/u)) {
    if (part.trim() === '') continue;
    const one = parseResource(part.trim());
    if (!one.ok) return refuse(`Cannot read resource '${part.trim()}': ${one.refusal}`);
    const other = list.find(({ name }) => name === one.value.name);
    if (other !== undefined && other.value.kind !== one.value.value.kind) {
      return refuse(`Resource '${one.value.name}' is given as ${other.value.kind} and otherwise`);
    }
    list.push(one.value);
  }
  return accept(resources(list));
}

const shape = /^(?<name>[^():]+?)\s*(?:\((?<role>[^()]*)\))?\s*:\s*(?<amount>.+)$/su;

function parseResource(text: string): Result<Resource, string> {
  const { name, role, amount } = shape.exec(text)?.groups ?? {};
  if (name === undefined || amount === undefined) return refuse("expected 'name:value'");
  const value = parseValue(amount.trim());
  if (!value.ok) return value;
  const reservedTo = parseRole((role ?? anyRole).trim());
  if (!reservedTo.ok) return reservedTo;
  const isFree = reservedTo.value === anyRole;
  const reservation = {
    kind: 'static',
    role: reservedTo.value,
    principal: undefined,
    labels: undefined,
  } as const;
  return accept({
    name,
    value: value.value,
    reservations: isFree ? [] : [reservation],
    allocationRole: undefined,
    disk: undefined,
    providerId: undefined,
    revocable: false,
    shared: false,
  });
}

const milliMax = Number.MAX_SAFE_INTEGER;

function parseValue(text: string): Result<Value, string> {
  if (text.startsWith('[')) return parseRanges(text);
  if (text.startsWith('{')) {
    if (!text.endsWith('}')) return refuse("a set ends with '}'");
    const items = text
      .slice(1, -1)
      .split(',')
      .map((item) => item.trim());
    if (items.includes('')) return refuse('an item of a set is empty');
    if (new Set(items).size !== items.length) return refuse('an item is in the set twice');
    return accept(set(items));
  }
  if (!/^\d+(?:\.\d+)?$/u.test(text)) return refuse(`'${text}' is not a number, ranges or a set`);
  const amount = Number(text);
  return amount * 1000 > milliMax ? refuse(`${text} is too much`) : accept(scalar(amount));
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
