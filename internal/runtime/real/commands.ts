/** Other programs by `node:child_process`. */
import { execFile } from 'node:child_process';
import type { Commands } from '../commands.ts';

const outputBytesMax = 1024 * 1024;

export function systemCommands(): Commands {
  return {
    run: ({ path, arguments: list, timeoutMs }) =>
      new Promise((resolve) => {
        const options = {
          timeout: timeoutMs,
          killSignal: 'SIGKILL',
          maxBuffer: outputBytesMax,
          encoding: 'utf8',
        } as const;
        const child = execFile(path, list, options, (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          const status = typeof code === 'number' ? code : undefined;
          const why = status === undefined ? `${stderr}${error?.message ?? ''}` : stderr;
          resolve({ status, stdout, stderr: why });
        });
        child.stdin?.end();
      }),
  };
}
