/**
 * Reading messages from the v1 JSON dialect (contract 1.6), driven by the descriptors and straight
 * from the text: no tree of values in between.
 *
 * Lenient as Mesos is: unknown keys are skipped, `null` is unset, numbers and booleans may be
 * strings, one value may stand for a list of one, an unknown enum name in an optional field is
 * dropped. Of a key that comes twice the last one counts. Texts of refusals are Mesos's own.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { FieldDescriptor, ScalarType } from '#proto/descriptor.ts';
import { isNumeric, numberFor } from './json-number.ts';
import {
  type JsonKind,
  type Scan,
  acceptsKey,
  checkSyntax,
  expectEnd,
  hasFirstItem,
  hasFirstMember,
  hasNextItem,
  hasNextMember,
  kindAhead,
  readKey,
  readNumber,
  readText,
  readWord,
  scanOf,
  shownMax,
  skipValue,
} from './json-scan.ts';
import { type Plain, enumNamed, messageNamed, setKey } from './schema.ts';
import { tooManyItems, WireError } from './wire-error.ts';

/**
 * Well-formed JSON that does not fit the message. The text may still be ill-formed further on, which
 * would be the graver error, so this is not the last word.
 */
export class Mismatch extends Error {}

/** More than whoever asked for it wants to read: the rest is not looked at. */
export class Excess extends Error {}

/** Consumes one value; undefined means unset. */
type ReadValue = (scan: Scan) => unknown;

/**
 * Which field came next the last time. Whoever writes JSON writes its keys in the same order each
 * time, and to see that a key is the expected one is cheaper than to read it and look it up.
 */
type Guess = { next: FieldReader | undefined };

type FieldReader = Guess & {
  readonly name: string;
  /** `"name":` */
  readonly quoted: string;
  /** Members of the same oneof, which this one replaces. */
  readonly rivals: readonly string[];
  readonly read: ReadValue;
};

export type MessageReader = Guess & {
  readonly byName: Map<string, FieldReader>;
  readonly required: string[];
};

const readers = new Map<string, MessageReader>();

export function readerOf(name: string): MessageReader {
  const known = readers.get(name);
  if (known !== undefined) return known;
  const reader: MessageReader = { byName: new Map(), required: [], next: undefined };
  readers.set(name, reader);
  const { fields } = messageNamed(name);
  for (const field of fields) {
    if (field.label === 'required') reader.required.push(field.name);
    const rivals = fields.filter(
      (each) => each !== field && field.oneof !== undefined && each.oneof === field.oneof,
    );
    reader.byName.set(field.name, {
      name: field.name,
      quoted: `"${field.name}":`,
      next: undefined,
      rivals: rivals.map((each) => each.name),
      read: fieldReader(field),
    });
  }
  return reader;
}

export function readMessage(reader: MessageReader, scan: Scan): Plain {
  const message: Plain = {};
  let before: Guess = reader;
  for (let more = hasFirstMember(scan); more; more = hasNextMember(scan)) {
    let field = before.next;
    if (field === undefined || !acceptsKey(scan, field.quoted)) {
      field = reader.byName.get(readKey(scan));
    }
    if (field === undefined) skipValue(scan);
    else {
      setField(message, field, field.read(scan));
      before.next = field;
      before = field;
    }
  }
  for (const name of reader.required) {
    if (message[name] === undefined) scan.incomplete = true;
  }
  return message;
}

function setField(message: Plain, { name, rivals }: FieldReader, value: unknown): void {
  if (value === undefined) {
    delete message[name];
    return;
  }
  for (const rival of rivals) delete message[rival];
  message[name] = value;
}

function fieldReader(field: FieldDescriptor): ReadValue {
  const read = valueReader(field);
  switch (field.label) {
    case 'repeated':
      return (scan) => readList(scan, read);
    case 'map':
      return (scan) => readMap(field, scan, read);
    case 'required':
    case 'optional':
      return read;
    default:
      return unreachable(field.label);
  }
}

function readList(scan: Scan, read: ReadValue): unknown {
  const items: unknown[] = [];
  readItems(scan, read, items);
  return items.length > 0 ? items : undefined;
}

/** Lists in a list are taken for one list, and a value that is not a list for a list of one. */
function readItems(scan: Scan, read: ReadValue, items: unknown[]): void {
  if (kindAhead(scan) === 'array') {
    for (let more = hasFirstItem(scan); more; more = hasNextItem(scan)) {
      readItems(scan, read, items);
    }
    return;
  }
  countItem(scan);
  const item = read(scan);
  if (item !== undefined) items.push(item);
}

function countItem(scan: Scan): void {
  if (--scan.itemsLeft < 0) throw new Excess(tooManyItems);
}

function readMap(field: FieldDescriptor, scan: Scan, read: ReadValue): unknown {
  const kind = kindAhead(scan);
  if (kind === 'null') return readNull(scan);
  if (kind !== 'object') throw unexpected(kind, field);
  const map: Plain = {};
  for (let more = hasFirstMember(scan); more; more = hasNextMember(scan)) {
    countItem(scan);
    const key = readKey(scan);
    const item = read(scan);
    if (item !== undefined) setKey(map, key, item);
  }
  return Object.keys(map).length > 0 ? map : undefined;
}

function readNull(scan: Scan): undefined {
  readWord(scan, 'null');
  return undefined;
}

function unexpected(kind: JsonKind, { name }: FieldDescriptor): Mismatch {
  const noun = kind === 'true' || kind === 'false' ? 'boolean' : kind;
  return new Mismatch(`Not expecting a JSON ${noun} for field '${name}'`);
}

function valueReader(field: FieldDescriptor): ReadValue {
  switch (field.kind) {
    case 'message':
      return nestedReader(field);
    case 'enum':
      return enumReader(field);
    case 'scalar':
      return scalarReader(field, field.type);
    default:
      return unreachable(field);
  }
}

function nestedReader(field: FieldDescriptor): ReadValue {
  const reader = readerOf(field.type);
  return (scan) => {
    const kind = kindAhead(scan);
    if (kind === 'object') return readMessage(reader, scan);
    if (kind === 'null') return readNull(scan);
    throw unexpected(kind, field);
  };
}

function enumReader(field: FieldDescriptor): ReadValue {
  const names = new Set(Object.keys(enumNamed(field.type).values));
  return (scan) => {
    const kind = kindAhead(scan);
    if (kind === 'null') return readNull(scan);
    if (kind !== 'string') throw unexpected(kind, field);
    const name = readText(scan);
    if (names.has(name)) return name;
    if (field.label === 'required') throw new Mismatch(`Failed to find enum for '${name}'`);
    return undefined;
  };
}

function scalarReader(field: FieldDescriptor, type: ScalarType): ReadValue {
  if (isNumeric(type)) return numberReader(field, type);
  return (scan) => {
    const kind = kindAhead(scan);
    if (kind === 'null') return readNull(scan);
    if (type === 'bool') return readBool(field, scan, kind);
    if (kind !== 'string') throw unexpected(kind, field);
    const text = readText(scan);
    return type === 'bytes' ? bytesOf(field, text) : text;
  };
}

function readBool(field: FieldDescriptor, scan: Scan, kind: JsonKind): boolean {
  if (kind === 'true' || kind === 'false') {
    readWord(scan, kind);
    return kind === 'true';
  }
  if (kind !== 'string') throw unexpected(kind, field);
  const text = readText(scan);
  const word = text.trim();
  if (word === 'true' || word === 'false') return word === 'true';
  throw unparsable(text, 'boolean', field);
}

/** Base64 in the standard alphabet, with or without its padding. */
function bytesOf(field: FieldDescriptor, text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw new Mismatch(`Failed to base64 decode bytes field '${field.name}'`);
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function numberReader(field: FieldDescriptor, type: ScalarType): ReadValue {
  return (scan) => {
    const kind = kindAhead(scan);
    if (kind === 'number') return convert(field, type, readNumber(scan));
    if (kind === 'null') return readNull(scan);
    if (kind !== 'string') throw unexpected(kind, field);
    const text = readText(scan);
    if (type === 'double' && /^(?:-?Infinity|NaN)$/.test(text)) return Number(text);
    return convert(field, type, tokenOf(field, text));
  };
}

/** The number that a string holds: nothing else may be in it. */
function tokenOf(field: FieldDescriptor, text: string): string {
  const scan = scanOf(text);
  try {
    if (kindAhead(scan) === 'number') {
      const token = readNumber(scan);
      expectEnd(scan);
      return token;
    }
    checkSyntax(text);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw unparsable(text, 'number', field, error.message);
  }
  throw unparsable(text, 'number', field);
}

function unparsable(
  text: string,
  noun: 'number' | 'boolean',
  { name }: FieldDescriptor,
  reason = 'Unexpected JSON type parsed',
): Mismatch {
  const shown = text.slice(0, shownMax);
  return new Mismatch(
    `Failed to parse '${shown}' as a JSON ${noun} for field '${name}': ${reason}`,
  );
}

function convert(field: FieldDescriptor, type: ScalarType, token: string): number | bigint {
  const value = numberFor(type, token);
  if (value !== undefined) return value;
  throw new Mismatch(`The number ${token} is out of range for field '${field.name}'`);
}
