/**
 * A part of etcd's v3 API over one of our nodes. A Put is the entry as it came; a Range shows what the
 * node itself has applied, as etcd does when `serializable` is asked for.
 *
 * It speaks gRPC on Node's own HTTP/2: a call through `@grpc/grpc-js` costs this process several times
 * what the log does with it, and it is the log that is measured.
 */
import http2 from 'node:http2';
import { nodeId } from '#raft/core/types.ts';
import { encodeSessionEntry } from '#raft/node/session-entry.ts';
import type { DiskCounts } from './counting-files.ts';
import type { KvBack } from './kv-back.ts';
import { CallError, framed, grpcCode } from './kv-client.ts';
import type { KvMachine } from './kv-machine.ts';
import * as kv from './kv-messages.ts';
import { closedLoop } from './latencies.ts';

export type KvParts = {
  readonly back: KvBack;
  readonly machine: KvMachine;
};

type Answer = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Listens, and resolves when it does. */
export async function serveKv(
  parts: KvParts,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<http2.Http2Server> {
  const answers = answersOf(parts);
  const server = http2.createServer();
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    const bytes: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (part: Buffer) => bytes.push(part));
    stream.on('end', () => {
      const message = (bytes.length === 1 ? bytes[0] : undefined) ?? Buffer.concat(bytes);
      const answer = answers.get(headers[':path'] ?? '') ?? unknown;
      void respond(stream, answer, message.subarray(5));
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(port, host, () => resolve(undefined));
  await promise;
  return server;
}

function answersOf(parts: KvParts): ReadonlyMap<string, Answer> {
  const { back, machine } = parts;
  return new Map<string, Answer>([
    [
      kv.paths.put,
      async (message) => {
        await propose(parts, message);
        return kv.encodePutReply(headerOf(parts));
      },
    ],
    [
      kv.paths.range,
      (message) => {
        const found = machine.range(kv.decodeRange(message));
        return kv.encodeRangeReply({ header: headerOf(parts), found });
      },
    ],
    [
      kv.paths.status,
      () => {
        const { kind, leader, ready } = back.standing();
        const known = kind === 'leader' && !ready ? 0 : (leader ?? 0);
        return kv.encodeStatusReply({ header: headerOf(parts), leader: BigInt(known) });
      },
    ],
    [kv.paths.propose, async (message) => bytesFrom(await back.propose(message))],
    [kv.paths.moveLeader, (message) => moveLeader(parts, kv.decodeMoveLeader(message))],
    [kv.paths.drive, async (message) => bytesFrom(await drive(parts, message))],
    [kv.paths.counters, () => bytesFrom({ ...diskOf(back), ...cpuOf(), ...countsOf(back) })],
    [kv.paths.figures, () => bytesFrom(figuresOf(back))],
    [kv.paths.block, (message) => block(Number(Buffer.from(message)))],
  ]);
}

async function respond(
  stream: http2.ServerHttp2Stream,
  answer: Answer,
  message: Uint8Array,
): Promise<void> {
  const trailers: Record<string, string | number> = { 'grpc-status': grpcCode.ok };
  let reply: Uint8Array | undefined;
  try {
    reply = framed(await answer(message));
  } catch (fault) {
    trailers['grpc-status'] = fault instanceof CallError ? fault.code : grpcCode.internal;
    trailers['grpc-message'] = encodeURIComponent(String(fault));
  }
  if (stream.destroyed || stream.closed) return;
  stream.respond(responseHeaders, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(reply);
}

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' };

function unknown(): never {
  throw new CallError(grpcCode.unimplemented, 'no such call');
}

async function propose(parts: KvParts, data: Uint8Array): Promise<void> {
  await proposeEntry(parts, encodeSessionEntry({ kind: 'plain', data }));
}

async function proposeEntry({ back }: Pick<KvParts, 'back'>, entry: Uint8Array): Promise<void> {
  const proposal = await back.propose(entry);
  if (proposal.kind === 'refused') throw new CallError(grpcCode.unavailable, proposal.reason);
}

async function moveLeader({ back }: KvParts, target: bigint): Promise<Uint8Array> {
  const moved = await back.handOver(nodeId(Number(target)));
  if (moved.kind === 'refused') throw new CallError(grpcCode.unavailable, moved.reason);
  return nothing;
}

export type DriveOrder = {
  readonly outstanding: number;
  readonly durationMs: number;
  readonly valueBytes: number;
};

/** Proposals by the process that leads, without a network before them. */
async function drive(parts: KvParts, message: Uint8Array): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
  const order = JSON.parse(Buffer.from(message).toString()) as DriveOrder;
  const { outstanding, durationMs, valueBytes } = order;
  const entries = Array.from({ length: outstanding }, (_, loop) => {
    const put = { key: Buffer.from(`drive-${loop}`), value: Buffer.alloc(valueBytes, loop) };
    return encodeSessionEntry({ kind: 'plain', data: kv.encodePut(put) });
  });
  const before = diskOf(parts.back);
  const first = parts.machine.revision;
  const latencies = await closedLoop(outstanding, durationMs, (loop) =>
    proposeEntry(parts, entries[loop] ?? nothing),
  );
  const commits = Number(parts.machine.revision - first);
  const syncs = diskOf(parts.back).syncs - before.syncs;
  return { ...latencies, commits, syncs };
}

const headerOf = ({ back, machine }: KvParts): kv.Header => ({
  memberId: BigInt(machine.id),
  revision: machine.revision,
  term: BigInt(back.standing().term),
});

const cpuOf = (): { readonly cpuMs: number } => {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000 };
};

function countsOf(back: KvBack): { readonly last: number; readonly snapshotsRestored: number } {
  const figures = new Map(back.figures().map(({ name, value }) => [name, value]));
  const of = (name: string): number => figures.get(name) ?? 0;
  return { last: of('last'), snapshotsRestored: of('snapshots_restored') };
}

const figuresOf = (back: KvBack): Readonly<Record<string, number>> =>
  Object.fromEntries(back.figures().map(({ name, value }) => [name, value]));

const diskOf = ({ disk: { syncs, writtenBytes } }: KvBack): DiskCounts => ({ syncs, writtenBytes });

/** Nothing else is done in this thread meanwhile. */
function block(durationMs: number): Uint8Array {
  const end = performance.now() + durationMs;
  while (performance.now() < end);
  return nothing;
}

const nothing = new Uint8Array(0);
const bytesFrom = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
