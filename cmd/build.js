/**
 * `npm run build`: compiles the sources into `dist/`, with declarations. The compiled tree carries a
 * `package.json` of its own, so that `#internal/x.ts` means the compiled `x.js` next to it.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });
// Of `chaos` only what frameworks are tested with.
const rooms = ['chaos', 'cmd', 'internal', 'raft', 'storage', 'proto'];
const imports = Object.fromEntries(rooms.map((room) => [`#${room}/*.ts`, `./${room}/*.js`]));
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'module', imports }, null, 2)}\n`);
