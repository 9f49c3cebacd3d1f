/** Streamed messages in the v1 JSON dialect: the same text as `toJson` writes, in pieces. */
import type { Messages } from '#proto/gen/messages.ts';
import { Incomplete, type MessageWriter, writerOf } from './json-writer.ts';
import { type MessageName, messageNamed, type Plain } from './schema.ts';
import { Each, isStreamed, type Streamed } from './streamed.ts';
import { WireError } from './wire-error.ts';

/** Of about so many characters. */
export const pieceChars: number = 64 * 1024;

/** Undefined between two items, where others may get a turn. Throws as `toJson` does. */
export function* jsonPieces<Name extends MessageName>(
  name: Name,
  message: Streamed<Messages[Name]>,
): Generator<Uint8Array | undefined, void> {
  try {
    yield* gathered(partsOf(name, message));
  } catch (error) {
    if (error instanceof Incomplete) throw new WireError('json', `${name} lacks a required field`);
    throw error;
  }
}

/** Parts of a text put together into pieces that are worth sending. */
export function* gathered(parts: Iterable<string>): Generator<Uint8Array | undefined, void> {
  let text = '';
  for (const part of parts) {
    text += part;
    if (text.length < pieceChars) yield undefined;
    else {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

function* partsOf(name: string, message: Plain): Generator<string, void> {
  const { fields } = messageNamed(name);
  let isFirst = true;
  for (const [place, field] of writerOf(name).entries()) {
    const value = message[field.name];
    const begin = isFirst ? field.first : field.next;
    if (value instanceof Each) {
      const isAny = yield* listParts(value, field, begin);
      if (isAny) isFirst = false;
      if (isAny || field.absent === '') continue;
    } else if (isStreamed(value)) {
      yield begin;
      yield* partsOf(fields[place]?.type ?? '', value);
      isFirst = false;
      continue;
    }
    const part = value instanceof Each ? field.absent : partOf(field, value);
    if (part === '') continue;
    yield begin + part;
    isFirst = false;
  }
  yield isFirst ? '{}' : '}';
}

type Field = MessageWriter[number];

function partOf(field: Field, value: unknown): string {
  if (value !== undefined) return field.write(value) || field.absent;
  if (field.required) throw new Incomplete();
  return field.absent;
}

/** Nothing for an empty list. */
function* listParts(list: Each<unknown>, field: Field, begin: string): Generator<string, boolean> {
  let before = `${begin}[`;
  let isAny = false;
  for (const item of list) {
    // Of a list of one: between the brackets.
    yield before + field.write([item]).slice(1, -1);
    before = ',';
    isAny = true;
  }
  if (isAny) yield ']';
  return isAny;
}
