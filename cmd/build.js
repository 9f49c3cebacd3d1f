/**
 * `npm run build`: compiles the sources into `dist/`, with declarations. The compiled tree carries a
 * `package.json` of its own, so that `#internal/x.ts` means the compiled `x.js` next to it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync, writeFileSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });
// Of `chaos` what frameworks are tested with, and `altiplano chaos` with what it reads and compiles.
for (const file of globSync('chaos/{scenarios/*.yaml,nemesis/*.c}')) cpSync(file, `dist/${file}`);
const rooms = ['chaos', 'cmd', 'internal', 'raft', 'storage', 'proto'];
const imports = Object.fromEntries(rooms.map((room) => [`#${room}/*.ts`, `./${room}/*.js`]));
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'module', imports }, null, 2)}\n`);
