/**
 * Raft's messages in bytes, by hand: this is the hottest path of the log, and entries stay as they
 * are, opaque. A frame is a number of messages, each behind its length, so that an older program can
 * skip kinds that it does not know and fields that came after those it knows.
 *
 *     message: u32 length, u8 kind, u64 from, u64 to, u64 term, then by kind
 *
 * Numbers are little-endian. Kinds and fields are for ever: add at the end, never reuse.
 */
import { unreachable } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import type { ConfState, Entry, Message, NodeId, SnapshotMark } from '#raft/core/types.ts';
import { ByteReader, ByteWriter } from './byte-stream.ts';
import { CodecError } from './codec-error.ts';

const kinds: readonly Message['kind'][] = [
  'MsgPreVote',
  'MsgPreVoteResp',
  'MsgVote',
  'MsgVoteResp',
  'MsgApp',
  'MsgAppResp',
  'MsgHeartbeat',
  'MsgHeartbeatResp',
  'MsgSnap',
  'MsgTimeoutNow',
  'MsgReadIndex',
  'MsgReadIndexResp',
];
const entryKinds: readonly Entry['kind'][] = ['normal', 'conf', 'noop'];

/** About the size of a message's frame: what bounds and batches are counted in. */
export function messageBytes(message: Message): number {
  if (message.kind !== 'MsgApp') return 64;
  return message.entries.reduce((sum, { data }) => sum + data.length + 24, 64);
}

export function encodeMessages(messages: readonly Message[]): Uint8Array {
  const bytes = messages.reduce((sum, message) => sum + 4 + messageBytes(message), 0);
  const writer = new ByteWriter(bytes);
  for (const message of messages) {
    const start = writer.size;
    writer.uint32(0);
    putMessage(writer, message);
    writer.patch(start, writer.size - start - 4);
  }
  return writer.finish();
}

/** Throws `CodecError` and nothing else, whatever the bytes. Entries share the buffer. */
export function decodeMessages(frame: Uint8Array): readonly Message[] {
  const reader = new ByteReader(frame);
  const messages: Message[] = [];
  while (!reader.isAtEnd) {
    const message = takeMessage(new ByteReader(reader.bytes()));
    if (message !== undefined) messages.push(message);
  }
  return messages;
}

function putMessage(writer: ByteWriter, message: Message): void {
  writer.byte(kinds.indexOf(message.kind) + 1);
  writer.uint64(message.from);
  writer.uint64(message.to);
  writer.uint64(message.term);
  switch (message.kind) {
    case 'MsgPreVote':
    case 'MsgVote':
      writer.uint64(message.lastTerm);
      writer.uint64(message.lastIndex);
      writer.byte(message.transfer ? 1 : 0);
      writer.uint64(message.commit);
      return writer.uint64(message.commitTerm);
    case 'MsgPreVoteResp':
    case 'MsgVoteResp':
      writer.byte(message.reject ? 1 : 0);
      writer.uint64(message.commit);
      return writer.uint64(message.commitTerm);
    case 'MsgApp':
      writer.uint64(message.prevTerm);
      writer.uint64(message.prevIndex);
      writer.uint64(message.commit);
      return putEntries(writer, message.entries);
    case 'MsgAppResp':
      writer.uint64(message.index);
      writer.byte(message.reject ? 1 : 0);
      writer.uint64(message.hintIndex);
      return writer.uint64(message.hintTerm);
    case 'MsgHeartbeat':
      writer.uint64(message.commit);
      return writer.uint64(message.context);
    case 'MsgSnap':
      return putMark(writer, message.snapshot);
    case 'MsgTimeoutNow':
      return;
    case 'MsgHeartbeatResp':
    case 'MsgReadIndex':
      return writer.uint64(message.context);
    case 'MsgReadIndexResp':
      writer.uint64(message.context);
      return writer.uint64(message.index);
    default:
      unreachable(message);
  }
}

/** Undefined for a kind of a newer program. */
function takeMessage(reader: ByteReader): Message | undefined {
  const kind = kinds[reader.byte() - 1];
  if (kind === undefined) return undefined;
  const envelope = { from: takeId(reader), to: takeId(reader), term: reader.uint64() };
  switch (kind) {
    case 'MsgPreVote':
    case 'MsgVote': {
      const [lastTerm, lastIndex] = [reader.uint64(), reader.uint64()];
      const transfer = reader.flag();
      return { kind, ...envelope, lastTerm, lastIndex, transfer, ...takeDecided(reader) };
    }
    case 'MsgPreVoteResp':
    case 'MsgVoteResp':
      return { kind, ...envelope, reject: reader.flag(), ...takeDecided(reader) };
    case 'MsgApp': {
      const [prevTerm, prevIndex, commit] = [reader.uint64(), reader.uint64(), reader.uint64()];
      return { kind, ...envelope, prevTerm, prevIndex, commit, entries: takeEntries(reader) };
    }
    case 'MsgAppResp': {
      const [index, reject] = [reader.uint64(), reader.flag()];
      return { kind, ...envelope, index, reject, ...takeHint(reader) };
    }
    case 'MsgHeartbeat':
      return { kind, ...envelope, commit: reader.uint64(), context: reader.uint64() };
    case 'MsgSnap':
      return { kind, ...envelope, snapshot: takeMark(reader) };
    case 'MsgTimeoutNow':
      return { kind, ...envelope };
    case 'MsgHeartbeatResp':
    case 'MsgReadIndex':
      return { kind, ...envelope, context: reader.uint64() };
    case 'MsgReadIndexResp':
      return { kind, ...envelope, context: reader.uint64(), index: reader.uint64() };
    default:
      return unreachable(kind);
  }
}

function takeDecided(reader: ByteReader): { commit: number; commitTerm: number } {
  return { commit: reader.uint64(), commitTerm: reader.uint64() };
}

function putEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writer.uint32(entries.length);
  for (const { kind, term, index, data } of entries) {
    writer.byte(entryKinds.indexOf(kind) + 1);
    writer.uint64(term);
    writer.uint64(index);
    writer.bytes(data);
  }
}

function takeEntries(reader: ByteReader): readonly Entry[] {
  const entries: Entry[] = [];
  // A count that lies runs into the end of the bytes, before it can take much memory.
  for (let left = reader.uint32(); left > 0; left--) {
    const kind = entryKinds[reader.byte() - 1];
    // Unlike a message, an entry cannot be skipped: it has its place in the log.
    if (kind === undefined) throw new CodecError('an entry of an unknown kind');
    entries.push({ kind, term: reader.uint64(), index: reader.uint64(), data: reader.bytes() });
  }
  return entries;
}

function putMark(writer: ByteWriter, { index, term, conf }: SnapshotMark): void {
  writer.uint64(index);
  writer.uint64(term);
  writer.byte(conf.autoLeave ? 1 : 0);
  for (const ids of [conf.voters, conf.outgoing, conf.learners, conf.learnersNext]) {
    writer.uint32(ids.length);
    for (const id of ids) writer.uint64(id);
  }
}

function takeMark(reader: ByteReader): SnapshotMark {
  const [index, term, autoLeave] = [reader.uint64(), reader.uint64(), reader.flag()];
  const [voters, outgoing] = [takeIds(reader), takeIds(reader)];
  const conf: ConfState = {
    voters,
    outgoing,
    learners: takeIds(reader),
    learnersNext: takeIds(reader),
    autoLeave,
  };
  return { index, term, conf };
}

function takeIds(reader: ByteReader): readonly NodeId[] {
  const ids: NodeId[] = [];
  for (let left = reader.uint32(); left > 0; left--) ids.push(takeId(reader));
  return ids;
}

const takeId = (reader: ByteReader): NodeId => brand<NodeId>(reader.uint64());

const takeHint = (reader: ByteReader): { hintIndex: number; hintTerm: number } => ({
  hintIndex: reader.uint64(),
  hintTerm: reader.uint64(),
});
