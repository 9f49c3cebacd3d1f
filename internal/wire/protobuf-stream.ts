/**
 * Streamed messages in the binary dialect: the same bytes as `encode` writes, in pieces. A message's
 * length stands in front of it, so all of it is encoded before the first piece comes; but item by item.
 */
import type { FieldDescriptor } from '#proto/descriptor.ts';
import type { Messages } from '#proto/gen/messages.ts';
import { encodeField } from './protobuf.ts';
import { wireType } from './protobuf-reader.ts';
import { newWriter, writeUint32, written } from './protobuf-writer.ts';
import { type MessageName, messageNamed, type Plain } from './schema.ts';
import { Each, isStreamed, type Streamed } from './streamed.ts';
import { WireError } from './wire-error.ts';

/** Of about so many bytes. */
const pieceBytes = 64 * 1024;

/** Undefined between two items, where others may get a turn. Throws as `encode` does. */
export function* protobufPieces<Name extends MessageName>(
  name: Name,
  message: Streamed<Messages[Name]>,
): Generator<Uint8Array | undefined, void> {
  const body = newBody();
  yield* write(body, name, message);
  yield* body.pieces();
}

type Body = {
  readonly sizeBytes: () => number;
  add(bytes: Uint8Array): void;
  pieces(): readonly Uint8Array[];
};

function newBody(): Body {
  const full: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  let openBytes = 0;
  let fullBytes = 0;
  const close = (): void => {
    if (openBytes > 0) full.push(Buffer.concat(open));
    fullBytes += openBytes;
    open = [];
    openBytes = 0;
  };
  return {
    sizeBytes: () => fullBytes + openBytes,
    add(bytes) {
      open.push(bytes);
      openBytes += bytes.length;
      if (openBytes >= pieceBytes) close();
    },
    pieces() {
      close();
      return full;
    },
  };
}

function* write(body: Body, name: string, message: Plain): Generator<undefined, void> {
  const { fields } = messageNamed(name);
  for (const field of fields.toSorted((one, other) => one.number - other.number)) {
    const value = message[field.name];
    if (value instanceof Each) yield* writeList(body, name, field, value);
    else if (isStreamed(value)) {
      const nested = newBody();
      yield* write(nested, field.type, value);
      body.add(head(field, nested.sizeBytes()));
      for (const piece of nested.pieces()) {
        body.add(piece);
        yield undefined;
      }
    } else if (value === undefined) {
      if (field.label !== 'required') continue;
      throw new WireError('protobuf', `Missing required fields: ${field.name}`);
    } else body.add(encodeField(name, field, value));
  }
}

function* writeList(
  body: Body,
  name: string,
  field: FieldDescriptor,
  list: Each<unknown>,
): Generator<undefined, void> {
  for (const item of list) {
    body.add(encodeField(name, field, [item]));
    yield undefined;
  }
}

/** A nested message's tag and length. */
function head({ number }: FieldDescriptor, sizeBytes: number): Uint8Array {
  const writer = newWriter();
  writeUint32(writer, sizeBytes);
  writeUint32(writer, ((number << 3) | wireType.length) >>> 0);
  return written(writer);
}
