/** How each scalar type of protobuf is read and written, and which values it refuses. */
import type { ScalarType } from '#proto/descriptor.ts';
import {
  type Cursor,
  readBool,
  readBytes,
  readInt64,
  readString,
  readUint32,
  readUint64,
  take,
  wireType,
} from './protobuf-reader.ts';
import {
  type Writer,
  reserve,
  writeBytes,
  writeHalves,
  writeInt64,
  writeString,
  writeUint32,
} from './protobuf-writer.ts';
import { WireError } from './wire-error.ts';

export type Scalar = {
  readonly wireType: number;
  readonly read: (cursor: Cursor) => unknown;
  /** Throws a `WireError` for a value that is not of the type. */
  readonly write: (writer: Writer, value: unknown) => void;
};

function refuse(type: ScalarType, value: unknown): never {
  throw new WireError('protobuf', `Not a value of type ${type}: ${String(value)}`);
}

function numberOf(type: ScalarType, value: unknown): number {
  return typeof value === 'number' ? value : refuse(type, value);
}

function int32Of(type: ScalarType, value: unknown): number {
  return typeof value === 'number' && (value | 0) === value ? value : refuse(type, value);
}

function uint32Of(type: ScalarType, value: unknown): number {
  return typeof value === 'number' && value >>> 0 === value ? value : refuse(type, value);
}

function int64Of(type: ScalarType, value: unknown): bigint {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
    ? value
    : refuse(type, value);
}

function uint64Of(type: ScalarType, value: unknown): bigint {
  return typeof value === 'bigint' && BigInt.asUintN(64, value) === value
    ? value
    : refuse(type, value);
}

function writeInt32(writer: Writer, value: number): void {
  // A negative one takes ten bytes: it is sign-extended, so that it may be read as an int64.
  writeHalves(writer, value >>> 0, value < 0 ? 0xffffffff : 0);
}

const unzigzag = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n);
const zigzag = (value: bigint): bigint => (value << 1n) ^ (value >> 63n);

const varints: Readonly<Record<string, Scalar>> = {
  bool: {
    wireType: wireType.varint,
    read: readBool,
    write: (writer, value) =>
      typeof value === 'boolean' ? writeUint32(writer, value ? 1 : 0) : refuse('bool', value),
  },
  int32: {
    wireType: wireType.varint,
    read: (cursor) => readUint32(cursor) | 0,
    write: (writer, value) => writeInt32(writer, int32Of('int32', value)),
  },
  uint32: {
    wireType: wireType.varint,
    read: readUint32,
    write: (writer, value) => writeUint32(writer, uint32Of('uint32', value)),
  },
  sint32: {
    wireType: wireType.varint,
    read: (cursor) => {
      const value = readUint32(cursor);
      return (value >>> 1) ^ -(value & 1);
    },
    write: (writer, value) => {
      const int = int32Of('sint32', value);
      writeUint32(writer, ((int << 1) ^ (int >> 31)) >>> 0);
    },
  },
  int64: {
    wireType: wireType.varint,
    read: readInt64,
    write: (writer, value) => writeInt64(writer, int64Of('int64', value)),
  },
  uint64: {
    wireType: wireType.varint,
    read: readUint64,
    write: (writer, value) => writeInt64(writer, uint64Of('uint64', value)),
  },
  sint64: {
    wireType: wireType.varint,
    read: (cursor) => unzigzag(readUint64(cursor)),
    write: (writer, value) => writeInt64(writer, zigzag(int64Of('sint64', value))),
  },
};

function fixed(
  size: 4 | 8,
  read: (view: DataView, at: number) => unknown,
  write: (view: DataView, at: number, value: unknown) => void,
): Scalar {
  return {
    wireType: size === 4 ? wireType.fixed32 : wireType.fixed64,
    read: (cursor) => read(cursor.view, take(cursor, size)),
    write: (writer, value) => {
      const at = reserve(writer, size);
      write(writer.view, at, value);
    },
  };
}

const fixeds: Readonly<Record<string, Scalar>> = {
  double: fixed(
    8,
    (view, at) => view.getFloat64(at, true),
    (view, at, value) => view.setFloat64(at, numberOf('double', value), true),
  ),
  float: fixed(
    4,
    (view, at) => view.getFloat32(at, true),
    (view, at, value) => view.setFloat32(at, numberOf('float', value), true),
  ),
  fixed32: fixed(
    4,
    (view, at) => view.getUint32(at, true),
    (view, at, value) => view.setUint32(at, uint32Of('fixed32', value), true),
  ),
  sfixed32: fixed(
    4,
    (view, at) => view.getInt32(at, true),
    (view, at, value) => view.setInt32(at, int32Of('sfixed32', value), true),
  ),
  fixed64: fixed(
    8,
    (view, at) => view.getBigUint64(at, true),
    (view, at, value) => view.setBigUint64(at, uint64Of('fixed64', value), true),
  ),
  sfixed64: fixed(
    8,
    (view, at) => view.getBigInt64(at, true),
    (view, at, value) => view.setBigInt64(at, int64Of('sfixed64', value), true),
  ),
};

const delimited: Readonly<Record<string, Scalar>> = {
  string: {
    wireType: wireType.length,
    read: readString,
    write: (writer, value) =>
      typeof value === 'string' ? writeString(writer, value) : refuse('string', value),
  },
  bytes: {
    wireType: wireType.length,
    read: readBytes,
    write: (writer, value) =>
      value instanceof Uint8Array ? writeBytes(writer, value) : refuse('bytes', value),
  },
};

const scalars: ReadonlyMap<string, Scalar> = new Map(
  Object.entries({ ...varints, ...fixeds, ...delimited }),
);

export function scalarCodec(type: ScalarType): Scalar {
  return scalars.get(type) ?? refuse(type, 'unknown');
}
