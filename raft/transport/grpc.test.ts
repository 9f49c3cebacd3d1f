import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { type GrpcServer, openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import { defaultGrpcPeersOptions, grpcPeers } from './grpc.ts';
import { metadataFromHello } from './handshake.ts';
import { streamPath } from './peer-link.ts';
import { type Endpoint, type Neighbourhood, peerTransportSuite } from './peer-transport.suite.ts';

const ids = [1, 2, 3].map((id) => brand<NodeId>(id));
const [one, two, stranger] = [brand<NodeId>(1), brand<NodeId>(2), brand<NodeId>(9)];
const host = '127.0.0.1';
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const clock = systemClock();
const cluster = { clusterId: 'test', versions: { min: 1, max: 1 }, birth: '2' };

peerTransportSuite(test, openLoopback);

test('a peer with another disk is refused by whoever met it before, and told why', async (t) => {
  await using place = await openLoopback();
  const { port } = await place.openAt(one);
  const known = metadataFromHello({ ...cluster, from: two, to: one });
  const wiped = metadataFromHello({ ...cluster, from: two, to: one, birth: 'new' });
  // A stream that stands: the fault that ends it is not one of the handshake.
  t.is((await call(port, known, 'garbage')).code, status.INVALID_ARGUMENT);
  const fault = await call(port, wiped);
  t.is(fault.code, status.FAILED_PRECONDITION);
  t.regex(fault.details, /Node 2 was here with another disk.*an id that was never used/);
});

test('a stranger of the cluster is let in, and called back where it says that it listens', async (t) => {
  await using server = await openGrpcServer({ host, port: 0 });
  const random = randomFromSeed(9);
  const received: Message[] = [];
  const handlers = {
    onMessages: (messages: readonly Message[]) => void received.push(...messages),
    onUnreachable: () => {},
  };
  const port = await findFreePort(host, systemRandom());
  await using own = grpcPeers(
    { clock, random, logger: quiet, server: server.server },
    { ...defaultGrpcPeersOptions, id: one, clusterId: 'test', peers: new Map() },
  )(handlers);
  await using strangers = await openGrpcServer({ host, port });
  const peers = new Map([[one, { host, port: server.port }]]);
  const advertise = { host, port };
  await using its = grpcPeers(
    { clock, random, logger: quiet, server: strangers.server },
    { ...defaultGrpcPeersOptions, id: stranger, clusterId: 'test', peers, advertise },
  )(handlers);
  const said = (from: NodeId, to: NodeId): Message => ({
    kind: 'MsgTimeoutNow',
    from,
    to,
    term: 1,
  });
  while (new Set(received.map(({ from }) => from)).size < 2) {
    its.send([said(stranger, one)]);
    own.send([said(one, stranger)]);
    await clock.sleep(2);
  }
  own.retire(stranger);
  t.pass();
});

test('messages of one peer keep their order', async (t) => {
  await using place = await openLoopback();
  const [first, second] = [await place.open(one), await place.open(two)];
  const sent: number[] = [];
  const nudge = (): void => {
    for (let count = 0; count < 50; count++) {
      sent.push(sent.length + 1);
      const term = sent.length;
      first.transport.send([{ kind: 'MsgTimeoutNow', from: one, to: two, term }]);
    }
  };
  await place.until(() => second.received.length > 1000, nudge);
  const terms = second.received.map(({ term }) => term);
  const start = terms[0]!;
  t.deepEqual(
    terms,
    Array.from(terms, (_, i) => start + i),
  );
});

test('a caller that is not meant is refused and told why', async (t) => {
  await using place = await openLoopback();
  const { port } = await place.openAt(one);
  const hello = { ...cluster, from: two, to: one };
  const refusals: readonly (readonly [Metadata, RegExp])[] = [
    [metadataFromHello({ ...hello, clusterId: 'other' }), /of cluster "other", this is "test"/],
    [metadataFromHello({ ...hello, to: two }), /looks for node 2, this is 1/],
    [metadataFromHello({ ...hello, from: one }), /two nodes have one id/],
    [metadataFromHello({ ...hello, versions: { min: 7, max: 9 } }), /speaks versions 7 to 9/],
    [metadataFromHello({ ...hello, birth: '' }), /which disk/],
    [new Metadata(), /names no node id/],
  ];
  for (const [metadata, words] of refusals) {
    const fault = await call(port, metadata);
    t.is(fault.code, status.FAILED_PRECONDITION);
    t.regex(fault.details, words);
  }
});

test('a caller that sends no messages loses its stream, and the node lives', async (t) => {
  await using place = await openLoopback();
  const { endpoint, port } = await place.openAt(one);
  const fault = await call(port, metadataFromHello({ ...cluster, from: two, to: one }), 'garbage');
  t.is(fault.code, status.INVALID_ARGUMENT);
  const second = await place.open(two);
  const nudge = (): void =>
    second.transport.send([{ kind: 'MsgTimeoutNow', from: two, to: one, term: 1 }]);
  await place.until(() => endpoint.received.length > 0, nudge);
  t.deepEqual(endpoint.received[0]?.from, two);
});

test('messages in the name of another node are dropped', async (t) => {
  await using place = await openLoopback();
  const [first, second] = [await place.open(one), await place.open(two)];
  const message = { kind: 'MsgTimeoutNow', to: two, term: 1 } as const;
  const nudge = (): void =>
    first.transport.send([
      { ...message, from: stranger },
      { ...message, from: one },
    ]);
  await place.until(() => second.received.length > 3, nudge);
  t.deepEqual([...new Set(second.received.map(({ from }) => from))], [one]);
});

test('a peer that takes nothing fills a bounded queue and is told', async (t) => {
  await using place = await openLoopback();
  const [first, second] = [await place.open(one), await place.open(two)];
  const small: Message = { kind: 'MsgTimeoutNow', from: one, to: two, term: 1 };
  await place.until(
    () => second.received.length > 0,
    () => first.transport.send([small]),
  );
  first.unreachable.clear();
  const data = new Uint8Array(1 << 20);
  const entries = [{ kind: 'normal', term: 1, index: 1, data }] as const;
  const big: Message = { ...small, kind: 'MsgApp', prevTerm: 0, prevIndex: 0, commit: 0, entries };
  // All in one turn, in which nothing can leave.
  for (let mebibytes = 0; mebibytes < 80; mebibytes++) first.transport.send([big]);
  t.true(first.unreachable.has(two));
});

test('a port that is in use says so', async (t) => {
  await using server = await openGrpcServer({ host, port: 0 });
  await t.throwsAsync(openGrpcServer({ host, port: server.port }), {
    name: 'RpcListenError',
    code: 'EADDRINUSE',
    message: `Cannot listen for gRPC on ${host}:${server.port}: the port is in use`,
  });
});

type Opened = { readonly endpoint: LocalEndpoint; readonly port: number };
type LocalEndpoint = Endpoint & { readonly unreachable: Set<NodeId> };
type Loopback = Omit<Neighbourhood, 'open'> & {
  open(id: NodeId, options?: { readonly clusterId: string }): Promise<LocalEndpoint>;
  openAt(id: NodeId): Promise<Opened>;
};

/** Ports are taken for all three at first, so that each knows where the others will listen. */
async function openLoopback(): Promise<Loopback> {
  const addresses = new Map<NodeId, PeerAddress>();
  const running = new Map<NodeId, { server: GrpcServer; endpoint: LocalEndpoint }>();
  for (const id of ids) {
    addresses.set(id, { host, port: await findFreePort(host, systemRandom()) });
  }
  const open: Loopback['open'] = async (id, { clusterId } = cluster) => {
    const server = await openGrpcServer({ host, port: addresses.get(id)!.port });
    const received: Message[] = [];
    const unreachable = new Set<NodeId>();
    const peers = new Map([...addresses].filter(([peer]) => peer !== id));
    const random = randomFromSeed(id);
    const transport = grpcPeers(
      { clock, random, logger: quiet, server: server.server },
      { ...defaultGrpcPeersOptions, id, clusterId, peers },
    )({
      onMessages: (messages) => void received.push(...messages),
      onUnreachable: (peer) => void unreachable.add(peer),
    });
    const endpoint = { id, transport, received, unreachable };
    running.set(id, { server, endpoint });
    return endpoint;
  };
  const crash = async (id: NodeId): Promise<void> => {
    const { server, endpoint } = running.get(id)!;
    running.delete(id);
    await endpoint.transport[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return {
    open,
    openAt: async (id) => ({ endpoint: await open(id), port: addresses.get(id)!.port }),
    crash,
    async until(condition, nudge) {
      while (!condition()) {
        nudge();
        await clock.sleep(2);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const id of running.keys()) await crash(id);
    },
  };
}

/** How a stream that a stranger opens ends. */
async function call(port: number, metadata: Metadata, text?: string): Promise<ServiceError> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(
    streamPath,
    (words: string) => Buffer.from(words),
    (bytes) => bytes,
    metadata,
  );
  const { promise, resolve } = Promise.withResolvers<ServiceError>();
  stream.on('error', resolve);
  stream.resume();
  if (text !== undefined) stream.write(text);
  const fault = await promise;
  client.close();
  return fault;
}
