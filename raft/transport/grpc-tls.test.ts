/**
 * Mutual TLS between peers, by the hooks that a program has: those of one authority talk, whoever shows
 * no certificate, a foreign one or another node's is refused, and the log says why.
 */
import { type Client, credentials, ServerCredentials } from '@grpc/grpc-js';
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { openGrpcClient } from '#internal/rpc/grpc-channel.ts';
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { Authority, type Certificate, opensslObstacle } from '#internal/testing/certificates.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { type Message, type NodeId, nodeId } from '#raft/core/types.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import type { SnapshotReply } from '#raft/node/snapshot-transport.ts';
import { defaultGrpcPeersOptions, type GrpcPeersDependencies, grpcPeers } from './grpc.ts';
import { grpcSnapshots } from './grpc-snapshots.ts';

const host = '127.0.0.1';
const clusterId = 'sealed';
const clock = systemClock();
const [one, two] = [nodeId(1), nodeId(2)];
const obstacle = opensslObstacle();
const sealed = obstacle === undefined ? test : test.skip;
const never = new AbortController().signal;

type Identity = {
  readonly own: Certificate | undefined;
  /** Whom it trusts. */
  readonly root: Buffer;
};

/** Whoever calls must be the node that its certificate names. */
const verify: NonNullable<GrpcPeersDependencies['verify']> = (peer, caller) => {
  const name = String(caller.sslPeerCertificate?.subject.CN);
  return name === `node-${peer}` ? undefined : `The certificate of node ${peer} is that of ${name}`;
};

sealed('peers with certificates of one authority exchange messages and snapshots', async (t) => {
  await using folder = await openTempFolder();
  const authority = await Authority.make(folder.path, 'ours');
  const { root } = authority;
  await using pair = await openPair([
    { own: await authority.issue('node-1'), root },
    { own: await authority.issue('node-2'), root },
  ]);
  await pair.until(() => pair.received.get(one)!.length > 0 && pair.received.get(two)!.length > 0);
  t.deepEqual(await pair.ask(one, two), { kind: 'taken' });
  t.deepEqual(pair.refusalsBy(one), []);
});

sealed('whoever shows no certificate is not let in, and can read that one is wanted', async (t) => {
  await using folder = await openTempFolder();
  const authority = await Authority.make(folder.path, 'ours');
  const { root } = authority;
  await using pair = await openPair([
    { own: await authority.issue('node-1'), root },
    { own: undefined, root },
  ]);
  await pair.untilTold(two, /certificate required/);
  await t.throwsAsync(pair.ask(two, one), { name: 'SnapshotTransportError' });
  t.deepEqual(pair.received.get(one), []);
});

sealed(
  'a certificate of a foreign authority is refused, and whoever refuses says so',
  async (t) => {
    await using folder = await openTempFolder();
    const [ours, theirs] = [
      await Authority.make(folder.path, 'ours'),
      await Authority.make(folder.path, 'theirs'),
    ];
    const first = { own: await ours.issue('node-1'), root: ours.root };
    // It trusts us, but we do not trust it.
    await using pair = await openPair([
      first,
      { own: await theirs.issue('node-2'), root: ours.root },
    ]);
    await pair.untilTold(one, /unable to verify|self-signed|signature failure/);
    // TLS tells it no more than that.
    await pair.untilTold(two, /Failed to connect|unknown ca|closed|reset/i);
    await t.throwsAsync(pair.ask(one, two), { name: 'SnapshotTransportError' });
    t.deepEqual([pair.received.get(one), pair.received.get(two)], [[], []]);
  },
);

sealed('a certificate of another node is refused in words', async (t) => {
  await using folder = await openTempFolder();
  const authority = await Authority.make(folder.path, 'ours');
  const { root } = authority;
  await using pair = await openPair([
    { own: await authority.issue('node-1'), root },
    { own: await authority.issue('node-9'), root },
  ]);
  const words = /The certificate of node 2 is that of node-9/;
  await pair.untilTold(two, words);
  await pair.untilTold(one, /Host: node-2. is not in the cert's altnames: DNS:node-9/);
  await pair.untilTold(one, /Host: node-2. is not in the cert's altnames: DNS:node-9/);
  t.regex(pair.refusalsBy(one).join('\n'), words);
  await t.throwsAsync(pair.ask(two, one), { name: 'SnapshotTransportError' });
  t.deepEqual(pair.received.get(one), []);
});

type Pair = AsyncDisposable & {
  readonly received: ReadonlyMap<NodeId, readonly Message[]>;
  /** Calls both again and again until `condition` holds. */
  until(condition: () => boolean): Promise<void>;
  /** Until the log of `id` has a line with such a reason. */
  untilTold(id: NodeId, reason: RegExp): Promise<void>;
  /** What `id` has logged of callers that it sent away. */
  refusalsBy(id: NodeId): readonly string[];
  ask(from: NodeId, to: NodeId): Promise<SnapshotReply>;
};

async function openPair(identities: readonly [Identity, Identity]): Promise<Pair> {
  const stack = new AsyncDisposableStack();
  const addresses = new Map<NodeId, PeerAddress>();
  for (const id of [one, two]) {
    addresses.set(id, { host, port: await findFreePort(host, systemRandom()) });
  }
  const received = new Map<NodeId, Message[]>([one, two].map((id) => [id, []]));
  const told = new Map<NodeId, Line[]>([one, two].map((id) => [id, []]));
  const nodes = new Map<NodeId, Awaited<ReturnType<typeof open>>>();
  const open = async (id: NodeId, { own, root }: Identity) => {
    const { port } = addresses.get(id)!;
    const logger = listening((line) => void told.get(id)!.push(line));
    // Nobody can listen without a certificate, so that one only calls.
    const security = own === undefined ? ServerCredentials.createInsecure() : serverOf(own, root);
    const { server } = stack.use(await openGrpcServer({ host, port, security }));
    const dial = (address: string, peer: NodeId): Client =>
      openGrpcClient(address, { credentials: clientOf(own, root), name: `node-${peer}` });
    const random = randomFromSeed(id);
    const peers = new Map([...addresses].filter(([peer]) => peer !== id));
    const transport = grpcPeers(
      { clock, random, logger, server, dial, verify },
      { ...defaultGrpcPeersOptions, id, clusterId, peers },
    )({
      onMessages: (messages) => void received.get(id)!.push(...messages),
      onUnreachable: () => {},
    });
    const addressOfPeer = (peer: NodeId): PeerAddress | undefined => addresses.get(peer);
    const snapshots = grpcSnapshots(
      { logger, server, dial, verify },
      { id, clusterId, addressOfPeer },
    )({ onRequest: async () => ({ kind: 'taken' }) });
    stack.use(transport);
    stack.use(snapshots);
    return { transport, snapshots };
  };
  for (const [place, id] of [one, two].entries()) nodes.set(id, await open(id, identities[place]!));
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      const pulse = (from: NodeId, to: NodeId): Message =>
        ({ kind: 'MsgTimeoutNow', from, to, term: 1 }) as const;
      nodes.get(one)!.transport.send([pulse(one, two)]);
      nodes.get(two)!.transport.send([pulse(two, one)]);
      await clock.sleep(2);
    }
  };
  return {
    received,
    until,
    untilTold: (id, reason) =>
      until(() => told.get(id)!.some((line) => reason.test(String(line.fields['reason'])))),
    refusalsBy: (id) =>
      told
        .get(id)!
        .filter(({ message }) => message === 'Refusing a peer')
        .map(({ fields }) => String(fields['message'])),
    ask: (from, to) =>
      nodes
        .get(from)!
        .snapshots.ask(to, { kind: 'finish', term: 1, index: 1, at: 1 }, { signal: never }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const serverOf = (own: Certificate, root: Buffer): ServerCredentials =>
  ServerCredentials.createSsl(root, [{ private_key: own.key, cert_chain: own.chain }], true);

const clientOf = (
  own: Certificate | undefined,
  root: Buffer,
): ReturnType<typeof credentials.createSsl> =>
  own === undefined ? credentials.createSsl(root) : credentials.createSsl(root, own.key, own.chain);

type Line = { readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

/** What operators see: nothing that is for debugging. */
function listening(onLine: (line: Line) => void): Logger {
  const write = (message: string, fields: Line['fields'] = {}): void => onLine({ message, fields });
  return { debug() {}, info: write, warn: write, error: write, child: () => listening(onLine) };
}
