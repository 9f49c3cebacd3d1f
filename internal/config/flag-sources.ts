/**
 * Where the values of flags come from beside the command line: the environment (`ALTIPLANO_WORK_DIR`
 * for `--work-dir`), a file of flags, and for any single flag a file that holds its value
 * (`--resources=file:///etc/resources`), as in Mesos.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';

export type FlagSources = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or why it cannot be read. */
  readFile(path: string): Result<string, string>;
};

/** The command line alone. */
export const noSources: FlagSources = {
  env: {},
  readFile: (path) => refuse(`'${path}': no files are read here`),
};

/** The flag that names the file of flags. */
export const flagsFileName = 'flagsFile';

/** The variable that sets a flag: `workDir` is `ALTIPLANO_WORK_DIR`. */
export const variableOf = (name: string): string =>
  `ALTIPLANO_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/**
 * The values of a file of flags, by our names. Each line is `name=value`, or the name alone for what is
 * on; empty lines and those that begin with `#` say nothing. `names` leads from what may be written
 * there, with dashes, to our names.
 */
export function readFlagsFile(
  path: string | undefined,
  names: ReadonlyMap<string, string>,
  sources: FlagSources,
): Result<ReadonlyMap<string, readonly string[]>, readonly string[]> {
  if (path === undefined || path === '') return accept(new Map());
  const text = sources.readFile(path);
  if (!text.ok) return refuse([`--flags-file: ${text.refusal}`]);
  const found = new Map<string, readonly string[]>();
  const problems: string[] = [];
  for (const [n, line] of text.value.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, written, value = 'true'] = lineForm.exec(line) ?? [];
    if (written === undefined) {
      problems.push(`${path}:${n + 1}: not name=value`);
      continue;
    }
    const name = names.get(written.replaceAll('_', '-'));
    if (name === undefined) problems.push(`${path}:${n + 1}: there is no flag '${written}'`);
    else found.set(name, [...(found.get(name) ?? []), value]);
  }
  return problems.length > 0 ? refuse(problems) : accept(found);
}

const lineForm = /^\s*(?:--)?([^=\s]+)\s*(?:=\s*(.*?))?\s*$/;

const inFile = 'file://';

type Found = { readonly texts: readonly string[]; readonly where: string };

/** With the content of files in the place of their names. */
export function contentOf(
  found: ReadonlyMap<string, Found>,
  sources: FlagSources,
): Result<ReadonlyMap<string, Found>, readonly string[]> {
  const problems: string[] = [];
  const read = (text: string, where: string): string => {
    if (!text.startsWith(inFile)) return text;
    const content = sources.readFile(text.slice(inFile.length));
    if (!content.ok) problems.push(`${where}: ${content.refusal}`);
    return content.ok ? content.value.replace(/\r?\n$/, '') : text;
  };
  const values = [...found].map(([name, { texts, where }]) => {
    const contents = texts.map((text) => read(text, where));
    return [name, { texts: contents, where }] as const;
  });
  return problems.length > 0 ? refuse(problems) : accept(new Map(values));
}
