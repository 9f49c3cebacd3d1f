/**
 * `npm run generate`: makes `proto/gen/` anew from every `.proto` below this folder.
 * With `--check` it writes nothing, and exits 1 when what is committed differs.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { readProtos } from './read-protos.ts';
import { renderAll } from './render-types.ts';

const home = import.meta.dirname;
const target = path.join(home, 'gen');

function filesBelow(folder: string, ending: string): readonly string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => file.replaceAll(path.sep, '/'))
    .toSorted();
}

function generate(): ReadonlyMap<string, string> {
  const files = filesBelow(home, '.proto').map((file) => ({
    path: file,
    text: fs.readFileSync(path.join(home, file), 'utf8'),
  }));
  return renderAll(readProtos(files));
}

/** What in `gen/` is not as it should be: differing, missing, or left over. */
function stale(wanted: ReadonlyMap<string, string>): readonly string[] {
  const present = filesBelow(target, '.ts');
  const differing = [...wanted].filter(([file, text]) => {
    const full = path.join(target, file);
    return !fs.existsSync(full) || fs.readFileSync(full, 'utf8') !== text;
  });
  return [...differing.map(([file]) => file), ...present.filter((file) => !wanted.has(file))];
}

function write(wanted: ReadonlyMap<string, string>, files: readonly string[]): void {
  for (const file of files) {
    const full = path.join(target, file);
    const text = wanted.get(file);
    if (text === undefined) {
      fs.rmSync(full);
      continue;
    }
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, text);
  }
}

const wanted = generate();
const outdated = stale(wanted);
if (process.argv.includes('--check')) {
  for (const file of outdated) console.error(`proto/gen/${file} is out of date`);
  process.exitCode = outdated.length > 0 ? 1 : 0;
} else {
  write(wanted, outdated);
  console.log(`${outdated.length} of ${wanted.size} files written`);
}
