/**
 * The first process of a container: a shell of the machine's, which waits for the command, collects
 * what is left to it, and says how the command ended. As process 1 the command itself would not hear
 * a TERM that it does not handle, and its supervisor could not tell an exit with 137 from a KILL.
 *
 * An image need not have a shell, so this one brings its program and libraries, read-only, under
 * `/dev/.altiplano`, and is run by its own loader.
 */
import type { Files } from '#internal/runtime/files.ts';
import type { Commands } from '#internal/runtime/commands.ts';
import { type ContainerEnd, ContainerError } from '../containerizer.ts';
import type { BundleMount } from './oci-config.ts';

export type InitShell = {
  readonly mounts: readonly BundleMount[];
  /** What comes before the words of the command. */
  readonly command: readonly string[];
};

const inside = '/dev/.altiplano';

/**
 * It notes on a file that the command has no descriptor of: `ended <status>`, and before that what
 * shells say of a command that a signal ended (nothing for INT and PIPE, which count as a status).
 */
const script = `
exec 3>&2 2>>${inside}/note || exit 126
trap : HUP INT TERM
if [ "$1" = files ]; then
  shift
  ( exec "$@" 3>&- >>"$MESOS_SANDBOX/stdout" 2>>"$MESOS_SANDBOX/stderr" )
else
  shift
  ( exec "$@" 2>&3 3>&- )
fi
status=$?
echo "ended $status" >&2
exit $status
`;

/** Where the streams of a command lead: into files of its sandbox, or where those of the shell do. */
export type InitStreams = 'files' | 'inherited';

export function initShell(files: ShellFiles, note: string, streams: InitStreams): InitShell {
  const { shell, loader, libraries } = files;
  const bring = (source: string, name: string): BundleMount => ({
    source,
    destination: `${inside}/${name}`,
    isReadOnly: true,
  });
  const named = `${inside}/sh`;
  return {
    mounts: [
      bring(shell, 'sh'),
      ...(loader === undefined ? [] : [bring(loader, 'loader')]),
      ...libraries.map((path) => bring(path, path.slice(path.lastIndexOf('/') + 1))),
      { source: note, destination: `${inside}/note`, isReadOnly: false },
    ],
    command: [
      ...(loader === undefined ? [] : [`${inside}/loader`, '--library-path', inside]),
      named,
      '-c',
      script,
      'init',
      streams,
    ],
  };
}

/** Programs of the machine. `loader` is undefined for a shell that needs no other files. */
export type ShellFiles = {
  readonly shell: string;
  readonly loader: string | undefined;
  readonly libraries: readonly string[];
};

/** What the machine's shell consists of, as it says itself. Throws `ContainerError`. */
export async function findShell({ commands, files }: FindShell): Promise<ShellFiles> {
  const line = 'while read -r line; do echo "$line"; done </proc/$$/maps';
  const { stdout } = await commands.run({
    path: '/bin/sh',
    arguments: ['-c', line],
    timeoutMs: 10_000,
  });
  const mapped = new Set(stdout.split('\n').flatMap((text) => /\s(\/\S+)$/u.exec(text)?.[1] ?? []));
  const paths = [...mapped].filter((path) => isLoader(path) || !/\/locale\//u.test(path));
  const [shell, ...more] = paths.filter((path) => !/\.so[.\d]*$/u.test(path));
  for (const path of paths) {
    if ((await files.stat(path))?.kind !== 'file') throw noShell(`there is no ${path}`);
  }
  if (shell === undefined || more.length > 0) throw noShell(`it is made of ${paths.join(', ')}`);
  const loader = paths.find(isLoader);
  return { shell, loader, libraries: paths.filter((path) => path !== shell && path !== loader) };
}

const isLoader = (path: string): boolean => /\/ld-[^/]*\.so/u.test(path);

type FindShell = { readonly commands: Commands; readonly files: Files };

const noShell = (why: string): ContainerError =>
  new ContainerError(`Containers with images cannot be run by the machine's /bin/sh: ${why}`);

/**
 * How a container ended, from the status that its supervisor saw and from the note. A command can
 * write a note of its own making only to be taken for one that a signal ended, or was not.
 */
export function endFrom(status: number, note: string): ContainerEnd {
  const lines = note.split('\n').filter((line) => line !== '');
  const verdict = lines.at(-1) === `ended ${status}`;
  // Without a verdict the shell itself was killed, and all others with it.
  const isSignal = status > 128 && (!verdict || lines.length > 1);
  return isSignal ? { kind: 'signaled', signal: status - 128 } : { kind: 'exited', status };
}
