/** One row of a table of flags, and the kinds of rows there are. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { durationText, parseDurationMs } from './duration.ts';

/** How a text becomes a value, what holds without it, and why one would set it. */
export type Flag<Value> = {
  /** What stands for the value in the help. */
  readonly placeholder: string;
  readonly meaning: string;
  /** What Mesos calls it; undefined for what only we have. */
  readonly mesos: string | undefined;
  /** Undefined makes the flag required unless `optional`. */
  readonly fallback: Value | undefined;
  /** What one would type to get the fallback; undefined when there is nothing to type. */
  readonly fallbackText: string | undefined;
  readonly optional: boolean;
  readonly repeatable: boolean;
  /** On or off: its name alone says on. */
  readonly isToggle: boolean;
  parse(texts: readonly string[]): Result<Value, string>;
  /** As one would type it; undefined when there is nothing to say. */
  show(value: Value): string | undefined;
};

type Named = { readonly meaning: string; readonly mesos?: string };
type Common<Value> = Named & {
  readonly fallback?: Value;
  /** In the place of the fallback's own text, where that differs from machine to machine. */
  readonly fallbackText?: string;
};

/** Any text. */
export const text = (row: Common<string>): Flag<string> =>
  newFlag('text', row, ([first = '']) => accept(first));

/** A text that may be left out. */
export const optionalText = (row: Named): Flag<string | undefined> => optional(text(row));

/** A whole number in `[min, max]`. */
export const integer = (
  row: Common<number> & { readonly min: number; readonly max: number },
): Flag<number> =>
  newFlag('number', row, ([first = '']) => {
    const value = Number(first);
    const fits = /^-?\d+$/.test(first) && value >= row.min && value <= row.max;
    return fits
      ? accept(value)
      : refuse(`'${first}' is not a number from ${row.min} to ${row.max}`);
  });

/** A number that is at least `min`. */
export const number = (row: Common<number> & { readonly min: number }): Flag<number> =>
  newFlag('number', row, ([first = '']) => {
    const value = Number(first);
    const fits = first.trim() !== '' && Number.isFinite(value) && value >= row.min;
    return fits ? accept(value) : refuse(`'${first}' is not a number of at least ${row.min}`);
  });

/** A TCP port. */
export const port = (row: Common<number>): Flag<number> => integer({ ...row, min: 0, max: 65_535 });

/** `500ms`, `10secs`, `2mins`, `1hrs` or a number of seconds; milliseconds in the program. */
export const durationMs = (row: Common<number>): Flag<number> =>
  newFlag('duration', row, ([first = '']) => parseDurationMs(first), durationText);

/** A duration that may be left out. */
export const optionalDurationMs = (row: Named): Flag<number | undefined> =>
  optional(durationMs(row));

/** On or off. `--name` and `--name=true` say on, `--no-name` and `--name=false` say off. */
export const toggle = (row: Common<boolean>): Flag<boolean> => ({
  ...newFlag<boolean>('on', { fallback: false, ...row }, ([first = '']) => {
    const isOn = words.get(first);
    return isOn === undefined ? refuse(`'${first}' is neither true nor false`) : accept(isOn);
  }),
  fallbackText: row.fallback === true ? 'true' : undefined,
  isToggle: true,
});

const words: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'no'].map((word) => [word, false] as const),
]);

/** One of a few words. */
export const choice = <Word extends string>(
  row: Common<Word> & { readonly words: readonly Word[] },
): Flag<Word> =>
  newFlag(row.words.join('|'), row, ([first = '']) => {
    const word = row.words.find((candidate) => candidate === first.toLowerCase());
    return word === undefined
      ? refuse(`'${first}' is none of ${row.words.join(', ')}`)
      : accept(word);
  });

/** Separated by commas, or the flag several times. */
export const list = (row: Common<readonly string[]>): Flag<readonly string[]> => ({
  ...newFlag<readonly string[]>(
    'list',
    row,
    (texts) => accept(texts.flatMap((one) => one.split(',')).filter((part) => part !== '')),
    listText,
  ),
  repeatable: true,
});

/** The flag several times, each value as it is. */
export const repeated = (row: Named): Flag<readonly string[]> => ({
  ...newFlag<readonly string[]>(
    'text',
    { ...row, fallback: [] },
    (texts) => accept(texts),
    listText,
  ),
  repeatable: true,
});

/** A kind of its own: how it is read, and how it is written. */
export const parsed = <Value>(
  row: Common<Value> & {
    readonly placeholder: string;
    parse(text: string): Result<Value, string>;
    show(value: Value): string;
  },
): Flag<Value> =>
  newFlag(
    row.placeholder,
    row,
    ([first = '']) => row.parse(first),
    (value) => row.show(value),
  );

/** What may be left out, and is undefined then. */
export const optional = <Value>(flag: Flag<Value>): Flag<Value | undefined> => ({
  ...flag,
  optional: true,
  show: (value) => (value === undefined ? undefined : flag.show(value)),
});

function newFlag<Value>(
  placeholder: string,
  row: Common<Value>,
  parse: Flag<Value>['parse'],
  show: Flag<Value>['show'] = (value) => String(value),
): Flag<Value> {
  const { meaning, mesos, fallback } = row;
  const fallbackText = row.fallbackText ?? (fallback === undefined ? undefined : show(fallback));
  return {
    placeholder,
    meaning,
    mesos,
    fallback,
    fallbackText,
    optional: false,
    repeatable: false,
    isToggle: false,
    parse,
    show,
  };
}

const listText = (texts: readonly string[]): string | undefined =>
  texts.length === 0 ? undefined : texts.join(',');
