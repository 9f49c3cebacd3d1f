/** Stores of frameworks, asked over HTTP of masters that lead: what the page of the manual promises. */
import test from 'ava';
import fc from 'fast-check';
import { noStore, withValue } from '#internal/model/framework-store.ts';
import { frameworkId } from '#internal/model/ids.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { newestVersion } from '#internal/state/version.ts';
import { facesOf, textOf } from '#internal/testing/master-under-test.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { smallCluster } from '../testing/test-cluster.ts';
import type { TestScheduler } from '../testing/test-scheduler.ts';
import { pageOf } from './store-page.ts';

const target = '/api/altiplano/v1/store';
const stores = { keysMax: 3, bytesMax: 100, valueBytesMax: 60, underWayBytesMax: 1000 };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

type Reply = { readonly status: number; readonly text: string };
type Stage = Awaited<ReturnType<typeof smallCluster>> & {
  /** A call of the framework, by the stream that it is subscribed with, or another. */
  readonly ask: (call: object, streamId?: string) => Promise<Reply>;
};

async function stage(): Promise<Stage> {
  const small = await smallCluster({ master: { stores }, version: newestVersion });
  const { cluster, leader, scheduler } = small;
  const clock = simulatedClock({ world: cluster.world, life: cluster.world.boot('reader') });
  const faces = facesOf(leader.master, clock);
  return {
    ...small,
    async ask(call, streamId = scheduler.streamId) {
      const body = Buffer.from(JSON.stringify({ framework_id: scheduler.id, ...call }));
      const headers = { 'content-type': 'application/json', 'mesos-stream-id': streamId };
      const asking = faces({ method: 'POST', target, headers, body });
      const response = await cluster.world.settle(asking, { withinMs: 1000 });
      return { status: response.status, text: textOf(response) };
    },
  };
}

const put = (key: string, text: string, expected_version?: number): object => ({
  put: { key, value: base64(text), expected_version },
});
const valueOf = ({ text }: Reply): unknown => JSON.parse(text);

test('what was put is got with its version, which rises whatever is deleted', async (t) => {
  const { ask } = await stage();
  t.deepEqual(valueOf(await ask(put('a', 'one'))), { version: 1 });
  t.deepEqual(valueOf(await ask(put('b', 'two', 0))), { version: 2 });
  const entry = { key: 'a', value: base64('one'), version: 1 };
  t.deepEqual(valueOf(await ask({ get: { key: 'a' } })), { entry });
  t.is((await ask({ delete: { key: 'b', expected_version: 2 } })).status, 200);
  t.is((await ask({ get: { key: 'b' } })).status, 404);
  t.deepEqual(valueOf(await ask(put('b', 'anew', 0))), { version: 3 });
});

test('each way of being refused has a status of its own, and changes nothing', async (t) => {
  const { ask } = await stage();
  await ask(put('a', 'one'));
  const refusals: readonly (readonly [status: number, call: object])[] = [
    [400, {}],
    [400, { get: { key: 'a' }, list: {} }],
    [400, { get: { key: '' } }],
    [400, { list: { limit: 0 } }],
    [404, { get: { key: 'z' } }],
    [404, { delete: { key: 'z' } }],
    [404, { framework_id: 'nobody', get: { key: 'a' } }],
    [409, put('b', 'x'.repeat(60))],
    [412, put('a', 'two', 0)],
    [412, put('a', 'two', 9)],
    [412, put('z', 'two', 1)],
    [412, { delete: { key: 'a', expected_version: 9 } }],
    [413, put('a', 'x'.repeat(61))],
    [413, { get: { key: 'x'.repeat(513) } }],
  ];
  await ask(put('c', 'x'.repeat(50)));
  for (const [status, call] of refusals) {
    t.is((await ask(call)).status, status, JSON.stringify(call).slice(0, 100));
  }
  const page = valueOf(await ask({ list: { keys_only: true } }));
  t.deepEqual(page, {
    page: {
      entries: [
        { key: 'a', version: 1 },
        { key: 'c', version: 2 },
      ],
      more: false,
    },
  });
  t.is((await ask(put('d', ''))).status, 200);
  t.is((await ask(put('e', ''))).status, 409);
});

test('nobody reads or writes the store of another, and one whose stream was taken over neither', async (t) => {
  const { ask, cluster, leader, scheduler } = await stage();
  const other = await cluster.scheduler(leader, { name: 'other' });
  await ask(put('a', 'own'));
  for (const call of [put('a', 'foreign'), { get: { key: 'a' } }, { list: {} }]) {
    t.is((await ask(call, other.streamId)).status, 403);
    t.is((await ask(call, 'none')).status, 403);
  }
  const old = scheduler.streamId;
  scheduler.subscribe();
  // On its way into the log, and when it is there.
  t.is((await ask(put('a', 'late'), old)).status, 403);
  await cluster.settle();
  t.is((await ask(put('a', 'later'), old)).status, 403);
  t.like(valueOf(await ask({ get: { key: 'a' } })), { entry: { value: base64('own') } });
});

test('by its principal a framework speaks without a stream, and nobody else does', async (t) => {
  const { cluster, leader } = await stage();
  const owner = await cluster.scheduler(leader, { name: 'owner', principal: 'p' });
  const asks = async (principal: string | undefined, streamId?: string): Promise<string> => {
    const id = frameworkId(owner.id);
    const reading = leader.master.readStore(id, { principal, streamId });
    const answer = await cluster.world.settle(reading, { withinMs: 1000 });
    return answer.kind === 'refused' ? `${answer.answer.status}` : answer.kind;
  };
  t.is(await asks('p'), 'read');
  t.is(await asks('p', owner.streamId), 'read');
  t.is(await asks('p', 'of before'), '403');
  t.is(await asks('q'), '403');
  t.is(await asks('q', owner.streamId), '403');
  t.is(await asks(undefined), '403');
});

test('the next leader has what was put, and goes on with the versions', async (t) => {
  const { ask, cluster, scheduler } = await stage();
  await ask(put('a', 'one'));
  await cluster.start(2);
  await cluster.settle();
  const next = await cluster.lead(2);
  t.is((await ask({ get: { key: 'a' } })).status, 307);
  const again: TestScheduler = scheduler;
  again.subscribe(next.master);
  await cluster.settle();
  const speaker = { streamId: again.streamId, principal: undefined };
  const id = frameworkId(again.id);
  const reading = next.master.readStore(id, speaker);
  const read = await cluster.world.settle(reading, { withinMs: 1000 });
  t.is(read.kind === 'read' && read.store.values.get('a')?.version, 1);
  const write = { kind: 'put', frameworkId: id, key: 'b', expected: 0 } as const;
  const writing = next.master.writeStore({ ...write, value: new Uint8Array(1) }, speaker);
  const written = await cluster.world.settle(writing, { withinMs: 1000 });
  t.deepEqual(written, { kind: 'put', version: 2 });
});

test('protobuf says the same as JSON', async (t) => {
  const { cluster, leader, scheduler } = await stage();
  const clock = simulatedClock({ world: cluster.world, life: cluster.world.boot('reader 2') });
  const faces = facesOf(leader.master, clock);
  const type = 'application/x-protobuf';
  const ask = async (call: object): Promise<unknown> => {
    const asking = faces({
      method: 'POST',
      target,
      headers: { 'content-type': type, accept: type, 'mesos-stream-id': scheduler.streamId },
      body: encode('altiplano.store.v1.Call', { framework_id: scheduler.id, ...call }),
    });
    const response = await cluster.world.settle(asking, { withinMs: 1000 });
    if (response.kind !== 'whole') return undefined;
    return decode('altiplano.store.v1.Reply', response.body);
  };
  const value = Uint8Array.of(0, 255, 1);
  t.deepEqual(await ask({ put: { key: 'a', value, expected_version: 0n } }), { version: 1n });
  t.like(await ask({ get: { key: 'a' } }), { entry: { key: 'a', version: 1n } });
});

test('pages one after the other give every key with the prefix once, in order', (t) => {
  const keys = fc.uniqueArray(fc.stringMatching(/^[ab/é]{1,4}$/), { maxLength: 30 });
  const limits = fc.record({
    entriesMax: fc.integer({ min: 1, max: 8 }),
    bytesMax: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(
      keys,
      fc.constantFrom('', 'a', 'a/'),
      limits,
      fc.boolean(),
      (all, prefix, max, bare) => {
        const store = all.reduce(
          (kept, key, n) => withValue(kept, key, { value: new Uint8Array(n), version: n + 1 }),
          noStore,
        );
        const found: string[] = [];
        for (let pages = 0, more = true; more; pages++) {
          t.true(pages <= all.length);
          const after = found.at(-1);
          const asked = { prefix, keys_only: bare, ...(after !== undefined && { after }) };
          const page = pageOf(store, asked, max);
          for (const { key, value } of page.entries ?? []) {
            found.push(key);
            t.is(value === undefined, bare);
          }
          more = page.more;
        }
        t.deepEqual(found, all.filter((key) => key.startsWith(prefix)).toSorted());
      },
    ),
  );
});
