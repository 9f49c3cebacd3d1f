/**
 * The faults that only a program in C can make: their sources lie beside this file and are compiled
 * when they are needed, with the machine's own compiler.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Why nothing can be compiled here; undefined when it can. */
export function compilerObstacle(): string | undefined {
  return spawnSync('gcc', ['--version']).status === 0 ? undefined : 'there is no gcc';
}

/** A library to preload, in `folder`. */
export const compileLibrary = (source: string, folder: string): string =>
  compile(source, `${folder}/${source}.so`, ['-shared', '-fPIC']);

export const compileProgram = (source: string, folder: string): string =>
  compile(source, `${folder}/${source}.out`, []);

function compile(source: string, target: string, flags: readonly string[]): string {
  const path = fileURLToPath(new URL(source, import.meta.url));
  const { status, stderr } = spawnSync('gcc', ['-O1', ...flags, '-o', target, path, '-ldl'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${source} does not compile: ${stderr}`);
  return target;
}
