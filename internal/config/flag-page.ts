/** Tables of flags as a page of the manual. */
import { flagsFileMeaning, kebab, type Program, rowsOf } from './flags.ts';
import type { Flag } from './flag.ts';
import { flagsFileName, variableOf } from './flag-sources.ts';

/** A section of Markdown: the program, and a row a flag. */
export function flagsSection<Values extends object>(program: Program<Values>): string {
  const rows = rowsOf(program).map(([name, flag]) => row(name, flag));
  return [
    `## altiplano ${program.name}`,
    '',
    program.summary,
    '',
    "| flag | Mesos's | value | default | meaning |",
    '|---|---|---|---|---|',
    ...rows,
    cells([`\`--${kebab(flagsFileName)}\``, '', 'path', '', flagsFileMeaning]),
    '',
    ...strangerRows(program.strangers ?? {}),
  ].join('\n');
}

function strangerRows(strangers: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(strangers);
  if (entries.length === 0) return [];
  return [
    "Flags of Mesos's that are refused, with these words:",
    '',
    '| flag | what holds instead |',
    '|---|---|',
    ...entries.map(([name, instead]) => cells([`\`--${name}\``, instead])),
    '',
  ];
}

function row(name: string, flag: Flag<unknown>): string {
  const { mesos, placeholder, isToggle, fallbackText, fallback, optional, meaning } = flag;
  const isRequired = fallback === undefined && !optional;
  const usual = fallbackText === undefined ? '' : `\`${fallbackText}\``;
  return cells([
    `\`--${kebab(name)}\``,
    mesos === undefined ? '' : `\`--${isToggle ? '[no-]' : ''}${mesos}\``,
    isToggle ? '' : placeholder,
    isRequired ? 'required' : usual,
    meaning,
  ]);
}

const cells = (texts: readonly string[]): string =>
  `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;

/** The variable that sets a flag, for the page's introduction. */
export const exampleVariable: string = variableOf('workDir');
