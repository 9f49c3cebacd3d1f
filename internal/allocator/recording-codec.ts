/**
 * How values stand in a recording: positions instead of names, and a number for whatever was written
 * before (ids, roles, resources come again and again). Writer and reader build the same table.
 *
 * A reader takes nothing on trust: what does not fit is a `RecordingError`, so that a file that was
 * damaged or edited is told from a bug.
 */

export class RecordingError extends Error {
  override readonly name: string = 'RecordingError';
  readonly code = 'DAMAGED_RECORDING';
}

/** What was written so far, by its JSON; or read so far, by its number. */
export type Table = { readonly written: Map<string, number>; readonly read: unknown[] };

/** When more is in it, the next line begins with an empty one. */
const tableMax = 65_536;

export const newTable = (): Table => ({ written: new Map(), read: [] });

/**
 * To be called between lines, by writer and reader alike. Not within one: what is half written speaks
 * of the table by numbers that would then mean something else.
 */
export function trimTable({ written, read }: Table): void {
  if (written.size > tableMax) written.clear();
  if (read.length > tableMax) read.length = 0;
}

export type Codec<Value> = {
  write(value: Value, table: Table): unknown;
  read(json: unknown, table: Table): Value;
};

export const number: Codec<number> = {
  write: (value) => (Number.isFinite(value) ? value : String(value)),
  read: (json) => {
    if (json === 'Infinity') return Infinity;
    if (typeof json !== 'number') throw wrong('a number', json);
    return json;
  },
};

export const flag: Codec<boolean> = {
  write: (value) => (value ? 1 : 0),
  read: (json) => {
    if (json !== 0 && json !== 1) throw wrong('0 or 1', json);
    return json === 1;
  },
};

export const text: Codec<string> = {
  write: (value) => value,
  read: (json) => {
    if (typeof json !== 'string') throw wrong('a text', json);
    return json;
  },
};

/** A text of a type of its own. What was written had been checked when it came in. */
export const branded = <Value extends string>(make: (text: string) => Value): Codec<Value> =>
  interned({ write: (value) => value, read: (json, table) => make(text.read(json, table)) });

/** One of few words. */
export function word<Word extends string>(...words: readonly Word[]): Codec<Word> {
  return {
    write: (value) => words.indexOf(value),
    read: (json) => {
      const found = typeof json === 'number' ? words[json] : undefined;
      if (found === undefined) throw wrong(`one of ${words.join(', ')}`, json);
      return found;
    },
  };
}

export function optional<Value>(inner: Codec<Value>): Codec<Value | undefined> {
  return {
    write: (value, table) => (value === undefined ? null : inner.write(value, table)),
    read: (json, table) => (json === null ? undefined : inner.read(json, table)),
  };
}

export function list<Value>(inner: Codec<Value>): Codec<readonly Value[]> {
  return {
    write: (values, table) => values.map((value) => inner.write(value, table)),
    read: (json, table) => arrayOf(json).map((one) => inner.read(one, table)),
  };
}

export function set<Value>(inner: Codec<Value>): Codec<ReadonlySet<Value>> {
  const items = list(inner);
  return {
    write: (values, table) => items.write([...values], table),
    read: (json, table) => new Set(items.read(json, table)),
  };
}

export function map<Key, Value>(
  key: Codec<Key>,
  value: Codec<Value>,
): Codec<ReadonlyMap<Key, Value>> {
  return {
    write: (values, table) =>
      Array.from(values, ([one, other]) => [key.write(one, table), value.write(other, table)]),
    read: (json, table) =>
      new Map(
        arrayOf(json).map((pair) => {
          const [one, other] = arrayOf(pair);
          return [key.read(one, table), value.read(other, table)] as const;
        }),
      ),
  };
}

/** Written in full once, and as a number from then on. */
export function interned<Value>(inner: Codec<Value>): Codec<Value> {
  return {
    write: (value, table) => {
      const plain = inner.write(value, table);
      const key = JSON.stringify(plain);
      const known = table.written.get(key);
      if (known !== undefined) return known;
      table.written.set(key, table.written.size);
      return [plain];
    },
    read: (json, table) => {
      if (typeof json === 'number') {
        const known = table.read[json];
        if (known === undefined) throw wrong('the number of something known', json);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the writer put it there.
        return known as Value;
      }
      const value = inner.read(arrayOf(json)[0], table);
      table.read.push(value);
      return value;
    },
  };
}

type Fields<Value> = { readonly [Name in keyof Value]-?: Codec<Value[Name]> };

/** The fields in the order in which they stand here, which is therefore part of the format. */
export function record<Value extends object>(fields: Fields<Value>): Codec<Value> {
  const rows: readonly (readonly [string, Codec<unknown>])[] = Object.entries(fields);
  return {
    write: (value, table) => {
      const given: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
      return rows.map(([name, codec]) => codec.write(given.get(name), table));
    },
    read: (json, table) => {
      const items = arrayOf(json);
      if (items.length !== rows.length) throw wrong(`${rows.length} fields`, json);
      const entries = rows.map(([name, codec], i) => [name, codec.read(items[i], table)] as const);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field was read as its own.
      return Object.fromEntries(entries) as Value;
    },
  };
}

type Variants<Value extends { readonly kind: string }> = {
  readonly [Kind in Value['kind']]: Codec<Variant<Value, Kind>>;
};

/** What a value of this kind has beside its kind; several kinds may have the same. */
type Variant<Value extends { readonly kind: string }, Kind> = Value extends unknown
  ? Kind extends Value['kind']
    ? Omit<Value, 'kind'>
    : never
  : never;

/** A union by `kind`. */
export function union<Value extends { readonly kind: string }>(
  variants: Variants<Value>,
): Codec<Value> {
  const rows = new Map<string, Codec<object>>(Object.entries(variants));
  const codecOf = (kind: string): Codec<object> => {
    const codec = rows.get(kind);
    if (codec === undefined) throw wrong(`one of ${[...rows.keys()].join(', ')}`, kind);
    return codec;
  };
  return {
    write: (value, table) => {
      const { kind } = value;
      return [kindWord.write(kind, table), codecOf(kind).write(value, table)];
    },
    read: (json, table) => {
      const [first, second] = arrayOf(json);
      const kind = kindWord.read(first, table);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- read by the kind's own codec.
      return { kind, ...codecOf(kind).read(second, table) } as Value;
    },
  };
}

const kindWord = interned(text);

function arrayOf(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw wrong('a list', json);
  return json;
}

const wrong = (expected: string, json: unknown): RecordingError =>
  new RecordingError(`expected ${expected}, found ${JSON.stringify(json)?.slice(0, 80)}`);
