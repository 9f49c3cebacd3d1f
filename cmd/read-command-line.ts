/** What every program does with its command line: help, or values, or complaints and status 2. */
import { type Flags, parseFlags, type Program, type Values } from '#internal/config/flags.ts';

/** The values, or the exit status when there is nothing (more) to do. */
export function readCommandLine<Table extends Flags>(
  program: Program<Table>,
  argv: readonly string[],
): Values<Table> | number {
  const parsed = parseFlags(program, argv);
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
