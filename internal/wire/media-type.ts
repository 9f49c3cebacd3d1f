/**
 * Which dialect a request is in and which one its sender will read (contract 1.2).
 *
 * `Content-Type` is compared as it stands: one with a parameter is none of ours. `Accept` is looked
 * at as Mesos does: of what names a type, the most specific entry decides, its `q` matters only when
 * it is 0, and of two acceptable types JSON is taken.
 */
export type MediaType = 'application/json' | 'application/x-protobuf';

const preferred: readonly MediaType[] = ['application/json', 'application/x-protobuf'];

export function parseContentType(header: string): MediaType | undefined {
  return preferred.find((type) => type === header);
}

/** Undefined when nothing that we speak is acceptable; no header at all accepts everything. */
export function negotiateMediaType(accept: string | undefined): MediaType | undefined {
  if (accept === undefined) return preferred[0];
  const entries = accept.split(',').map((entry) => parseEntry(entry));
  return preferred.find((type) => accepts(entries, type));
}

/** Whether one type is acceptable, also one that is none of the two; no header accepts everything. */
export function acceptsType(accept: string | undefined, type: string): boolean {
  if (accept === undefined) return true;
  return accepts(
    accept.split(',').map((entry) => parseEntry(entry)),
    type,
  );
}

type Entry = { readonly range: string; readonly refused: boolean };

function parseEntry(text: string): Entry {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters
    .map((parameter) => /^q\s*=\s*(.*)$/i.exec(parameter)?.[1])
    .find((value) => value !== undefined);
  // What is not a number above 0 is no consent.
  const refused = quality !== undefined && !(Number(quality) > 0);
  return { range: range.toLowerCase(), refused };
}

function accepts(entries: readonly Entry[], type: string): boolean {
  const wildcard = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const range of [type, wildcard, '*/*']) {
    const entry = entries.find((each) => each.range === range);
    if (entry !== undefined) return !entry.refused;
  }
  return false;
}
