import test from 'ava';
import type { HttpHandler, HttpResponse } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedHttp } from '#internal/runtime/simulated/http.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import type { Call } from '#proto/gen/altiplano/store/v1.ts';
import type { FrameworkStore } from './framework-store.ts';
import { openFrameworkStore } from './standing-store.ts';

type Stage = {
  readonly world: SimulatedWorld;
  readonly store: FrameworkStore;
  /** Who was asked what, in whose name. */
  readonly asked: (readonly [master: string, authorization: string | undefined, call: Call])[];
};

/** A process beside masters that answer as they are told to. */
function stage(masters: Readonly<Record<string, () => HttpResponse>>, known: string[]): Stage {
  const world = new SimulatedWorld({ seed: 1 });
  const http = new SimulatedHttp({ network: new SimulatedNetwork({ world }) });
  const asked: [string, string | undefined, Call][] = [];
  for (const [name, answer] of Object.entries(masters)) {
    const handler: HttpHandler = ({ body, headers }) => {
      asked.push([name, headers['authorization'], decode('altiplano.store.v1.Call', body)]);
      return answer();
    };
    const place = { host: name, port: 5050, bodyBytesMax: 1 << 20 };
    void http.listener(world.boot(name)).listen(place, handler);
  }
  world.boot('off');
  const life = world.boot('standby');
  const store = openFrameworkStore(
    { clock: simulatedClock({ world, life }), http: http.client(life) },
    { masters: known, frameworkId: 'F', authorization: 'Basic x' },
  );
  return { world, store, asked };
}

const answer = (status: number, body: Uint8Array, headers = {}): HttpResponse => ({
  kind: 'whole',
  status,
  headers,
  body,
});
const text = (status: number, words: string): HttpResponse =>
  answer(status, new TextEncoder().encode(words));
const redirect = (to: string): HttpResponse =>
  answer(307, new Uint8Array(), { location: `//${to}/api/altiplano/v1/store` });
const version = (of: bigint): HttpResponse =>
  answer(200, encode('altiplano.store.v1.Reply', { version: of }));

test('whoever stands by finds the leader, in the name of its framework, and asks it first from then on', async (t) => {
  const { world, store, asked } = stage(
    { m1: () => text(503, ''), m2: () => redirect('m3:5050'), m3: () => version(7n) },
    ['off:5050', 'm1:5050', 'm2:5050'],
  );
  const put = store.put('k', Uint8Array.of(1), 6n);
  const done = { kind: 'done', value: 7n } as const;
  t.deepEqual(await world.settle(put, { withinMs: 1000 }), done);
  const call = {
    framework_id: 'F',
    put: { key: 'k', value: Uint8Array.of(1), expected_version: 6n },
  };
  t.deepEqual(asked, [
    ['m1', 'Basic x', call],
    ['m2', 'Basic x', call],
    ['m3', 'Basic x', call],
  ]);
  await world.settle(store.put('k', Uint8Array.of(1), 6n), { withinMs: 1000 });
  t.is(asked.length, 4);
  t.is(asked.at(-1)?.[0], 'm3');
});

test('where nobody leads, nothing was done, and nobody is asked for ever', async (t) => {
  const { world, store, asked } = stage(
    { m1: () => redirect('m2:5050'), m2: () => redirect('m1:5050') },
    ['m1:5050', 'm2:5050'],
  );
  const outcome = await world.settle(store.get('k'), { withinMs: 60_000 });
  t.deepEqual(outcome, { kind: 'unavailable' });
  t.true(asked.length <= 5);
});

test('a master that does not answer in time leaves it open what was done, and the next is asked next', async (t) => {
  const silent: HttpResponse = { kind: 'stream', status: 200, headers: {}, open: () => {} };
  const { world, store, asked } = stage({ m1: () => silent, m2: () => version(1n) }, [
    'm1:5050',
    'm2:5050',
  ]);
  const first = await world.settle(store.put('k', Uint8Array.of(1)), { withinMs: 6000 });
  t.deepEqual(first, { kind: 'unknown' });
  const second = await world.settle(store.put('k', Uint8Array.of(1)), { withinMs: 6000 });
  t.deepEqual(second, { kind: 'done', value: 1n });
  t.deepEqual(
    asked.map(([master]) => master),
    ['m1', 'm2'],
  );
});

test('each status of a refusal is its own outcome', async (t) => {
  const cases: readonly (readonly [HttpResponse, object])[] = [
    [text(412, 'no'), { kind: 'conflict' }],
    [text(504, 'no'), { kind: 'unknown' }],
    [text(403, 'no'), { kind: 'unavailable' }],
    [text(404, 'There is no key k'), { kind: 'absent' }],
    [text(404, 'no framework'), { kind: 'refused', status: 404, text: 'no framework' }],
    [text(413, 'too long'), { kind: 'refused', status: 413, text: 'too long' }],
  ];
  for (const [response, expected] of cases) {
    const { world, store } = stage({ m1: () => response }, ['m1:5050']);
    t.deepEqual(await world.settle(store.get('k'), { withinMs: 1000 }), expected);
  }
});
