/** Stores of frameworks over HTTP, in either dialect. */
import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { newestVersion } from '#internal/state/version.ts';
import { facesOf, textOf } from '#internal/testing/master-under-test.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { smallCluster } from '../testing/test-cluster.ts';
import { storeSuite } from './store.suite.ts';

const target = '/api/altiplano/v1/store';
const type = 'application/x-protobuf';

storeSuite('HTTP', (door, clock, doormen) => {
  const faces = facesOf(door, clock, doormen);
  return async (call, said) => {
    const headers = { ...said, 'content-type': type, accept: type };
    const body = encode('altiplano.store.v1.Call', call);
    const response = await faces({ method: 'POST', target, headers, body });
    if (response.kind !== 'whole' || response.status !== 200) return { status: response.status };
    return { status: 200, reply: decode('altiplano.store.v1.Reply', response.body) };
  };
});

test('JSON says the same as protobuf', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster({ version: newestVersion });
  const clock = simulatedClock({ world: cluster.world, life: cluster.world.boot('reader') });
  const faces = facesOf(leader.master, clock);
  const ask = async (call: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', 'mesos-stream-id': scheduler.streamId };
    const body = Buffer.from(JSON.stringify({ framework_id: scheduler.id, ...call }));
    const asking = faces({ method: 'POST', target, headers, body });
    return JSON.parse(textOf(await cluster.world.settle(asking, { withinMs: 1000 })));
  };
  const value = Buffer.from([0, 255, 1]).toString('base64');
  t.deepEqual(await ask({ put: { key: 'a', value, expected_version: 0 } }), { version: 1 });
  t.deepEqual(await ask({ get: { key: 'a' } }), { entry: { key: 'a', value, version: 1 } });
});
