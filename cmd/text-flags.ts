/** A program's flags as its `/flags` shows them: Mesos's spelling, texts, in order. */
export function textFlags(flags: object): Readonly<Record<string, string>> {
  const rows: readonly (readonly [string, unknown])[] = Object.entries(flags);
  return Object.fromEntries(
    rows
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [underscored(name), String(value)] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

const underscored = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
