/** Stores of frameworks over gRPC. */
import test from 'ava';
import { oracleView } from '#internal/testing/oracle-cluster.ts';
import { scriptedDoor } from '#internal/testing/scripted-door.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { storeRpc } from './store-rpc.ts';
import { storeSuite } from './store.suite.ts';

storeSuite('gRPC', (door, _, doormen) => {
  const handler = storeRpc(door, doormen);
  return async (call, headers) => {
    const reply = await handler({ headers, body: encode('altiplano.store.v1.Call', call) });
    if (!reply.ok) return { status: Number(reply.refusal.trailers['altiplano-status']) };
    return { status: 200, reply: decode('altiplano.store.v1.Reply', reply.value) };
  };
});

const view = oracleView('none');
const get = encode('altiplano.store.v1.Call', { framework_id: 'f', get: { key: 'a' } });
const following = {
  kind: 'following',
  leader: { ...view.self, hostname: 'm2', grpcPort: 7 },
} as const;

test('whoever does not lead names who does, and does not look at the call', async (t) => {
  const door = scriptedDoor({ view: view, leadership: following });
  for (const body of [get, Uint8Array.of(255)]) {
    const reply = await storeRpc(door, {})({ headers: {}, body });
    t.like(reply, {
      ok: false,
      refusal: {
        kind: 'unavailable',
        trailers: { 'altiplano-status': '307', 'altiplano-leader': 'm2:7' },
      },
    });
  }
});

test('a leader that is not ready, and none, are 503', async (t) => {
  for (const kind of ['recovering', 'leaderless'] as const) {
    const door = scriptedDoor({ view: view, leadership: { kind } });
    const reply = await storeRpc(door, {})({ headers: {}, body: get });
    const trailers = { 'altiplano-status': '503' };
    t.like(reply, { ok: false, refusal: { kind: 'unavailable', trailers } });
  }
});

test('bytes that are no call are refused', async (t) => {
  const door = scriptedDoor({ view: view });
  const reply = await storeRpc(door, {})({ headers: {}, body: Uint8Array.of(255) });
  t.like(reply, { ok: false, refusal: { kind: 'malformed' } });
});

test('each status of the manual is a kind of failure of its own', async (t) => {
  const kinds: string[] = [];
  for (const status of [400, 403, 404, 409, 412, 413, 503, 504]) {
    const door = scriptedDoor({ view: view, answer: { status, text: `why ${status}` } });
    const reply = await storeRpc(door, {})({ headers: {}, body: get });
    if (reply.ok) continue;
    kinds.push(reply.refusal.kind);
    t.is(reply.refusal.message, `why ${status}`);
  }
  t.is(new Set(kinds).size, 8);
});
