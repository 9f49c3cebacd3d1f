/**
 * The architecture, as a test: which room may import which. `ours` names rooms, `theirs` packages; a
 * room may import itself; whatever is not written here is forbidden, and a file in no room is an
 * error. Read it top-down: each room knows only rooms above it. ARCHITECTURE.md shows the same table
 * with the reasons.
 */
import { globSync, readFileSync } from 'node:fs';
import test from 'ava';
import { importsOf } from './imports.ts';
import { type Layers, violations } from './layers.ts';

const base = ['internal/base'];
const ports = [...base, 'internal/runtime'];
const domain = [...base, 'internal/resources', 'internal/model'];
const wire = [...domain, 'internal/state', 'internal/wire', 'proto'];
const plumbing = ['internal/rpc', 'internal/auth', 'internal/config', 'internal/telemetry'];

const layers: Layers = {
  'internal/base': { ours: [], theirs: [] },
  proto: { ours: [], theirs: [] },
  'proto/generate.ts': { ours: ['proto'], theirs: ['node:*', 'protobufjs'] },
  'proto/read-protos.ts': { ours: ['proto'], theirs: ['node:*', 'protobufjs'] },
  'internal/runtime': { ours: base, theirs: ['node:zlib'] },
  'internal/runtime/real': { ours: ports, theirs: ['node:*', 'pino', 'undici'] },
  'internal/resources': { ours: base, theirs: [] },
  'internal/model': { ours: [...base, 'internal/resources'], theirs: ['immutable'] },
  'internal/state': { ours: domain, theirs: ['immutable'] },
  'internal/allocator': { ours: domain, theirs: ['re2js'] },
  'internal/wire': { ours: wire, theirs: ['node:buffer'] },
  'internal/rpc': {
    ours: [...ports, 'internal/model', 'proto'],
    theirs: ['@grpc/grpc-js'],
  },
  'internal/auth': { ours: [...ports, 'internal/model', 'proto'], theirs: [] },
  'internal/config': { ours: [...ports, 'internal/model', 'proto'], theirs: ['commander'] },
  'internal/telemetry': {
    ours: [...ports, 'internal/model', 'proto'],
    theirs: ['pino', '@opentelemetry/*'],
  },
  'raft/core': { ours: base, theirs: [] },
  'raft/node': { ours: [...ports, 'raft/core', 'proto', 'internal/rpc'], theirs: [] },
  'raft/thread': { ours: [...ports, 'raft/core', 'raft/node'], theirs: [] },
  'raft/transport': {
    ours: [...ports, 'raft/core', 'raft/node', 'proto', 'internal/rpc'],
    theirs: ['@grpc/grpc-js'],
  },
  storage: { ours: ports, theirs: [] },
  'storage/wal': { ours: [...ports, 'raft/core'], theirs: ['node:zlib'] },
  'storage/snapshot': {
    ours: [
      ...ports,
      'raft/core',
      'storage/wal/bytes.ts',
      'storage/wal/conf-state.ts',
      'storage/wal/crc32c.ts',
      'storage/wal/sync-above.ts',
    ],
    theirs: [],
  },
  'storage/level': { ours: [...ports, 'storage'], theirs: ['level'] },
  'storage/memory': { ours: [...ports, 'storage'], theirs: [] },
  'storage/checkpoint': {
    ours: [...ports, ...wire, 'storage'],
    theirs: ['node:crypto'],
  },
  'internal/master': {
    ours: [...ports, ...wire, ...plumbing, 'internal/allocator'],
    theirs: ['@opentelemetry/api'],
  },
  'internal/agent': {
    ours: [
      ...ports,
      ...domain,
      'internal/wire',
      'proto',
      ...plumbing,
      'storage/checkpoint',
      'storage/key-value-store.ts',
    ],
    theirs: ['@opentelemetry/api', 'immutable'],
  },
  'internal/client': {
    ours: [
      ...ports,
      ...domain,
      'internal/wire',
      'proto',
      'internal/rpc',
      'internal/config/duration.ts',
    ],
    theirs: [],
  },
  'internal/frameworks': {
    ours: [...ports, ...domain, 'internal/wire', 'proto', 'internal/rpc', 'internal/client'],
    theirs: ['ajv/*'],
  },
  'internal/testing': {
    ours: ['internal', 'raft', 'storage', 'proto', 'chaos'],
    theirs: ['node:*', 'fast-check', 'ava'],
  },
  'internal/tidy': {
    ours: ['internal/base', 'internal/config'],
    theirs: ['node:*', 'typescript', 'yaml'],
  },
  cmd: {
    ours: ['internal', 'raft', 'storage', 'proto'],
    theirs: ['node:*', '@opentelemetry/*', 'yaml'],
  },
  'cmd/chaos': {
    ours: ['cmd', 'internal', 'raft', 'storage', 'proto', 'chaos'],
    theirs: ['node:*'],
  },
  chaos: { ours: ['internal', 'raft', 'storage', 'proto'], theirs: ['node:*', 'yaml'] },
  bench: { ours: ['internal', 'raft', 'storage', 'proto', 'chaos'], theirs: ['node:*'] },
  test: {
    ours: ['bench', 'cmd', 'internal', 'raft', 'storage', 'proto', 'chaos'],
    theirs: ['node:*', 'ava', 'mesos-framework', 'undici', 'yaml'],
  },
};

const sources = '{cmd,internal,raft,storage,proto,chaos,bench,test,examples,web}/**/*.{ts,js}';

/** Tests may also use the testing room, simulations and the machine (temporary folders, sockets). */
const forTests = {
  ours: ['internal/testing', 'internal/runtime', 'internal/rpc', 'storage', 'internal/tidy'],
  theirs: ['ava', 'fast-check', 'node:*', 'playwright-core', 'protobufjs'],
};

test('every import points the way the architecture does', (t) => {
  const files = globSync(sources, { exclude: ['**/node_modules/**', '**/dist/**'] });
  t.true(files.length > 30, 'too few files: the pattern reads the wrong place');
  const found = files.flatMap((file) =>
    violations(file, importsOf(readFileSync(file, 'utf8')), layers, forTests),
  );
  t.deepEqual(found, []);
});

test('an import from raft into the master is caught, in whatever form it is written', (t) => {
  const file = 'raft/core/raw-node.ts';
  for (const source of [
    "import { Master } from '#internal/master/leader/master.ts';",
    "import type { Master } from '../../internal/master/leader/master.ts';",
    'export * from "#internal/master/leader/master.ts";',
    "const { Master } = await import('#internal/master/leader/master.ts');",
    "import '#internal/master/leader/master.ts';",
    "type M = import('#internal/master/leader/master.ts').Master;",
    "const m = require('../../internal/master/leader/master.ts');",
    'import {\n  Master,\n} from "#internal/master/leader/master.ts";',
  ]) {
    const found = violations(file, importsOf(source), layers, forTests);
    t.deepEqual(found, [`${file} must not import internal/master/leader/master.ts`], source);
  }
});

test('an import whose target is computed cannot be checked, so it is refused', (t) => {
  const found = violations(
    'raft/core/raw-node.ts',
    importsOf('const m = await import(`#internal/${name}`);'),
    layers,
    forTests,
  );
  t.deepEqual(found, ['raft/core/raw-node.ts imports something that is not a plain text']);
});

test('a file outside the table and a package that is not in it are violations', (t) => {
  t.deepEqual(violations('lib/thing.ts', [], layers, forTests), [
    'lib/thing.ts: its folder is not in the table',
  ]);
  t.deepEqual(violations('raft/core/x.ts', importsOf("import 'level';"), layers, forTests), [
    'raft/core/x.ts must not import level',
  ]);
});

test('words in comments and strings are not imports', (t) => {
  const source = [
    "// import { x } from '#internal/master/x.ts'",
    "/* await import('level') */",
    `const text = "import { y } from 'level'";`,
  ].join('\n');
  t.deepEqual(importsOf(source), []);
});
