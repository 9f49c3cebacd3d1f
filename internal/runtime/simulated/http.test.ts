import test from 'ava';
import { httpSuite } from '../http.suite.ts';
import { SimulatedHttp } from './http.ts';
import { SimulatedNetwork } from './network.ts';
import { SimulatedWorld } from './world.ts';

httpSuite(test, async () => {
  const world = new SimulatedWorld({ seed: 1 });
  const http = new SimulatedHttp({ network: new SimulatedNetwork({ world }) });
  return {
    listener: http.listener(world.boot('server')),
    client: http.client(world.boot('client')),
    host: 'server',
    run: (promise) => world.settle(promise, { withinMs: 600_000 }),
    [Symbol.asyncDispose]: async () => {},
  };
});
