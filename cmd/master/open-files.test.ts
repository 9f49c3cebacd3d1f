import test from 'ava';
import fc from 'fast-check';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { filesNeededFor, shareOpenFiles, tellRoom } from './open-files.ts';

test('connections never take all files, and the limit that is asked for has room for the agents', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 2_000_000 }), (openFilesMax) => {
      const { agentsMax, callersMax } = shareOpenFiles(openFilesMax);
      t.true(agentsMax > 0 && callersMax > 0);
      t.true(agentsMax + callersMax < openFilesMax);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (agents) => {
      t.true(shareOpenFiles(filesNeededFor(agents)).agentsMax >= agents);
    }),
  );
});

test('a master that has more agents than it has room for says which limit it needs', (t) => {
  const { logger, lines } = openLogBook({ nowMs: () => 0 });
  tellRoom(logger, { openFilesMax: 20_000, agents: 10_000 });
  t.deepEqual(
    lines.map(({ level }) => level),
    ['info'],
  );
  tellRoom(logger, { openFilesMax: 1024, agents: 10_000 });
  t.like(lines.at(-1), { level: 'warn', fields: { agents: 10_000, openFilesNeeded: 13_590 } });
});
