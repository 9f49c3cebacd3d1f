/**
 * JSON of the older endpoints, which follow no message: their keys, their order and the spelling of
 * their numbers are fixed one by one (contract 13.4). Whole numbers are integers (`"port":5051`);
 * what the clients know as a double always has a point (`"cpus":16.0`) and is made by `double`.
 */
import { jsonDouble } from '#internal/wire/json-literal.ts';

export type Json =
  | string
  | number
  | boolean
  | Written
  | readonly Json[]
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
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value);
