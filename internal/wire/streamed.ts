/**
 * Messages that are made while they are written: a long list in them is not there yet but comes item by
 * item. They are written in pieces (`json-stream.ts`, `protobuf-stream.ts`), with a place between any
 * two items where others may get a turn; the bytes are those of the whole message.
 */
import { isPlain, type Plain } from './schema.ts';

/** A list that is made as it is read; as often as it is read. */
export class Each<Item> {
  readonly #items: () => Iterable<Item>;

  constructor(items: () => Iterable<Item>) {
    this.#items = items;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items()[Symbol.iterator]();
  }
}

/** What `make` makes of each of `sources`, which must not change any more. */
export function each<Source, Item>(
  sources: Iterable<Source>,
  make: (source: Source) => Item,
): Each<Item> {
  return new Each(function* () {
    for (const source of sources) yield make(source);
  });
}

/** One list after the other. */
export const chained = <Item>(...lists: readonly Iterable<Item>[]): Each<Item> =>
  new Each(function* () {
    for (const list of lists) yield* list;
  });

/** A message whose lists, at any depth of messages that are not in lists, may be still to be made. */
export type Streamed<Message> = {
  readonly [Name in keyof Message]: Message[Name] | Later<NonNullable<Message[Name]>>;
};

type Later<Value> = Value extends readonly (infer Item)[]
  ? Each<Item>
  : Value extends Uint8Array | bigint
    ? never
    : Value extends object
      ? Streamed<Value>
      : never;

/** Whether some list in it is still to be made. */
export function isStreamed(value: unknown): value is Plain {
  if (!isPlain(value) || value instanceof Uint8Array) return false;
  return Object.values(value).some((member) => member instanceof Each || isStreamed(member));
}

/** The message with all of its lists made. */
export function settled<Message>(message: Streamed<Message>): Message {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- lists stand where the type says.
  return settledValue(message) as Message;
}

function settledValue(value: unknown): unknown {
  if (value instanceof Each) return [...value];
  if (!isStreamed(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, settledValue(member)]),
  );
}
