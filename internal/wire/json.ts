/**
 * The v1 JSON dialect of Mesos, both ways (contract 1.5, 1.6). It is not protobuf's own mapping: keys
 * are in snake_case, 64-bit integers are numbers, defaults are written out.
 */
import type { Messages } from '#proto/gen/messages.ts';
import { Excess, Mismatch, readMessage, readerOf } from './json-reader.ts';
import { type Scan, checkSyntax, expectEnd, kindAhead, scanOf } from './json-scan.ts';
import { Incomplete, writeMessage, writerOf } from './json-writer.ts';
import { type MessageName, type Plain, isPlain, missingFields } from './schema.ts';
import { type ReadLimits, WireError } from './wire-error.ts';

/**
 * One line of JSON. Throws a `WireError` for a required field that is unset and for a value of a
 * wrong type.
 */
export function toJson<Name extends MessageName>(name: Name, message: Messages[Name]): string {
  const plain: unknown = message;
  if (!isPlain(plain)) throw new WireError('json', `Not a message: ${String(plain)}`);
  try {
    return writeMessage(writerOf(name), plain);
  } catch (error) {
    if (error instanceof Incomplete)
      throw new WireError('json', missingText(missingFields(name, plain)));
    throw error;
  }
}

/**
 * Throws a `WireError` whose message is the body of the 400 that Mesos would answer: `Failed to parse
 * body into JSON: …` or `Failed to convert JSON into Call protobuf: …` (contract 1.7, row 9).
 */
export function fromJson<Name extends MessageName>(
  name: Name,
  text: string,
  limits: ReadLimits = {},
): Messages[Name] {
  const scan = scanOf(text, limits);
  const message = parse(name, scan);
  if (scan.incomplete) assertComplete(name, message);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the descriptor vouches for it.
  return message as unknown as Messages[Name];
}

function parse(name: string, scan: Scan): Plain {
  try {
    if (kindAhead(scan) !== 'object') throw new Mismatch('Expecting a JSON object');
    const message = readMessage(readerOf(name), scan);
    expectEnd(scan);
    return message;
  } catch (error) {
    if (error instanceof WireError) throw unparsable(error);
    if (error instanceof Excess) throw unconvertible(name, error.message);
    if (error instanceof Mismatch) throw mismatched(name, scan.text, error);
    throw error;
  }
}

/** Mesos reads all of the text before it looks at any field, so what is ill-formed comes first. */
function mismatched(name: string, text: string, mismatch: Mismatch): WireError {
  try {
    checkSyntax(text);
  } catch (error) {
    if (error instanceof WireError) return unparsable(error);
    throw error;
  }
  return unconvertible(name, mismatch.message);
}

function unparsable(error: WireError): WireError {
  return new WireError('json', `Failed to parse body into JSON: ${error.message}`);
}

function unconvertible(name: string, reason: string): WireError {
  const short = name.slice(name.lastIndexOf('.') + 1);
  return new WireError('json', `Failed to convert JSON into ${short} protobuf: ${reason}`);
}

/** Called on suspicion: of a key that comes twice, the first value may lack what the last has. */
function assertComplete(name: string, message: Plain): void {
  const missing = missingFields(name, message);
  if (missing.length > 0) throw unconvertible(name, missingText(missing));
}

const missingText = (missing: readonly string[]): string =>
  `Missing required fields: ${missing.join(', ')}`;
