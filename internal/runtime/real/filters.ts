/** Filters by `node:child_process`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { FilterError, type FilterProgram, type Filters } from '../filters.ts';

/** Of what a program says on its standard error; the newest stays. */
const wordsMax = 4096;

export function systemFilters(): Filters {
  return { run };
}

async function* run(program: FilterProgram): AsyncGenerator<Uint8Array> {
  const { path, arguments: rest, user, input, signal } = program;
  signal?.throwIfAborted();
  const child = spawn(path, rest, {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(user !== undefined && { uid: user.uid, gid: user.gid }),
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const ended = endOf(child, path);
  const fed = feed(child, input);
  try {
    for await (const chunk of child.stdout) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
    const complaint = await ended;
    signal?.throwIfAborted();
    if (complaint !== undefined) throw new FilterError(complaint);
    const fault = await fed;
    if (fault !== undefined) throw fault;
  } finally {
    kill();
    signal?.removeEventListener('abort', kill);
    await ended;
    await fed;
  }
}

/** Resolves with what is wrong, or undefined; never rejects. */
async function endOf(child: ChildProcess, path: string): Promise<string | undefined> {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-wordsMax);
  });
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve(`${path}: ${error.message}`));
    child.on('close', (status, signal) => {
      const said = words.trim().split('\n').at(-1) ?? '';
      if (status === 0) resolve(undefined);
      else resolve(said === '' ? `${path} ended with ${signal ?? `status ${status}`}` : said);
    });
  });
}

/** Resolves with what went wrong with the input itself. */
async function feed(
  child: ChildProcess,
  input: AsyncIterable<Uint8Array> | undefined,
): Promise<Error | undefined> {
  const { stdin } = child;
  if (stdin === null) return undefined;
  // It has read enough, and says so by its status.
  let isOpen = true;
  stdin.on('error', () => {});
  stdin.on('close', () => {
    isOpen = false;
  });
  try {
    for await (const chunk of input ?? []) {
      if (!isOpen) break;
      await new Promise<void>((resolve) => {
        stdin.write(chunk, () => resolve());
      });
    }
    return undefined;
  } catch (error) {
    child.kill('SIGKILL');
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    stdin.end();
  }
}
