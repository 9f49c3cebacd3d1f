/**
 * JSON of the older endpoints, which follow no message: their keys, their order and the spelling of
 * their numbers are fixed one by one (contract 13.4). Whole numbers are integers (`"port":5051`);
 * what the clients know as a double always has a point (`"cpus":16.0`) and is made by `double`.
 */
import { jsonDouble } from '#internal/wire/json-literal.ts';
import { Each } from '#internal/wire/streamed.ts';

export type Json =
  | string
  | number
  | boolean
  | Written
  | readonly Json[]
  /** A list that is made while it is written. */
  | Each<Json>
  | { readonly [key: string]: Json | undefined };

/** JSON text made elsewhere: put in as it is. */
export class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const double = (value: number): Written => new Written(jsonDouble(value));

/** Keys whose value is undefined are left out. */
export function writeJson(value: Json): string {
  if (value instanceof Written) return value.text;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Each) return writeJson([...value]);
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** The same text in parts, with a part of its own for each item of the lists that are to be made. */
export function* jsonParts(value: Json): Generator<string, void> {
  if (value instanceof Each) {
    let before = '[';
    for (const item of value) {
      yield before;
      yield* jsonParts(item);
      before = ',';
    }
    yield before === '[' ? '[]' : ']';
  } else if (!isToBeMade(value)) yield writeJson(value);
  else {
    let before = '{';
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${before}${JSON.stringify(key)}:`;
      yield* jsonParts(member);
      before = ',';
    }
    yield '}';
  }
}

/** An object with a list in it, at any depth of objects, that is still to be made. */
function isToBeMade(
  value: Json | undefined,
): value is { readonly [key: string]: Json | undefined } {
  if (typeof value !== 'object' || value instanceof Written || isList(value)) return false;
  return (
    !(value instanceof Each) &&
    Object.values(value).some((member) => member instanceof Each || isToBeMade(member))
  );
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value);
