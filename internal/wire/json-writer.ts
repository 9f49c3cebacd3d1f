/**
 * Writing messages in the v1 JSON dialect (contract 1.5), driven by the descriptors: keys as in the
 * proto and in its order, unset fields with a default written with it unless deprecated, empty lists
 * left out but for those of `alwaysWritten`.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { FieldDescriptor, ScalarType } from '#proto/descriptor.ts';
import { jsonBytes, jsonDouble, jsonInteger, jsonString } from './json-literal.ts';
import { type Plain, enumNamed, isList, isPlain, messageNamed } from './schema.ts';
import { WireError } from './wire-error.ts';

/**
 * Lists that Mesos writes even when they are empty: these replies are built by hand there, not by
 * its generic writer, and clients have come to count on the keys.
 */
const alwaysWritten: ReadonlyMap<string, readonly string[]> = new Map([
  ['mesos.v1.master.Response.GetAgents', ['agents', 'recovered_agents']],
  ['mesos.v1.master.Response.GetFrameworks', ['frameworks', 'completed_frameworks']],
  ['mesos.v1.master.Response.GetExecutors', ['executors']],
  ['mesos.v1.master.Response.GetTasks', ['tasks', 'unreachable_tasks', 'completed_tasks']],
  [
    'mesos.v1.agent.Response.GetTasks',
    ['pending_tasks', 'queued_tasks', 'launched_tasks', 'terminated_tasks', 'completed_tasks'],
  ],
  ['mesos.v1.agent.Response.GetFrameworks', ['frameworks', 'completed_frameworks']],
  ['mesos.v1.agent.Response.GetExecutors', ['executors', 'completed_executors']],
]);

type WriteValue = (value: unknown) => string;

type FieldWriter = {
  readonly name: string;
  readonly required: boolean;
  /** `"name":`, behind the brace or behind a comma. */
  readonly first: string;
  readonly next: string;
  /** What stands for the value when the field is unset or empty: '' for nothing. */
  readonly absent: string;
  /** '' for a list or map without items. */
  readonly write: WriteValue;
};

export type MessageWriter = readonly FieldWriter[];

const writers = new Map<string, FieldWriter[]>();

export function writerOf(name: string): MessageWriter {
  const known = writers.get(name);
  if (known !== undefined) return known;
  const writer: FieldWriter[] = [];
  writers.set(name, writer);
  const always = alwaysWritten.get(name) ?? [];
  for (const field of messageNamed(name).fields) {
    writer.push({
      name: field.name,
      required: field.label === 'required',
      first: `{"${field.name}":`,
      next: `,"${field.name}":`,
      absent: always.includes(field.name) ? '[]' : defaultText(field),
      write: fieldWriter(field),
    });
  }
  return writer;
}

/** Thrown within: a required field is unset; the caller finds out which. */
export class Incomplete extends Error {}

export function writeMessage(writer: MessageWriter, message: Plain): string {
  let text = '';
  for (const field of writer) {
    const value = message[field.name];
    let part = field.absent;
    if (value !== undefined) part = field.write(value) || part;
    else if (field.required) throw new Incomplete();
    if (part !== '') text += (text === '' ? field.first : field.next) + part;
  }
  return text === '' ? '{}' : `${text}}`;
}

function defaultText(field: FieldDescriptor): string {
  if (field.default === undefined || field.deprecated === true) return '';
  return valueWriter(field)(field.default);
}

function fieldWriter(field: FieldDescriptor): WriteValue {
  const write = valueWriter(field);
  switch (field.label) {
    case 'repeated':
      return (value) => writeList(field, value, write);
    case 'map':
      return (value) => writeMap(field, value, write);
    case 'required':
    case 'optional':
      return write;
    default:
      return unreachable(field.label);
  }
}

function writeList(field: FieldDescriptor, value: unknown, write: WriteValue): string {
  if (!isList(value)) throw mistyped('a list', value, field.name);
  const kept = keptTexts.get(value);
  if (kept?.text !== undefined) return kept.text;
  let text = '';
  for (const item of value) text += (text === '' ? '[' : ',') + write(item);
  if (text !== '') text += ']';
  if (kept !== undefined) kept.text = text;
  return text;
}

/** What became of lists that are written again and again, for as long as somebody has the list. */
const keptTexts = new WeakMap<object, { text: string | undefined }>();

/** From now on the list is written once and its text kept: it must not change. */
export function keepText<List extends readonly object[]>(list: List): List {
  if (!keptTexts.has(list)) keptTexts.set(list, { text: undefined });
  return list;
}

function writeMap(field: FieldDescriptor, value: unknown, write: WriteValue): string {
  if (!isPlain(value)) throw mistyped('a map', value, field.name);
  let text = '';
  for (const key of Object.keys(value)) {
    text += `${text === '' ? '{' : ','}${jsonString(key)}:${write(value[key])}`;
  }
  return text === '' ? '' : `${text}}`;
}

function valueWriter(field: FieldDescriptor): WriteValue {
  switch (field.kind) {
    case 'scalar':
      return scalarWriter(field.type, field.name);
    case 'enum':
      return enumWriter(field.type, field.name);
    case 'message':
      return nestedWriter(field.type, field.name);
    default:
      return unreachable(field);
  }
}

function enumWriter(type: string, field: string): WriteValue {
  const texts = new Map(Object.keys(enumNamed(type).values).map((name) => [name, `"${name}"`]));
  return (value) => {
    const text = typeof value === 'string' ? texts.get(value) : undefined;
    if (text === undefined) throw mistyped(type, value, field);
    return text;
  };
}

function nestedWriter(type: string, field: string): WriteValue {
  const writer = writerOf(type);
  return (value) => {
    if (!isPlain(value)) throw mistyped(type, value, field);
    return writeMessage(writer, value);
  };
}

function scalarWriter(type: ScalarType, field: string): WriteValue {
  switch (type) {
    case 'string':
      return (value) =>
        typeof value === 'string' ? jsonString(value) : refuse(type, value, field);
    case 'bytes':
      return (value) =>
        value instanceof Uint8Array ? jsonBytes(value) : refuse(type, value, field);
    case 'bool':
      return (value) => (typeof value === 'boolean' ? String(value) : refuse(type, value, field));
    case 'double':
      return (value) =>
        typeof value === 'number' ? jsonDouble(value) : refuse(type, value, field);
    case 'int32':
    case 'uint32':
      return (value) =>
        Number.isInteger(value) ? jsonInteger(Number(value)) : refuse(type, value, field);
    case 'int64':
    case 'uint64':
      return (value) =>
        typeof value === 'bigint' ? jsonInteger(value) : refuse(type, value, field);
    default:
      return unreachable(type);
  }
}

function refuse(expected: string, value: unknown, field: string): never {
  throw mistyped(expected, value, field);
}

function mistyped(expected: string, value: unknown, field: string): WireError {
  return new WireError('json', `Not ${expected} in field '${field}': ${String(value)}`);
}
