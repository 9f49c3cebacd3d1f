/** A master that is alone and has nothing to do: how it ends when something strikes it. */
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram } from '#internal/runtime/real/program.ts';

/** Longer than whatever it does by itself in the background after it listens. */
const idleMs = 4000;
const startWithinMs = 60_000;

export type MasterEnd = {
  /** The fault came. */
  readonly isStruck: boolean;
  readonly isListening: boolean;
  readonly status: number | null;
  readonly words: string;
};

export async function lifeOfMaster(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<MasterEnd> {
  const { folder, env } = options;
  const lines: string[] = [];
  const isSaid = (words: string): boolean => lines.some((line) => line.includes(words));
  const master = startProgram({
    command: process.execPath,
    args: [
      'cmd/altiplano.js',
      'master',
      `--work-dir=${folder}`,
      '--ip=127.0.0.1',
      '--port=0',
      '--grpc-port=0',
      '--end-with-input',
    ],
    env,
    onLine: (_, line) => void lines.push(line),
  });
  await Promise.race([master.ended, idled(() => isSaid('"listening"'))]);
  master.signal('SIGKILL');
  const { status } = await master.ended;
  return {
    isStruck: lines.some((line) => /^sync \d+ fails$/.test(line)),
    isListening: isSaid('"listening"'),
    status,
    words: lines.filter((line) => !line.startsWith('{')).join('\n'),
  };
}

/** Resolves when it has listened for long enough, or did not come so far. */
async function idled(isListening: () => boolean): Promise<void> {
  const deadline = performance.now() + startWithinMs;
  while (!isListening() && performance.now() < deadline) await pause(50, undefined, { ref: false });
  await pause(idleMs, undefined, { ref: false });
}
