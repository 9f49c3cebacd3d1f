/**
 * `npm run bench -- NAME`: runs `bench/NAME.ts`, prints `figure <name> <value> <unit>` for each of its
 * figures, and keeps them in `bench/results/NAME.json`.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Figure } from './figure.ts';

const home = import.meta.dirname;

function names(): readonly string[] {
  return fs
    .readdirSync(home)
    .filter((file) => file.endsWith('.ts') && !['main.ts', 'figure.ts'].includes(file))
    .map((file) => path.basename(file, '.ts'));
}

/** What every `bench/NAME.ts` exports. */
type Benchmark = { readonly run: () => readonly Figure[] | Promise<readonly Figure[]> };

const isBenchmark = (loaded: unknown): loaded is Benchmark =>
  typeof loaded === 'object' && loaded !== null && 'run' in loaded;

async function main(name: string): Promise<void> {
  const loaded: unknown = await import(`./${name}.ts`);
  if (!isBenchmark(loaded)) throw new Error(`bench/${name}.ts exports no run()`);
  const figures = await loaded.run();
  const folder = path.join(home, 'results');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
  for (const figure of figures) {
    console.log(`figure ${figure.name} ${Number(figure.value.toPrecision(4))} ${figure.unit}`);
  }
}

const [name = ''] = process.argv.slice(2);
if (names().includes(name)) await main(name);
else {
  console.error(`Which benchmark? One of: ${names().join(', ')}`);
  process.exitCode = 2;
}
