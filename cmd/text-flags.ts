/** A program's flags as its `/flags` shows them: Mesos's names and texts, in order. */
import { kebab, type Program, rowsOf } from '#internal/config/flags.ts';

export function textFlags<Values extends object>(
  program: Program<Values>,
  values: Values,
): Readonly<Record<string, string>> {
  const given = new Map<string, unknown>(Object.entries(values));
  const shown = rowsOf(program).flatMap(([name, flag]) => {
    const text = flag.show(given.get(name));
    const called = flag.mesos ?? kebab(name).replaceAll('-', '_');
    return text === undefined ? [] : [[called, text] as const];
  });
  return Object.fromEntries(shown.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
