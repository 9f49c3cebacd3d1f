/** Principals and their secrets, as Mesos's `--credentials` has them. */
import { accept, refuse, type Result } from '#internal/base/result.ts';

/** Secrets by principal. */
export type Credentials = ReadonlyMap<string, string>;

/**
 * `{"credentials":[{"principal":"p","secret":"s"}]}`, or a principal and its secret a line. The refusal
 * does not repeat what it read.
 */
export function parseCredentials(text: string): Result<Credentials, string> {
  const pairs = text.trimStart().startsWith('{') ? pairsOfJson(text) : pairsOfLines(text);
  if (pairs === undefined || pairs.length === 0) {
    return refuse('neither JSON with a list "credentials" nor lines of a principal and its secret');
  }
  const credentials = new Map(pairs);
  return credentials.size === pairs.length
    ? accept(credentials)
    : refuse('a principal stands twice');
}

/** Of one that says who it is. */
export type Credential = { readonly principal: string; readonly secret: string };

/** `{"principal":"p","secret":"s"}`, or both on a line. The refusal does not repeat what it read. */
export function parseCredential(text: string): Result<Credential, string> {
  const isJson = text.trimStart().startsWith('{');
  const pairs = isJson ? pairsOfJson(`{"credentials":[${text}]}`) : pairsOfLines(text);
  const [[principal, secret] = [], ...more] = pairs ?? [];
  return principal === undefined || secret === undefined || more.length > 0
    ? refuse('neither JSON with "principal" and "secret" nor a line of both')
    : accept({ principal, secret });
}

type Pair = readonly [principal: string, secret: string];

function pairsOfLines(text: string): readonly Pair[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map((line) => /^\s*(\S+)\s+(\S+)\s*$/.exec(line) ?? []);
  return complete(pairs.map(([, principal, secret]) => ({ principal, secret })));
}

function pairsOfJson(text: string): readonly Pair[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = isRecord(json) ? json['credentials'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const entries: readonly unknown[] = list;
  return complete(entries.map((entry) => (isRecord(entry) ? entry : {})));
}

function complete(
  entries: readonly { readonly principal?: unknown; readonly secret?: unknown }[],
): readonly Pair[] | undefined {
  const pairs = entries.flatMap(({ principal, secret }): readonly Pair[] =>
    typeof principal === 'string' && principal !== '' && typeof secret === 'string'
      ? [[principal, secret]]
      : [],
  );
  return pairs.length === entries.length ? pairs : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
