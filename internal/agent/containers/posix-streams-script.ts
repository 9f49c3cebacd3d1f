/**
 * What stands between a supervisor and a command that somebody may attach to. It connects the pipes,
 * makes the terminal where one is asked for, and becomes the command (with a terminal: `script`, which
 * outlives the agent as the supervisor does). In the folder of the streams it leaves:
 *
 *     ready      the pipes are connected
 *     terminal   who the terminal's first process is, as `leader` has it: it leads a session of its own
 *     tty        the terminal's name
 *
 * Pipes are opened both ways where their end must not be seen while no agent runs. The end of the input
 * of a command without a terminal is such an end, so that one is opened to be read only.
 */

/** $1 the folder, the rest the command. */
const connectScript = `
folder=$1
shift
exec <"$folder/in" 1<>"$folder/out" 2<>"$folder/err"
: >"$folder/ready"
exec "$@"
`;

/** $1 the folder, $2 where the output goes when not to a file, $3 what `script` runs. */
const terminalScript = `
folder=$1
exec 0<>"$folder/in"
[ "$2" = files ] || exec 1<>"$folder/out"
exec 2>&1
SHELL=/bin/sh exec script -q -e -f -c "$3" /dev/null
`;

/** Inside the terminal: $1 the folder, $2 rows, $3 columns, the rest the command. */
const insideScript = `
folder=$1 rows=$2 columns=$3
shift 3
stty sane rows "$rows" cols "$columns" 2>/dev/null
read -r self < /proc/$$/stat
read -r boot < /proc/sys/kernel/random/boot_id
tty >"$folder/tty"
echo "$boot $self" >"$folder/terminal"
: >"$folder/ready"
exec "$@"
`;

export const connectedArgv = (folder: string, argv: readonly string[]): readonly string[] => [
  '/bin/sh',
  '-c',
  connectScript,
  'connect',
  folder,
  ...argv,
];

export function terminalArgv(
  { folder, io, rows, columns, shell }: TerminalPlace,
  argv: readonly string[],
): readonly string[] {
  const inside = ['/bin/sh', '-c', insideScript, 'terminal', folder, `${rows}`, `${columns}`];
  // `script` takes one line for a shell, and the name of that shell from the command's environment.
  const own = shell === undefined ? 'unset SHELL' : `SHELL=${quoted(shell)}`;
  const line = `${own}; exec ${[...inside, ...argv].map(quoted).join(' ')}`;
  return ['/bin/sh', '-c', terminalScript, 'terminal', folder, io, line];
}

type TerminalPlace = {
  readonly folder: string;
  readonly io: 'files' | 'attached';
  readonly rows: number;
  readonly columns: number;
  /** SHELL of the command's environment. */
  readonly shell: string | undefined;
};

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
