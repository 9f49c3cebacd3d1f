/** What every program does with its command line: help, or values, or complaints and status 2. */
import { parseFlags, type Program } from '#internal/config/flags.ts';
import { readTextFile } from '#internal/runtime/real/text-file.ts';

/** The values, or the exit status when there is nothing (more) to do. */
export function readCommandLine<Values extends object>(
  program: Program<Values>,
  argv: readonly string[],
): Values | number {
  const parsed = parseFlags(program, argv, { env: process.env, readFile: readTextFile });
  if (!parsed.ok) {
    for (const line of parsed.refusal) console.error(`altiplano ${program.name}: ${line}`);
    return 2;
  }
  if (parsed.value.kind === 'help') {
    console.log(parsed.value.text.trimEnd());
    return 0;
  }
  return parsed.value.values;
}
