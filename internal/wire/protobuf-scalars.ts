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
};

const fixeds: Readonly<Record<string, Scalar>> = {
  double: {
    wireType: wireType.fixed64,
    read: (cursor) => cursor.view.getFloat64(take(cursor, 8), true),
    write: (writer, value) => {
      const double = numberOf('double', value);
      const at = reserve(writer, 8);
      writer.view.setFloat64(at, double, true);
    },
  },
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
