import test from 'ava';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { containerizerSuite } from './containerizer.suite.ts';
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
