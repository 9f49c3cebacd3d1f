import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { simulatedConnector } from '#internal/runtime/simulated/connector.ts';
import { SimulatedHttp } from '#internal/runtime/simulated/http.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { specFor } from '../containers/containerizer.suite.ts';
import { SimulatedContainers } from '../containers/simulated.ts';
import { probesSuite } from './probes.suite.ts';

probesSuite(test, async () => {
  const world = new SimulatedWorld({ seed: 1 });
  const http = new SimulatedHttp({ network: new SimulatedNetwork({ world }) });
  const life = world.boot('agent');
  const client = http.client(life);
  const containers = new SimulatedContainers({ world, random: world.random('containers') });
  const containerizer = containers.containerizer(life);
  return {
    clock: simulatedClock({ world, life }),
    listener: http.listener(life),
    client,
    connector: simulatedConnector({ client }),
    containerizer,
    run: (promise) => world.settle(promise, { withinMs: 600_000 }),
    exits: (status) => ({ kind: 'shell', line: `exit ${status}` }),
    runsOn: { kind: 'shell', line: 'sleep 100' },
    async startTask() {
      const spec = specFor({ kind: 'shell', line: 'sleep 1000' });
      await containerizer.launch(spec);
      return spec;
    },
    [Symbol.asyncDispose]: async () => {},
  };
});

test('a simulated task is as ill as it says', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const containers = new SimulatedContainers({ world, random: world.random('containers') });
  const life = world.boot('agent');
  const containerizer = containers.containerizer(life);
  const line = 'sleep 1; fall ILL; sleep 1; get WELL; sleep 100';
  const program = async (): Promise<void> => {
    const task = specFor({ kind: 'shell', line });
    await containerizer.launch(task);
    const seen: number[] = [];
    for (let at = 0; at < 6; at++) {
      const spec = specFor({ kind: 'shell', line: 'ask PARENT' });
      const { ended } = await containerizer.launch({
        ...spec,
        taskId: undefined,
        parentId: task.containerId,
        nesting: 'debug',
      });
      const end = await ended;
      seen.push(end.kind === 'exited' ? end.status : -1);
      await simulatedClock({ world, life }).sleep(500);
    }
    t.regex(seen.join(''), /^0+1+0+$/);
  };
  await world.settle(program(), { withinMs: 60_000 });
});
