#!/usr/bin/env node
/**
 * The `altiplano` command. From a clone it runs the TypeScript sources as they are, from an installed
 * package the compiled ones. It stays plain JavaScript that very old versions of Node can read, so
 * that those get a clear answer too.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const isNewEnough = Number(process.versions.node.split('.')[0]) >= 24;
const pinnedNode = path('../node_modules/.bin/node');

if (isNewEnough) {
  // Compiled once a machine: five processes of a cluster then start in half the time.
  module.enableCompileCache();
  const { main } = existsSync(path('./altiplano/main.ts'))
    ? await import('./altiplano/main.ts')
    : await import('../dist/cmd/altiplano/main.js');
  await main(process.argv.slice(2));
} else if (existsSync(pinnedNode) && process.env.ALTIPLANO_PINNED_NODE === undefined) {
  // A clone brings its own Node, whatever the machine has.
  const child = spawn(pinnedNode, [path('./altiplano.js'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ALTIPLANO_PINNED_NODE: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 1;
  });
} else {
  console.error(`altiplano: needs Node 24 or newer, this is ${process.version}`);
  process.exitCode = 2;
}
