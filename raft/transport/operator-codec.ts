/**
 * Operators' questions and the answers in bytes. Kinds and fields are for ever, as those of
 * `message-codec.ts` are; 0 stands for a node that is not known, an empty host for no address.
 */
import { unreachable } from '#internal/base/assert.ts';
import { type NodeId, nodeId } from '#raft/core/types.ts';
import type { Member, OperatorReply, OperatorRequest } from '#raft/node/operator-desk.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import { ByteReader, ByteWriter } from './byte-stream.ts';
import { CodecError } from './codec-error.ts';

const roles: readonly Member['role'][] = ['voter', 'learner', 'leaving'];
const reasons: readonly (OperatorReply & { readonly kind: 'refused' })['reason'][] = [
  'in-progress',
  'no-spare',
  'id-used',
  'too-slow',
  'impossible',
  'unknown',
];

export function encodeOperatorRequest(request: OperatorRequest): Uint8Array {
  const writer = new ByteWriter();
  switch (request.kind) {
    case 'list':
      writer.byte(1);
      break;
    case 'change':
      writer.byte(2);
      writeIds(writer, request.add);
      writeIds(writer, request.remove);
      writer.byte(request.acceptNoSpare ? 1 : 0);
      break;
    case 'transfer':
      writer.byte(3);
      writer.uint64(request.to ?? 0);
      break;
    default:
      unreachable(request);
  }
  return writer.finish();
}

/** Throws `CodecError` and nothing else, whatever the bytes. */
export function decodeOperatorRequest(bytes: Uint8Array): OperatorRequest {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (kind === 1) return { kind: 'list' };
  if (kind === 3) return { kind: 'transfer', to: readKnown(reader) };
  if (kind !== 2) throw new CodecError(`a request of the unknown kind ${kind}`);
  const [add, remove] = [readIds(reader), readIds(reader)];
  return { kind: 'change', add, remove, acceptNoSpare: reader.flag() };
}

export function encodeOperatorReply(reply: OperatorReply): Uint8Array {
  const writer = new ByteWriter();
  switch (reply.kind) {
    case 'members':
      writer.byte(1);
      for (const id of [reply.self, reply.leader ?? 0]) writer.uint64(id);
      for (const number of [reply.term, reply.last]) writer.uint64(number);
      writer.uint32(reply.members.length);
      for (const member of reply.members) writeMember(writer, member);
      break;
    case 'changed':
      writer.byte(2);
      writeIds(writer, reply.voters);
      break;
    case 'transferred':
      writer.byte(3);
      writer.uint64(reply.leader ?? 0);
      break;
    case 'not-leader':
      writer.byte(4);
      for (const id of [reply.self, reply.leader ?? 0]) writer.uint64(id);
      writeAddress(writer, reply.address);
      break;
    case 'refused':
      writer.byte(5);
      writer.byte(reasons.indexOf(reply.reason));
      writeText(writer, reply.why);
      break;
    default:
      unreachable(reply);
  }
  return writer.finish();
}

/** Throws `CodecError` and nothing else, whatever the bytes. */
export function decodeOperatorReply(bytes: Uint8Array): OperatorReply {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  switch (kind) {
    case 1: {
      const [self, leader] = [nodeId(reader.uint64()), readKnown(reader)];
      const [term, last] = [reader.uint64(), reader.uint64()];
      const members = readMany(reader, () => readMember(reader));
      return { kind: 'members', self, leader, term, last, members };
    }
    case 2:
      return { kind: 'changed', voters: readIds(reader) };
    case 3:
      return { kind: 'transferred', leader: readKnown(reader) };
    case 4: {
      const [self, leader] = [nodeId(reader.uint64()), readKnown(reader)];
      return { kind: 'not-leader', self, leader, address: readAddress(reader) };
    }
    case 5:
      return { kind: 'refused', reason: readOneOf(reader, reasons), why: readText(reader) };
    default:
      throw new CodecError(`a reply of the unknown kind ${kind}`);
  }
}

function writeMember(writer: ByteWriter, { id, role, address, progress }: Member): void {
  writer.uint64(id);
  writer.byte(roles.indexOf(role));
  writeAddress(writer, address);
  writer.byte(progress === undefined ? 0 : 1);
  if (progress === undefined) return;
  writer.uint64(progress.match);
  writer.byte(progress.isActive ? 1 : 0);
}

function readMember(reader: ByteReader): Member {
  const [id, role] = [nodeId(reader.uint64()), readOneOf(reader, roles)];
  const address = readAddress(reader);
  const progress = reader.flag() ? { match: reader.uint64(), isActive: reader.flag() } : undefined;
  return { id, role, address, progress };
}

function writeIds(writer: ByteWriter, ids: readonly NodeId[]): void {
  writer.uint32(ids.length);
  for (const id of ids) writer.uint64(id);
}

const readIds = (reader: ByteReader): readonly NodeId[] =>
  readMany(reader, () => nodeId(reader.uint64()));

/** One by one, so that a count alone makes nothing of its size. */
function readMany<T>(reader: ByteReader, read: () => T): readonly T[] {
  const many: T[] = [];
  for (let left = reader.uint32(); left > 0; left--) many.push(read());
  return many;
}

function readKnown(reader: ByteReader): NodeId | undefined {
  const id = reader.uint64();
  return id === 0 ? undefined : nodeId(id);
}

function writeAddress(writer: ByteWriter, address: PeerAddress | undefined): void {
  writeText(writer, address?.host ?? '');
  writer.uint32(address?.port ?? 0);
}

function readAddress(reader: ByteReader): PeerAddress | undefined {
  const [host, port] = [readText(reader), reader.uint32()];
  return host === '' ? undefined : { host, port };
}

const writeText = (writer: ByteWriter, text: string): void =>
  writer.bytes(new TextEncoder().encode(text));

const readText = (reader: ByteReader): string => new TextDecoder().decode(reader.bytes());

function readOneOf<T>(reader: ByteReader, values: readonly T[]): T {
  const place = reader.byte();
  const value = values[place];
  if (value === undefined) throw new CodecError(`${place} is none of the values that are known`);
  return value;
}
