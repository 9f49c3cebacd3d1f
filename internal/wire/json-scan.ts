/**
 * The grammar of JSON over a text, step by step, so that a reader can build what it wants.
 *
 * Mesos's parser is the measure, because its error texts are part of the contract (1.7, row 9):
 * `syntax error at line N near: ` and the rest of that line from where it stopped.
 */
import { unreachable } from '#internal/base/assert.ts';
import { type ReadLimits, WireError } from './wire-error.ts';

export type Scan = {
  readonly text: string;
  at: number;
  depth: number;
  /** Whether a reader found a required field to be missing; who began the scan finds out which. */
  incomplete: boolean;
  /** So many items of lists and entries of maps may follow. */
  itemsLeft: number;
  /** Strings that were read lately, by a poor hash. */
  readonly recent: (string | undefined)[];
};

/** Objects and lists in each other: enough for protobuf's own limit, little enough for the stack. */
const depthMax = 200;

const quote = 0x22;
const backslash = 0x5c;

export const scanOf = (text: string, { itemsMax = Infinity }: ReadLimits = {}): Scan => ({
  text,
  itemsLeft: itemsMax,
  at: 0,
  depth: 0,
  incomplete: false,
  recent: [],
});

/** Whoever made the mistake knows it by less; a text may be megabytes long. */
export const shownMax: number = 4096;

export function syntaxError({ text, at }: Scan): WireError {
  let line = 1;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1))
    line++;
  const [rest = ''] = text.slice(at, at + shownMax).split('\n', 1);
  // oxlint-disable-next-line no-control-regex -- they are what Mesos leaves out.
  const printable = rest.replaceAll(/[\u0000-\u001f]/g, '');
  return new WireError('json', `syntax error at line ${line} near: ${printable}`);
}

/** The code of the next character that is not white space, not consumed; NaN at the end. */
export function peek(scan: Scan): number {
  const { text } = scan;
  for (;;) {
    const code = text.charCodeAt(scan.at);
    if (!isBlank(code)) return code;
    scan.at++;
  }
}

const isBlank = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function accepts(scan: Scan, code: number): boolean {
  if (peek(scan) !== code) return false;
  scan.at++;
  return true;
}

function expect(scan: Scan, code: number): void {
  if (!accepts(scan, code)) throw syntaxError(scan);
}

/**
 * Begins an object; false when it has no members. The caller consumes a key and its value, asks for
 * `hasNextMember`, and so on until that is false, when the object has been consumed.
 */
export function hasFirstMember(scan: Scan): boolean {
  return begin(scan, 0x7b, 0x7d);
}

export function hasNextMember(scan: Scan): boolean {
  return goOn(scan, 0x7d);
}

/** Consumes a key and its colon. */
export function readKey(scan: Scan): string {
  if (peek(scan) !== quote) throw syntaxError(scan);
  const key = readText(scan);
  expect(scan, 0x3a);
  return key;
}

/** Consumes the key if it is this one, spelled and spaced just so: `"name":`. */
export function acceptsKey(scan: Scan, quoted: string): boolean {
  peek(scan);
  if (!scan.text.startsWith(quoted, scan.at)) return false;
  scan.at += quoted.length;
  return true;
}

/** Begins a list; false when it has no items. As with members, `hasNextItem` is asked after each. */
export function hasFirstItem(scan: Scan): boolean {
  return begin(scan, 0x5b, 0x5d);
}

export function hasNextItem(scan: Scan): boolean {
  return goOn(scan, 0x5d);
}

function begin(scan: Scan, open: number, close: number): boolean {
  expect(scan, open);
  if (accepts(scan, close)) return false;
  if (++scan.depth > depthMax) throw syntaxError(scan);
  return true;
}

function goOn(scan: Scan, close: number): boolean {
  if (accepts(scan, 0x2c)) return true;
  expect(scan, close);
  scan.depth--;
  return false;
}

/** Consumes a string; the scan stands at its opening quote. */
export function readText(scan: Scan): string {
  const { text } = scan;
  const start = scan.at + 1;
  let at = start;
  let escaped = false;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quote) break;
    if (code === backslash) {
      escaped = true;
      at = escapeEnd(scan, at);
    } else if (code >= 0x20) at++;
    else {
      scan.at = at;
      throw syntaxError(scan);
    }
    if (at >= text.length) {
      scan.at = text.length;
      throw syntaxError(scan);
    }
  }
  scan.at = at + 1;
  if (escaped) return unescaped(text, start, at);
  return at - start < sliceMin ? text.slice(start, at) : copied(scan, start, at);
}

function unescaped(text: string, start: number, end: number): string {
  const value: unknown = JSON.parse(text.slice(start - 1, end + 1));
  return String(value);
}

/** Shorter slices are copies in V8. A longer one keeps all of the text alive for as long as it lives. */
const sliceMin = 13;

/** Ids come again and again in one message: mostly the copy that was made last will do. */
function copied({ text, recent }: Scan, start: number, end: number): string {
  const size = end - start;
  const slot = (size * 31 + text.charCodeAt(end - 1) * 7 + text.charCodeAt(end - 4)) % recentMax;
  const known = recent[slot];
  if (known?.length === size && text.startsWith(known, start)) return known;
  const copy = unescaped(text, start, end);
  recent[slot] = copy;
  return copy;
}

const recentMax = 64;

/** Where the escape at `at` ends. A bad one counts as read up to and with what makes it bad. */
function escapeEnd(scan: Scan, at: number): number {
  const { text } = scan;
  const kind = text.charAt(at + 1);
  if (kind !== '' && '"\\/bfnrt'.includes(kind)) return at + 2;
  if (kind === 'u') {
    let end = at + 2;
    while (end < at + 6 && /[0-9a-fA-F]/.test(text.charAt(end))) end++;
    if (end === at + 6) return end;
    scan.at = end;
    throw syntaxError(scan);
  }
  scan.at = Math.min(at + 2, text.length);
  throw syntaxError(scan);
}

/**
 * Consumes a number and returns how it is written. Accepts what C's `strtod` does (`01`, `1.`), and
 * the bare `Infinity`, `-Infinity` and `NaN` that the dialect writes, though Mesos itself would not.
 */
export function readNumber(scan: Scan): string {
  const { text } = scan;
  const start = scan.at;
  const bare = isDigit(text.charCodeAt(start)) ? undefined : bareNumberAt(text, start);
  if (bare !== undefined) {
    scan.at = start + bare.length;
    return bare;
  }
  let at = start;
  while (isDigit(text.charCodeAt(at))) at++;
  if (at > start && !isNumberPart(text.charCodeAt(at))) {
    scan.at = at;
    return text.slice(start, at);
  }
  while (isNumberPart(text.charCodeAt(at))) at++;
  scan.at = at;
  const token = text.slice(start, at);
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(token)) throw syntaxError(scan);
  return token;
}

const bareNumberAt = (text: string, at: number): string | undefined =>
  ['Infinity', '-Infinity', 'NaN'].find((word) => text.startsWith(word, at));

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

const isNumberPart = (code: number): boolean =>
  isDigit(code) ||
  code === 0x2d ||
  code === 0x2b ||
  code === 0x2e ||
  code === 0x65 ||
  code === 0x45;

/** Consumes `true`, `false` or `null`; the scan stands at its first letter. */
export function readWord(scan: Scan, word: string): void {
  const start = scan.at;
  if (scan.text.startsWith(word, start)) {
    scan.at = start + word.length;
    return;
  }
  while (scan.text[scan.at] === word[scan.at - start]) scan.at++;
  throw syntaxError(scan);
}

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

/** What the next value is, by its first character. Throws when no value begins here. */
export function kindAhead(scan: Scan): JsonKind {
  const code = peek(scan);
  switch (code) {
    case 0x7b:
      return 'object';
    case 0x5b:
      return 'array';
    case quote:
      return 'string';
    case 0x74:
      return 'true';
    case 0x66:
      return 'false';
    case 0x6e:
      return 'null';
    default:
      if (isNumberStart(scan, code)) return 'number';
      throw syntaxError(scan);
  }
}

const isNumberStart = ({ text, at }: Scan, code: number): boolean =>
  code === 0x2d || isDigit(code) || bareNumberAt(text, at) !== undefined;

export function skipValue(scan: Scan): void {
  const kind = kindAhead(scan);
  switch (kind) {
    case 'object':
      for (let more = hasFirstMember(scan); more; more = hasNextMember(scan)) {
        readKey(scan);
        skipValue(scan);
      }
      return;
    case 'array':
      for (let more = hasFirstItem(scan); more; more = hasNextItem(scan)) skipValue(scan);
      return;
    case 'string':
      readText(scan);
      return;
    case 'number':
      readNumber(scan);
      return;
    case 'true':
    case 'false':
    case 'null':
      readWord(scan, kind);
      return;
    default:
      unreachable(kind);
  }
}

/** Nothing but white space may follow the value. */
export function expectEnd(scan: Scan): void {
  const { text, at } = scan;
  if (Number.isNaN(peek(scan))) return;
  let end = text.length;
  while (isBlank(text.charCodeAt(end - 1))) end--;
  const rest = text.slice(at, Math.min(end, at + shownMax));
  throw new WireError('json', `Parsed JSON included non-whitespace trailing characters: ${rest}`);
}

/** Throws for a text that is not one JSON value. */
export function checkSyntax(text: string): void {
  const scan = scanOf(text);
  skipValue(scan);
  expectEnd(scan);
}
