/** The two media types of the v1 API, as a scheduler speaks them. */
import { fromJson, toJson } from '#internal/wire/json.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';

export type WireFormat = {
  readonly mediaType: string;
  encodeCall(call: Call): Uint8Array;
  /** Throws `WireError`. */
  decodeEvent(record: Uint8Array): Event;
};

const utf8 = new TextEncoder();
const text = new TextDecoder();

export const jsonFormat: WireFormat = {
  mediaType: 'application/json',
  encodeCall: (call) => utf8.encode(toJson('mesos.v1.scheduler.Call', call)),
  decodeEvent: (record) => fromJson('mesos.v1.scheduler.Event', text.decode(record)),
};

export const protobufFormat: WireFormat = {
  mediaType: 'application/x-protobuf',
  encodeCall: (call) => encode('mesos.v1.scheduler.Call', call),
  decodeEvent: (record) => decode('mesos.v1.scheduler.Event', record),
};
