/**
 * A part of etcd's v3 API over one of our nodes. A Put is the entry as it came; a Range shows what the
 * node itself has applied, as etcd does when `serializable` is asked for.
 */
import {
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import type { RaftNode } from '#raft/node/raft-node.ts';
import type { DiskCounts } from './counting-files.ts';
import type { KvMachine } from './kv-machine.ts';
import * as kv from './kv-messages.ts';
import { closedLoop } from './latencies.ts';

export type KvParts = {
  readonly node: RaftNode;
  readonly machine: KvMachine;
  readonly disk: DiskCounts;
};

export class Refusal extends Error {
  override readonly name: string = 'Refusal';
  readonly code: number = status.UNAVAILABLE;
}

type Answer = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export function serveKv(server: Server, parts: KvParts): void {
  const answers: Readonly<Record<keyof typeof kv.paths, Answer>> = {
    put: async (message) => {
      await propose(parts, message);
      return kv.encodePutReply(headerOf(parts));
    },
    range: (message) => {
      const found = parts.machine.range(kv.decodeRange(message));
      return kv.encodeRangeReply({ header: headerOf(parts), found });
    },
    status: () => {
      const { kind, leader, ready } = parts.node.standing();
      const known = kind === 'leader' && !ready ? 0 : (leader ?? 0);
      return kv.encodeStatusReply({ header: headerOf(parts), leader: BigInt(known) });
    },
    moveLeader: (message) => moveLeader(parts, kv.decodeMoveLeader(message)),
    drive: async (message) => bytesOf(await drive(parts, message)),
    counters: () => bytesOf({ ...parts.disk, ...cpuOf(), last: parts.node.status().last }),
  };
  const definition: Record<string, ServiceDefinition[string]> = {};
  const handlers: Record<string, (call: Call, done: sendUnaryData<Uint8Array>) => void> = {};
  for (const [name, answer] of Object.entries(answers)) {
    const path = Object.entries(kv.paths).find(([own]) => own === name)?.[1] ?? '';
    definition[name] = { ...unary, path };
    handlers[name] = (call, done) => void respond(answer, call.request, done);
  }
  server.addService(definition, handlers);
}

type Call = ServerUnaryCall<Uint8Array, Uint8Array>;

async function respond(
  answer: Answer,
  message: Uint8Array,
  done: sendUnaryData<Uint8Array>,
): Promise<void> {
  try {
    done(null, await answer(message));
  } catch (fault) {
    const code = fault instanceof Refusal ? fault.code : status.INTERNAL;
    done({ code, details: fault instanceof Error ? fault.message : String(fault) });
  }
}

async function propose({ node }: KvParts, data: Uint8Array): Promise<void> {
  const proposal = await node.propose(data);
  if (proposal.kind === 'refused') throw new Refusal(proposal.reason);
}

async function moveLeader(_parts: KvParts, _target: bigint): Promise<Uint8Array> {
  throw new Refusal('not yet');
}

/** Proposals by the process that leads, without a network before them. */
async function drive(parts: KvParts, message: Uint8Array): Promise<unknown> {
  const { outstanding, durationMs, valueBytes } = JSON.parse(Buffer.from(message).toString()) as {
    readonly outstanding: number;
    readonly durationMs: number;
    readonly valueBytes: number;
  };
  const puts = Array.from({ length: outstanding }, (_, loop) =>
    kv.encodePut({ key: Buffer.from(`drive-${loop}`), value: Buffer.alloc(valueBytes, loop) }),
  );
  const before = { ...parts.disk };
  const first = parts.node.status().last;
  const latencies = await closedLoop(outstanding, durationMs, (loop) =>
    propose(parts, puts[loop] ?? Buffer.alloc(0)),
  );
  const commits = parts.node.status().last - first;
  const syncs = parts.disk.syncs - before.syncs;
  return { ...latencies, commits, syncs };
}

const headerOf = ({ node, machine }: KvParts): kv.Header => {
  const { id, term } = node.status();
  return { memberId: BigInt(id), revision: machine.revision, term: BigInt(term) };
};

const cpuOf = (): { readonly cpuMs: number } => {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000 };
};

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const unary = {
  path: '',
  requestStream: false,
  responseStream: false,
  requestSerialize: asBuffer,
  requestDeserialize: (bytes: Buffer): Uint8Array => bytes,
  responseSerialize: asBuffer,
  responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
} as const;
