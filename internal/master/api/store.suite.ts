/**
 * What every door to the stores of frameworks has to do: asked of masters that lead, in virtual time. The
 * statuses are those of HTTP, which every door tells.
 */
import test from 'ava';
import { basicAuthenticator, basicAuthorization } from '#internal/auth/basic.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { newestVersion } from '#internal/state/version.ts';
import type { Call, Reply } from '#proto/gen/altiplano/store/v1.ts';
import type { MasterDoor } from '../door.ts';
import { smallCluster, type TestMaster } from '../testing/test-cluster.ts';
import type { TestScheduler } from '../testing/test-scheduler.ts';
import type { Doormen } from './doorman.ts';

type Headers = Readonly<Record<string, string>>;
export type StoreReply = { readonly status: number; readonly reply?: Reply };
/** Asks in the name of whom the headers tell. */
export type StoreAsk = (call: Call, headers: Headers) => Promise<StoreReply>;
export type StoreDoors = (door: MasterDoor, clock: Clock, doormen: Doormen) => StoreAsk;

const stores = { keysMax: 3, bytesMax: 100, valueBytesMax: 60, underWayBytesMax: 1000 };
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

type Asked = Partial<Call>;
type Stage = Awaited<ReturnType<typeof smallCluster>> & {
  /** A call of the framework, by the stream that it is subscribed with, or otherwise. */
  readonly ask: (call: Asked, headers?: Headers) => Promise<StoreReply>;
  readonly askOf: (
    master: TestMaster,
    doormen?: Doormen,
  ) => (call: Call, headers: Headers) => Promise<StoreReply>;
};

async function stageOf(doors: StoreDoors): Promise<Stage> {
  const small = await smallCluster({ master: { stores }, version: newestVersion });
  const { cluster, leader, scheduler } = small;
  const clock = simulatedClock({ world: cluster.world, life: cluster.world.boot('reader') });
  const askOf: Stage['askOf'] = ({ master }, doormen = {}) => {
    const ask = doors(master, clock, doormen);
    return async (call, headers) =>
      await cluster.world.settle(ask(call, headers), { withinMs: 1000 });
  };
  const askLeader = askOf(leader);
  return {
    ...small,
    askOf,
    ask: async (call, headers = streamOf(scheduler)) =>
      await askLeader({ framework_id: scheduler.id, ...call }, headers),
  };
}

const streamOf = ({ streamId }: TestScheduler): Headers => ({ 'mesos-stream-id': streamId });
const put = (key: string, text: string, expected?: bigint): Asked => ({
  put: {
    key,
    value: bytesOf(text),
    ...(expected !== undefined && { expected_version: expected }),
  },
});
const done = (reply: Reply): StoreReply => ({ status: 200, reply });

export function storeSuite(name: string, doors: StoreDoors): void {
  const stage = async (): Promise<Stage> => await stageOf(doors);

  test(`${name}: what was put is got with its version, which rises whatever is deleted`, async (t) => {
    const { ask } = await stage();
    t.deepEqual(await ask(put('a', 'one')), done({ version: 1n }));
    t.deepEqual(await ask(put('b', 'two', 0n)), done({ version: 2n }));
    const entry = { key: 'a', value: bytesOf('one'), version: 1n };
    t.deepEqual(await ask({ get: { key: 'a' } }), done({ entry }));
    t.deepEqual(await ask({ delete: { key: 'b', expected_version: 2n } }), done({}));
    t.is((await ask({ get: { key: 'b' } })).status, 404);
    t.deepEqual(await ask(put('b', 'anew', 0n)), done({ version: 3n }));
  });

  test(`${name}: each way of being refused has a status of its own, and changes nothing`, async (t) => {
    const { ask } = await stage();
    await ask(put('a', 'one'));
    const refusals: readonly (readonly [status: number, call: Asked])[] = [
      [400, {}],
      [400, { get: { key: 'a' }, list: {} }],
      [400, { get: { key: '' } }],
      [400, { list: { limit: 0 } }],
      [404, { get: { key: 'z' } }],
      [404, { delete: { key: 'z' } }],
      [404, { framework_id: 'nobody', get: { key: 'a' } }],
      [409, put('b', 'x'.repeat(60))],
      [412, put('a', 'two', 0n)],
      [412, put('a', 'two', 9n)],
      [412, put('z', 'two', 1n)],
      [412, { delete: { key: 'a', expected_version: 9n } }],
      [413, put('a', 'x'.repeat(61))],
      [413, { framework_id: 'x'.repeat(1024 * 1024), list: {} }],
      [413, { get: { key: 'x'.repeat(513) } }],
    ];
    await ask(put('c', 'x'.repeat(50)));
    for (const [n, [status, call]] of refusals.entries()) {
      t.deepEqual(await ask(call), { status }, `refusal ${n}`);
    }
    const entries = [
      { key: 'a', version: 1n },
      { key: 'c', version: 2n },
    ];
    const page = { entries, more: false };
    t.deepEqual(await ask({ list: { keys_only: true } }), done({ page }));
    t.is((await ask(put('d', ''))).status, 200);
    t.is((await ask(put('e', ''))).status, 409);
  });

  test(`${name}: nobody asks the store of another, and one whose stream was taken over none`, async (t) => {
    const { ask, cluster, leader, scheduler } = await stage();
    const other = await cluster.scheduler(leader, { name: 'other' });
    await ask(put('a', 'own'));
    for (const call of [put('a', 'foreign'), { get: { key: 'a' } }, { list: {} }]) {
      t.is((await ask(call, streamOf(other))).status, 403);
      t.is((await ask(call, { 'mesos-stream-id': 'none' })).status, 403);
      t.is((await ask(call, {})).status, 403);
    }
    const old = streamOf(scheduler);
    scheduler.subscribe();
    // On its way into the log, and when it is there.
    t.is((await ask(put('a', 'late'), old)).status, 403);
    await cluster.settle();
    t.is((await ask(put('a', 'later'), old)).status, 403);
    t.like((await ask({ get: { key: 'a' } })).reply, { entry: { value: bytesOf('own') } });
  });

  test(`${name}: by its principal a framework speaks without a stream, and nobody else does`, async (t) => {
    const { cluster, leader, askOf } = await stage();
    const owner = await cluster.scheduler(leader, { name: 'owner', principal: 'p' });
    const secrets = new Map(['p', 'q'].map((principal) => [principal, 'secret']));
    const ask = askOf(leader, { 'mesos-master-scheduler': basicAuthenticator(secrets) });
    const asks = async (principal?: string, streamId?: string): Promise<number> => {
      const authorization =
        principal === undefined ? undefined : basicAuthorization({ principal, secret: 'secret' });
      const headers = {
        ...(authorization !== undefined && { authorization }),
        ...(streamId !== undefined && { 'mesos-stream-id': streamId }),
      };
      return (await ask({ framework_id: owner.id, list: {} }, headers)).status;
    };
    t.is(await asks('p'), 200);
    t.is(await asks('p', owner.streamId), 200);
    t.is(await asks('p', 'of before'), 403);
    t.is(await asks('q'), 403);
    t.is(await asks('q', owner.streamId), 403);
    t.is(await asks(undefined, owner.streamId), 401);
    t.is(await asks('nobody', owner.streamId), 401);
  });

  test(`${name}: the next leader has what was put, and goes on with the versions`, async (t) => {
    const { ask, askOf, cluster, scheduler } = await stage();
    await ask(put('a', 'one'));
    await cluster.start(2);
    await cluster.settle();
    const next = await cluster.lead(2);
    t.is((await ask({ get: { key: 'a' } })).status, 307);
    scheduler.subscribe(next.master);
    await cluster.settle();
    const askNext = askOf(next);
    const call = { framework_id: scheduler.id };
    const own = streamOf(scheduler);
    const got = await askNext({ ...call, get: { key: 'a' } }, own);
    t.like(got.reply, { entry: { version: 1n } });
    const written = await askNext({ ...call, ...put('b', 'two', 0n) }, own);
    t.deepEqual(written, done({ version: 2n }));
  });
}
