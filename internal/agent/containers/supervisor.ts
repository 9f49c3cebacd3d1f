/**
 * The process that stands by each container: a `sh` that outlives the agent, starts the command in a
 * session of its own, waits for it, kills what it leaves behind, and writes down how it ended. It costs
 * a shell's memory and no Node; and since starting a process from Node is slow, one that is done waits
 * for its next container (`supervisors.ts`). It reads what to do from its standard input and ends with
 * that, so those of an agent that died finish what they watch and go.
 *
 * It writes three small files into the container's folder, each by one `write` that ends in a newline:
 *
 *     supervisor   who it is, or `abandoned`. Whoever creates this file first decides whether the
 *                  container ever starts: the supervisor, or an agent that came back and finds none
 *     leader       who the command's first process is, which leads its group
 *     status       `exited <status>` or `signaled <number>`
 *
 * and tells the same on its standard output: `began`, `refused` and `ended`, with the container's id.
 * When nobody reads that any more it goes on, and the command is none the worse: what breaks a pipe is
 * ignored up to the command, which gets it back.
 *
 * It runs as we do and in no environment; the command's user and environment are taken on by the process
 * that becomes the command, and only after its user: what an environment makes of a program must not
 * happen as root.
 *
 * A shell reports the end by a signal as 128 + n, which a command may also choose as its status. It
 * tells them apart by a word on its own standard error, which no command can write to; so `note` is
 * that stream. For INT and PIPE shells say nothing: those two count as a status.
 */
import type { User } from '#internal/runtime/processes.ts';
import type { Rlimit } from './rlimits.ts';

/** Where the programs lie that a supervisor starts on the command's way. */
export type SupervisorTools = {
  readonly setsid: string;
  /** These are undefined where the machine has none. */
  readonly prlimit: string | undefined;
  readonly setpriv: string | undefined;
  readonly sync: string | undefined;
};

export type Job = {
  readonly containerId: string;
  /** Of ours, new. */
  readonly folder: string;
  readonly sandbox: string;
  /** Of its control groups: whoever writes `0` into them is in, with all that it starts. */
  readonly entrances: readonly string[];
  /** Undefined: the supervisor's own. */
  readonly user: User | undefined;
  /** Taken on before the user, who may not raise them. */
  readonly rlimits: readonly Rlimit[];
  readonly environment: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
};

/** The first thing a supervisor is told. */
export function supervisorScript(bootId: string, { sync }: SupervisorTools): string {
  return `
boot=${quote(bootId)}
set -C
umask 022
trap : HUP INT TERM
trap '' PIPE
read -r pid rest </proc/self/stat
self="$pid $rest"
supervise() {
  exec 2>>"$2/note"
  echo "$boot $self" >"$2/supervisor" || { echo "refused $1" 2>/dev/null; return; }
  (
    read -r self </proc/self/stat
    enter || exit 126
    echo "$boot $self" >"$2/leader" || exit 126
    echo "began $1 $boot $self" 2>/dev/null
    trap - PIPE
    become
  ) </dev/null
  status=$? kind=exited
  if [ $status -gt 128 ] && [ -s "$2/note" ]; then
    kind=signaled status=$((status - 128))
  fi
  read -r rest leader rest <"$2/leader" && kill -KILL "-$leader" 2>/dev/null
  echo "$kind $status" >"$2/status"
  # While the agent lives it makes this end durable itself. Nobody else does when it is gone.
  read -r pid name state parent rest </proc/self/stat
  [ "$parent" = "$PPID" ] || ${sync === undefined ? ':' : `${quote(sync)} "$2/status"`}
  echo "ended $1 $kind $status" 2>/dev/null
}
`;
}

/** What a supervisor is told to start one container. */
export function jobScript(job: Job, tools: SupervisorTools): string {
  const { containerId, folder, sandbox, entrances, user } = job;
  return `enter() {
${[...entrances.map((file) => `echo 0 >|${quote(file)}`), ':'].join(' &&\n')}
}
become() {
cd ${quote(sandbox)} || exit 126
${user === undefined ? becomeHere(job, tools) : becomeOther(job, user, tools)}
}
supervise ${quote(containerId)} ${quote(folder)}
`;
}

function becomeHere(job: Job, tools: SupervisorTools): string {
  const { environment, argv } = job;
  return `exec >>stdout 2>>stderr
${exportsOf(environment)}
exec ${[...bounding(job, tools), tools.setsid, ...oddOf(environment), ...argv].map(quote).join(' ')}`;
}

/** The program that takes the limits on and becomes what follows. */
function bounding({ rlimits }: Job, { prlimit = 'prlimit' }: SupervisorTools): readonly string[] {
  if (rlimits.length === 0) return [];
  const unlimited = 'unlimited';
  return [
    prlimit,
    ...rlimits.map(({ name, soft = unlimited, hard = unlimited }) => `--${name}=${soft}:${hard}`),
  ];
}

/** Another user's files are opened as that user: a link that lies in wait leads no further than it may. */
function becomeOther(job: Job, user: User, tools: SupervisorTools): string {
  const { environment, argv } = job;
  const { setsid, setpriv = 'setpriv' } = tools;
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups'];
  const become = [...bounding(job, tools), setpriv, ...ids, setsid];
  const words = [...become, '/bin/sh', '-s', '--', ...oddOf(environment), ...argv];
  const script = `exec >>stdout 2>>stderr
${exportsOf(environment)}
exec "$@" </dev/null`;
  let mark = 'END';
  while (script.includes(mark)) mark += '_';
  return `exec ${words.map(quote).join(' ')} <<'${mark}'\n${script}\n${mark}`;
}

/** Names that a shell can export and makes nothing of itself. */
function isPlain(name: string): boolean {
  return (
    /^[A-Za-z_]\w*$/u.test(name) &&
    !/^(?:_|IFS|OPTIND|LINENO|PPID|E?UID|GROUPS|SHELLOPTS|FUNCNAME|DIRSTACK|BASH.*)$/u.test(name)
  );
}

function exportsOf(environment: Job['environment']): string {
  const plain = Object.entries(environment).filter(([name]) => isPlain(name));
  return plain.map(([name, value]) => `export ${name}=${quote(value)}`).join('\n');
}

function oddOf(environment: Job['environment']): readonly string[] {
  const odd = Object.entries(environment).filter(([name]) => !isPlain(name));
  return odd.length === 0
    ? []
    : ['/usr/bin/env', ...odd.map(([name, value]) => `${name}=${value}`)];
}

/** A text as one word of a shell's. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
