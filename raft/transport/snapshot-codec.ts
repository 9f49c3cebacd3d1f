/**
 * Questions and answers about snapshots in bytes. Kinds and fields are for ever, as those of
 * `message-codec.ts` are.
 *
 *     request: u8 kind, u64 term, then by kind
 *     reply: u8 kind, then by kind
 */
import { unreachable } from '#internal/base/assert.ts';
import type { SnapshotReply, SnapshotRequest } from '#raft/node/snapshot-transport.ts';
import { ByteReader, ByteWriter } from './byte-stream.ts';
import { CodecError } from './codec-error.ts';

export function encodeRequest(request: SnapshotRequest): Uint8Array {
  const writer = new ByteWriter();
  const start = (kind: number): void => {
    writer.byte(kind);
    writer.uint64(request.term);
  };
  switch (request.kind) {
    case 'offer':
      start(1);
      writer.bytes(request.manifest);
      break;
    case 'chunk': {
      const { index, term, offset, checksum, bytes } = request.chunk;
      start(2);
      for (const number of [index, term, offset]) writer.uint64(number);
      writer.uint32(checksum);
      writer.bytes(bytes);
      break;
    }
    case 'finish':
      start(3);
      for (const number of [request.index, request.at]) writer.uint64(number);
      break;
    default:
      unreachable(request);
  }
  return writer.finish();
}

/** Throws `CodecError` and nothing else, whatever the bytes. */
export function decodeRequest(bytes: Uint8Array): SnapshotRequest {
  const reader = new ByteReader(bytes);
  const [kind, term] = [reader.byte(), reader.uint64()];
  if (kind === 1) return { kind: 'offer', term, manifest: reader.bytes() };
  if (kind === 3) return { kind: 'finish', term, index: reader.uint64(), at: reader.uint64() };
  if (kind !== 2) throw new CodecError(`a request of the unknown kind ${kind}`);
  const [index, of, offset] = [reader.uint64(), reader.uint64(), reader.uint64()];
  const checksum = reader.uint32();
  return {
    kind: 'chunk',
    term,
    chunk: { index, term: of, offset, checksum, bytes: reader.bytes() },
  };
}

export function encodeReply(reply: SnapshotReply): Uint8Array {
  const writer = new ByteWriter();
  switch (reply.kind) {
    case 'continue':
      writer.byte(1);
      writer.uint64(reply.offset);
      break;
    case 'taken':
      writer.byte(2);
      break;
    case 'refused':
      writer.byte(3);
      writer.bytes(new TextEncoder().encode(reply.why));
      break;
    default:
      unreachable(reply);
  }
  return writer.finish();
}

/** Throws `CodecError` and nothing else, whatever the bytes. */
export function decodeReply(bytes: Uint8Array): SnapshotReply {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (kind === 1) return { kind: 'continue', offset: reader.uint64() };
  if (kind === 2) return { kind: 'taken' };
  if (kind !== 3) throw new CodecError(`a reply of the unknown kind ${kind}`);
  return { kind: 'refused', why: new TextDecoder().decode(reader.bytes()) };
}
