/** Two values read from JSON, by their shapes: what a recording says, and what ours says in its place. */

/** Where names, their order or kinds are not the same, one line each. Of lists the first items count. */
export function differences(theirs: unknown, ours: unknown, at: string): readonly string[] {
  const odd: string[] = [];
  compare(theirs, ours, { at, odd });
  return odd;
}

function compare(theirs: unknown, ours: unknown, { at, odd }: Compared): void {
  const isList = Array.isArray(theirs);
  if (kindOf(theirs) !== kindOf(ours)) {
    odd.push(`${at}: ${kindOf(ours)} instead of ${kindOf(theirs)}`);
  } else if (isList && Array.isArray(ours)) {
    if (theirs.length > 0 && ours.length > 0) compare(theirs[0], ours[0], { at: `${at}[]`, odd });
  } else if (kindOf(theirs) === 'object') {
    const [mine, other] = [new Map(entriesOf(ours)), new Map(entriesOf(theirs))];
    for (const name of mine.keys()) if (!other.has(name)) odd.push(`${at}.${name}: more`);
    for (const [name, value] of other) {
      if (mine.has(name)) compare(value, mine.get(name), { at: `${at}.${name}`, odd });
      else odd.push(`${at}.${name}: missing`);
    }
    const common = [...mine.keys()].filter((name) => other.has(name));
    const order = [...other.keys()].filter((name) => mine.has(name));
    if (common.join() !== order.join()) odd.push(`${at}: order ${common.join()}`);
  }
}

type Compared = { readonly at: string; readonly odd: string[] };

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value);

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
