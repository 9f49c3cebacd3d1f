/**
 * The binary dialect: proto2 messages as bytes, driven by the descriptors.
 *
 * A type's codec is compiled from its descriptor when the type is first used. What was unset stays
 * unset: no default is filled in. Unknown fields are skipped, an unknown enum number is dropped as if
 * its field were absent, packed and unpacked lists are both read and unpacked ones
 * written. Fields are written by ascending
 * number, map entries in their order in the record: equal records have equal bytes.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { FieldDescriptor } from '#proto/descriptor.ts';
import type { Messages } from '#proto/gen/messages.ts';
import {
  countItem,
  type Cursor,
  cursorOver,
  enterLength,
  readTag,
  readUint32,
  skip,
  wireType,
} from './protobuf-reader.ts';
import { scalarCodec } from './protobuf-scalars.ts';
import {
  type Writer,
  newWriter,
  outputOf,
  sizeOf,
  writeBytes,
  writeUint32,
  written,
} from './protobuf-writer.ts';
import {
  type MessageName,
  type Plain,
  depthMax,
  enumNamed,
  isList,
  isPlain,
  messageNamed,
  missingFields,
  setKey,
} from './schema.ts';
import { type ReadLimits, WireError } from './wire-error.ts';

/** Throws a `WireError` for a required field that is unset and for a value of a wrong type. */
export function encode<Name extends MessageName>(name: Name, message: Messages[Name]): Uint8Array {
  return written(encoded(name, message));
}

function encoded<Name extends MessageName>(name: Name, message: Messages[Name]): Writer {
  const writer = newWriter();
  const plain: unknown = message;
  if (!isPlain(plain)) throw new WireError('protobuf', `Not a message: ${String(plain)}`);
  writeMessage(codecOf(name), writer, plain);
  if (writer.incomplete) assertComplete(name, plain);
  return writer;
}

/**
 * The same for bytes that are sent or stored and then forgotten: they may lie in a larger buffer, which
 * they keep alive.
 */
export function encodeBriefly<Name extends MessageName>(
  name: Name,
  message: Messages[Name],
): Uint8Array {
  return outputOf(encoded(name, message));
}

/**
 * For a message that is written again and again, or was read from bytes: where it is a part of another
 * one, these bytes are written for it. They must be its own, and it must not change any more.
 */
export function keepBytes<Message extends object>(message: Message, bytes: Uint8Array): Message {
  kept.set(message, bytes);
  return message;
}

const kept = new WeakMap<object, Uint8Array>();

/** One field of a message as `encode` writes it, tags and all: a list's every item. Throws as that does. */
export function encodeField(name: string, field: FieldDescriptor, value: unknown): Uint8Array {
  const writer = newWriter();
  codecOf(name).byNumber[field.number]?.write(writer, value);
  if (writer.incomplete) {
    throw new WireError('protobuf', `Missing required fields in ${name}.${field.name}`);
  }
  return written(writer);
}

/** Throws a `WireError` for bytes that are not a whole message of this type, and nothing else. */
export function decode<Name extends MessageName>(
  name: Name,
  bytes: Uint8Array,
  limits?: ReadLimits,
): Messages[Name] {
  const cursor = cursorOver(bytes, limits);
  const message = readMessage(codecOf(name), cursor, {});
  if (cursor.incomplete) assertComplete(name, message);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the descriptor vouches for it.
  return message as unknown as Messages[Name];
}

/** Called on suspicion: a first part of a split message may lack what a later part brought. */
function assertComplete(name: string, message: Plain): void {
  const missing = missingFields(name, message);
  if (missing.length === 0) return;
  throw new WireError('protobuf', `Missing required fields: ${missing.join(', ')}`);
}

type FieldCodec = {
  readonly name: string;
  readonly required: boolean;
  /** Writes value and tag, once or for each item. */
  readonly write: (writer: Writer, value: unknown) => void;
  /** Reads one value into `message`, or steps over it when it is of another wire type. */
  readonly read: (cursor: Cursor, tag: number, message: Plain) => void;
};

type MessageCodec = {
  /** By descending number, since writing goes backwards. */
  readonly fields: FieldCodec[];
  readonly byNumber: (FieldCodec | undefined)[];
  readonly required: string[];
};

const codecs = new Map<string, MessageCodec>();

function codecOf(name: string): MessageCodec {
  const known = codecs.get(name);
  if (known !== undefined) return known;
  const codec: MessageCodec = { fields: [], byNumber: [], required: [] };
  // Known before its fields are: a message may contain itself (ContainerID.parent).
  codecs.set(name, codec);
  const { fields } = messageNamed(name);
  for (const field of fields.toSorted((one, other) => other.number - one.number)) {
    const compiled = compile(field, fields);
    codec.fields.push(compiled);
    codec.byNumber[field.number] = compiled;
    if (compiled.required) codec.required.push(field.name);
  }
  return codec;
}

function writeMessage(codec: MessageCodec, writer: Writer, message: Plain): void {
  for (const field of codec.fields) {
    const value = message[field.name];
    if (value !== undefined) field.write(writer, value);
    else if (field.required) writer.incomplete = true;
  }
}

function readMessage(codec: MessageCodec, cursor: Cursor, message: Plain): Plain {
  while (cursor.at < cursor.end) {
    const tag = readTag(cursor);
    const field = codec.byNumber[tag >>> 3];
    if (field === undefined) skip(cursor, tag, depthMax - cursor.depth);
    else field.read(cursor, tag, message);
  }
  for (const name of codec.required) {
    if (message[name] === undefined) cursor.incomplete = true;
  }
  return message;
}

/** One value without its tag. `read` gives undefined for what is to be dropped. */
type ValueCodec = {
  readonly wireType: number;
  readonly read: (cursor: Cursor, before: unknown) => unknown;
  readonly write: (writer: Writer, value: unknown) => void;
};

function valueCodec(field: FieldDescriptor): ValueCodec {
  switch (field.kind) {
    case 'scalar':
      return scalarCodec(field.type);
    case 'enum':
      return enumCodec(field.type);
    case 'message':
      return nestedCodec(field.type);
    default:
      return unreachable(field);
  }
}

function enumCodec(type: string): ValueCodec {
  const { values } = enumNamed(type);
  const numbers = new Map(Object.entries(values));
  const names = new Map(Object.entries(values).map(([name, number]) => [number, name]));
  return {
    wireType: wireType.varint,
    read: (cursor) => names.get(readUint32(cursor) | 0),
    write: (writer, value) => {
      const number = typeof value === 'string' ? numbers.get(value) : undefined;
      if (number === undefined) {
        throw new WireError('protobuf', `Not a value of ${type}: ${String(value)}`);
      }
      writeUint32(writer, number);
    },
  };
}

function nestedCodec(type: string): ValueCodec {
  const codec = codecOf(type);
  return {
    wireType: wireType.length,
    read: (cursor, before) => {
      const end = enter(cursor);
      // A message that comes in parts is merged, as protobuf asks.
      const message = readMessage(codec, cursor, isPlain(before) ? before : {});
      leave(cursor, end);
      return message;
    },
    write: (writer, value) => {
      if (!isPlain(value)) {
        throw new WireError('protobuf', `Not a message of ${type}: ${String(value)}`);
      }
      const bytes = kept.get(value);
      if (bytes !== undefined) {
        writeBytes(writer, bytes);
        return;
      }
      const after = sizeOf(writer);
      writeMessage(codec, writer, value);
      writeUint32(writer, sizeOf(writer) - after);
    },
  };
}

/**
 * Narrows the cursor to what the length under it delimits, and returns the end that `leave` takes,
 * which is called when all of that has been read.
 */
function enter(cursor: Cursor): number {
  const { end } = cursor;
  cursor.end = enterLength(cursor);
  if (++cursor.depth > depthMax) {
    throw new WireError('protobuf', 'Messages lie too deep in each other');
  }
  return end;
}

function leave(cursor: Cursor, end: number): void {
  cursor.depth--;
  cursor.end = end;
}

function compile(field: FieldDescriptor, siblings: readonly FieldDescriptor[]): FieldCodec {
  const value = valueCodec(field);
  switch (field.label) {
    case 'map':
      return mapField(field, value);
    case 'repeated':
      return repeatedField(field, value);
    case 'required':
    case 'optional':
      return singleField(field, value, siblings);
    default:
      return unreachable(field.label);
  }
}

const tagOf = ({ number }: FieldDescriptor, wire: number): number => ((number << 3) | wire) >>> 0;

function singleField(
  field: FieldDescriptor,
  value: ValueCodec,
  siblings: readonly FieldDescriptor[],
): FieldCodec {
  const { name, oneof } = field;
  const tag = tagOf(field, value.wireType);
  const rivals = siblings
    .filter((each) => oneof !== undefined && each.oneof === oneof && each !== field)
    .map((each) => each.name);
  return {
    name,
    required: field.label === 'required',
    write: (writer, item) => {
      value.write(writer, item);
      writeUint32(writer, tag);
    },
    read: (cursor, found, message) => {
      if (found !== tag) {
        skip(cursor, found, depthMax - cursor.depth);
        return;
      }
      const item = value.read(cursor, message[name]);
      if (item === undefined) return;
      for (const rival of rivals) delete message[rival];
      message[name] = item;
    },
  };
}

function listOf(name: string, value: unknown): readonly unknown[] {
  if (isList(value)) return value;
  throw new WireError('protobuf', `Not a list: ${name}`);
}

function repeatedField(field: FieldDescriptor, value: ValueCodec): FieldCodec {
  const { name } = field;
  const tag = tagOf(field, value.wireType);
  return {
    name,
    required: false,
    write: (writer, list) => {
      const items = listOf(name, list);
      for (let i = items.length - 1; i >= 0; i--) {
        value.write(writer, items[i]);
        writeUint32(writer, tag);
      }
    },
    read: listReader(field, value),
  };
}

function listReader(field: FieldDescriptor, value: ValueCodec): FieldCodec['read'] {
  const { name } = field;
  const tag = tagOf(field, value.wireType);
  const packedTag = tagOf(field, wireType.length);
  const readItem = (cursor: Cursor, items: unknown[]): void => {
    countItem(cursor);
    const item = value.read(cursor, undefined);
    if (item !== undefined) items.push(item);
  };
  return (cursor, found, message) => {
    if (found !== tag && found !== packedTag) {
      skip(cursor, found, depthMax - cursor.depth);
      return;
    }
    const list = message[name];
    const items: unknown[] = Array.isArray(list) ? list : [];
    if (found === tag) readItem(cursor, items);
    else {
      const end = enter(cursor);
      while (cursor.at < cursor.end) readItem(cursor, items);
      leave(cursor, end);
    }
    if (items.length > 0) message[name] = items;
  };
}

/** What zero bytes mean in any type: 0, false, the empty text, the empty message. */
function zeroOf(value: ValueCodec, cursor: Cursor): unknown {
  const zeros = cursorOver(new Uint8Array(8));
  const zero = value.read(zeros, undefined);
  cursor.incomplete ||= zeros.incomplete;
  return zero;
}

/** A map travels as a list of entries `{ 1: key, 2: value }`; the last of two equal keys wins. */
function mapField(field: FieldDescriptor, value: ValueCodec): FieldCodec {
  const { name } = field;
  const tag = tagOf(field, wireType.length);
  const key = scalarCodec('string');
  const keyTag = (1 << 3) | key.wireType;
  const valueTag = (2 << 3) | value.wireType;
  const readEntry = (cursor: Cursor, map: Plain): void => {
    let entryKey: unknown = '';
    let item: unknown;
    let valued = false;
    while (cursor.at < cursor.end) {
      const found = readTag(cursor);
      if (found === keyTag) entryKey = key.read(cursor);
      else if (found === valueTag) {
        item = value.read(cursor, item);
        valued = true;
      } else skip(cursor, found, depthMax - cursor.depth);
    }
    if (!valued) item = zeroOf(value, cursor);
    if (item !== undefined) setKey(map, String(entryKey), item);
  };
  return {
    name,
    required: false,
    write: (writer, map) => {
      if (!isPlain(map)) throw new WireError('protobuf', `Not a map: ${name}`);
      for (const entryKey of Object.keys(map).toReversed()) {
        const after = sizeOf(writer);
        value.write(writer, map[entryKey]);
        writeUint32(writer, valueTag);
        key.write(writer, entryKey);
        writeUint32(writer, keyTag);
        writeUint32(writer, sizeOf(writer) - after);
        writeUint32(writer, tag);
      }
    },
    read: (cursor, found, message) => {
      if (found !== tag) {
        skip(cursor, found, depthMax - cursor.depth);
        return;
      }
      countItem(cursor);
      const before = message[name];
      const map = isPlain(before) ? before : {};
      const end = enter(cursor);
      readEntry(cursor, map);
      leave(cursor, end);
      message[name] = map;
    },
  };
}
