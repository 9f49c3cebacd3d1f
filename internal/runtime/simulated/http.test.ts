import { getEventListeners } from 'node:events';
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { HttpError } from '../http.ts';
import { httpSuite } from '../http.suite.ts';
import { simulatedClock } from './clock.ts';
import { SimulatedHttp } from './http.ts';
import { CALM, SimulatedNetwork } from './network.ts';
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

type StormyRun = {
  readonly hash: number;
  readonly seen: readonly string[];
  /** Calls that ended whole after everything was healed. */
  readonly healed: number;
};

/** Clients poll and stream while the server dies and the network is cut; tells what they saw. */
async function stormyRun(seed: number): Promise<StormyRun> {
  const world = new SimulatedWorld({ seed });
  const network = new SimulatedNetwork({ world }, { ...CALM, delayMsMax: 30, loss: 0.05 });
  const http = new SimulatedHttp({ network });
  const boot = (): void => {
    const life = world.boot('server');
    const clock = simulatedClock({ world, life });
    void http.listener(life).listen({ host: '', port: 80, bodyBytesMax: 10 }, () => ({
      kind: 'stream',
      status: 200,
      headers: {},
      async open(sink) {
        for (let i = 0; i < 10 && !sink.closed.aborted; i++) {
          sink.write(Uint8Array.of(i));
          await clock.sleep(100);
        }
        sink.end();
      },
    }));
  };
  boot();
  world.schedule(1500, 'crash', () => world.crash('server', 'process'));
  world.schedule(3000, 'boot', boot);
  world.schedule(6000, 'cut', () => network.partition([['server'], ['client']]));
  world.schedule(20_000, 'heal', () => network.heal());
  const seen: string[] = [];
  let healed = 0;
  const life = world.boot('client');
  const clock = simulatedClock({ world, life });
  const client = http.client(life);
  const poll = async (): Promise<void> => {
    for (;;) {
      const got: number[] = [];
      const control = new AbortController();
      // Without it, a reader would wait for ever for a server that has given up on him.
      const limit = clock.after(5000, () => control.abort());
      try {
        const { signal } = control;
        const reply = await client.call({ method: 'GET', url: 'http://server/', signal });
        for await (const chunk of reply.body) got.push(...chunk);
        seen.push(`whole ${got.join('')}`);
        if (world.nowMs > 22_000) healed++;
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        seen.push(`${error.code} ${got.join('')}`);
      }
      limit.cancel();
      await clock.sleep(200);
    }
  };
  void poll();
  await world.runFor(30_000);
  return { hash: world.hash, seen, healed };
}

test('calls through crashes and partitions end whole or as faults, and replay from the seed', async (t) => {
  const codes = new Set<string>();
  for (const seed of seedsOf(20)) {
    const run = await stormyRun(seed);
    t.deepEqual(await stormyRun(seed), run, `SEED=${seed}`);
    for (const line of run.seen) {
      const [outcome = '', got = ''] = line.split(' ');
      t.true('0123456789'.startsWith(got), `SEED=${seed}: ${line}`);
      if (outcome === 'whole') t.is(got, '0123456789', `SEED=${seed}`);
      codes.add(outcome);
    }
    t.true(run.healed > 0, `SEED=${seed}: no recovery`);
  }
  if (process.env['SEED'] !== undefined) return;
  t.deepEqual([...codes].toSorted(), ['ABORTED', 'ECONNREFUSED', 'ECONNRESET', 'whole']);
});

test('a call listens to its signal until it ends, or until its program does', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const http = new SimulatedHttp({ network: new SimulatedNetwork({ world }) });
  await http
    .listener(world.boot('server'))
    .listen({ host: '', port: 80, bodyBytesMax: 10 }, ({ target }) =>
      target === '/whole'
        ? { kind: 'whole', status: 200, headers: {}, body: Uint8Array.of(1) }
        : {
            kind: 'stream',
            status: 200,
            headers: {},
            open: (sink) => sink.write(Uint8Array.of(1)),
          },
    );
  const client = http.client(world.boot('client'));
  const { signal } = new AbortController();
  const listeners = (): number => getEventListeners(signal, 'abort').length;
  const calls = ['/whole', '/stream'].map((path) =>
    client.call({ method: 'GET', url: `http://server${path}`, signal }),
  );
  t.is(listeners(), 2);
  for (const call of calls) await world.settle(call, { withinMs: 1000 });
  await world.runFor(1000);
  t.is(listeners(), 1, 'one is over');
  world.end();
  t.is(listeners(), 0);
  t.false(world.isUp('client') || world.isPowered('server'));
});
