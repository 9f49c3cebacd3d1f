import test from 'ava';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { containerizerSuite, specFor } from './containerizer.suite.ts';
import { SimulatedContainers } from './simulated.ts';

containerizerSuite(test, async () => {
  const world = new SimulatedWorld({ seed: 'containers' });
  const containers = new SimulatedContainers({ world, random: world.random('containers') });
  return {
    restart: async () => {
      world.crash('agent', 'process');
      return containers.containerizer(world.boot('agent'));
    },
    run: (promise) => world.settle(promise, { withinMs: 3_600_000 }),
    exits: (status) => ({ kind: 'shell', line: `exit ${status}` }),
    runsOn: { kind: 'shell', line: 'sleep 500' },
    ignoresTerm: { kind: 'shell', line: 'trap TERM; sleep 500' },
    says: (text) => ({ kind: 'shell', line: `echo ${text}; exit 0` }),
    echoes: { kind: 'shell', line: 'cat; exit 0' },
    impossible: { command: { kind: 'shell', line: 'fail' } },
    [Symbol.asyncDispose]: async () => {},
  };
});

test('who eats more than its limit is ended for it, and the next agent knows; others are not', async (t) => {
  const world = new SimulatedWorld({ seed: 'limits' });
  const containers = new SimulatedContainers({ world, random: world.random('containers') });
  const settle = <T>(promise: Promise<T>): Promise<T> =>
    world.settle(promise, { withinMs: 60_000 });
  const limits = { cpus: 1, cpusMax: 1, memBytes: 64 << 20, diskBytes: 10 << 20 };
  const first = containers.containerizer(world.boot('agent'));
  const specs = ['MEMORY 65', 'DISK 11', 'MEMORY 64; eat DISK 10'].map((meal) =>
    specFor({ kind: 'shell', line: `sleep 1; eat ${meal}; exit 0` }, { limits }),
  );
  const ends = await Promise.all(
    specs.map(async (spec) => await settle((await settle(first.launch(spec))).ended)),
  );
  const told = ends.map((end) => (end.kind === 'limited' ? end.limitation.message : end.kind));
  t.deepEqual(told, [
    'Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \n\n',
    'Disk usage (11MB) exceeds quota (10MB)',
    'exited',
  ]);
  world.crash('agent', 'process');
  const port = containers.containerizer(world.boot('agent'));
  for (const [at, spec] of specs.entries()) {
    t.like(await settle(port.recover(spec)), { kind: 'ended', end: ends[at] });
  }
});
