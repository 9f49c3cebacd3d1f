/**
 * `npm run bench -- NAME [OPTIONS]`: runs `bench/NAME.ts` in a process of its own, so that no benchmark
 * runs on what another one left warm. Each ends by reporting its figures (`figure.ts`).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const home = import.meta.dirname;

const names = fs
  .readdirSync(home)
  .filter((file) => file.endsWith('.ts') && !['main.ts', 'figure.ts'].includes(file))
  .map((file) => path.basename(file, '.ts'));

const [name = '', ...options] = process.argv.slice(2);
if (names.includes(name)) {
  const file = path.join(home, `${name}.ts`);
  process.exitCode =
    spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' }).status ?? 1;
} else {
  console.error(`Which benchmark? One of: ${names.join(', ')}`);
  process.exitCode = 2;
}
