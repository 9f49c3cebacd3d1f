import test from 'ava';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedStreams } from '#internal/runtime/simulated/streams.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { acceptSimulatedLinks, simulatedLinkDialer } from './link-simulated.ts';
import { type LinkRig, linkSuite, suiteBacklogBytesMax, textCodec } from './link.suite.ts';

async function openRig(): Promise<LinkRig> {
  const world = new SimulatedWorld({ seed: 'links' });
  const streams = new SimulatedStreams<Uint8Array>(
    { network: new SimulatedNetwork({ world }) },
    { name: 'link' },
  );
  const options = { backlogBytesMax: suiteBacklogBytesMax };
  const [near, far] = [world.boot('near'), world.boot('far')];
  let port = 1;
  return {
    listen: async (accept) => {
      port++;
      const dependencies = { streams, life: far, codec: textCodec };
      acceptSimulatedLinks(dependencies, { ...options, port }, accept);
      return `far:${port}`;
    },
    dialer: simulatedLinkDialer({ streams, life: near, codec: textCodec }, options),
    nobody: 'far:1',
    until: async (condition) => {
      if (!(await world.runUntil(condition, { withinMs: 60_000 }))) throw new Error('never');
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

linkSuite(test, openRig);
