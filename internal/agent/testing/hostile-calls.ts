/**
 * Calls that nobody should send to an agent, by the thousand: to its operator API and as an executor,
 * of every type, with and without their part, with values that no rule foresees and names that are in
 * use, in JSON, in protobuf and in records, cut off, garbled or torn into odd pieces.
 */
import fc from 'fast-check';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { arbitraryMessage, messageNames } from '#internal/testing/arbitrary-message.ts';
import { spoilBytes, spoilTree, spoilValues } from '#internal/testing/hostile/spoilers.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import { enumNamed, isList, isPlain, messageNamed } from '#internal/wire/schema.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Messages } from '#proto/gen/messages.ts';

export type AgentFace = 'mesos.v1.agent.Call' | 'mesos.v1.executor.Call';

export type HostileAgentCall = {
  /** Its type, and what was done to it. */
  readonly name: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a stream: its pieces. */
  readonly pieces: readonly Uint8Array[];
};

const harms = ['none', 'values', 'tree', 'bytes'] as const;
const framings = ['plain', 'plain', 'plain', 'records'] as const;
/** In use, by the last part of the name of what they name. */
const known: ReadonlyMap<string, readonly string[]> = new Map([
  ['container_id', ['c-1', 'on', 'child', 'other']],
  ['parent', ['c-1', 'on']],
  ['framework_id', ['f']],
  ['executor_id', ['e']],
  ['task_id', ['t1', 't2']],
]);

export const hostileAgentCalls = (face: AgentFace): fc.Arbitrary<HostileAgentCall> =>
  fc
    .record({
      call: callsOf(face),
      mediaType: fc.constantFrom<MediaType>('application/json', 'application/x-protobuf'),
      harm: fc.constantFrom(...harms),
      framing: fc.constantFrom(...framings),
      seed: fc.nat(),
    })
    .map((plan) => hostileCall(face, plan));

type Typed = { readonly type: string; readonly message: object };

function callsOf(face: AgentFace): fc.Arbitrary<Typed> {
  const { fields } = messageNamed(face);
  const typed = Object.keys(enumNamed(`${face}.Type`).values).map((type): fc.Arbitrary<Typed> => {
    const name = type.toLowerCase();
    const field = fields.find((each) => each.name === name);
    const part = messageNames.find((each) => each === field?.type);
    const ids =
      face === 'mesos.v1.executor.Call'
        ? { framework_id: { value: 'f' }, executor_id: { value: 'e' } }
        : {};
    if (part === undefined) return fc.constant({ type, message: { ...ids, type } });
    return arbitraryMessage(part).map((value) => ({
      type,
      message: { ...ids, type, [name]: value },
    }));
  });
  return fc.oneof(...typed);
}

type Plan = {
  readonly call: Typed;
  readonly mediaType: MediaType;
  readonly harm: (typeof harms)[number];
  readonly framing: (typeof framings)[number];
  readonly seed: number;
};

function hostileCall(face: AgentFace, plan: Plan): HostileAgentCall {
  const { call, mediaType, harm, framing, seed } = plan;
  const random = randomFromSeed(seed);
  const written = bytesOf(face, plan, random);
  const name = `${call.type} (${harm}, ${mediaType}, ${framing}, ${seed})`;
  const accept = random.chance(0.8) ? '*/*' : 'application/recordio';
  const messages = accept === '*/*' ? {} : { 'message-accept': mediaType };
  if (framing === 'plain') {
    const headers = { 'content-type': mediaType, accept, ...messages };
    return { name, type: call.type, headers, pieces: [written] };
  }
  const records = Array.from({ length: 1 + random.below(3) }, () => encodeRecord(written));
  const whole = Buffer.concat(records);
  const headers = { 'content-type': 'application/recordio', 'message-content-type': mediaType };
  const stream = random.chance(0.3) ? spoilBytes(whole, random) : whole;
  return { name, type: call.type, headers, pieces: torn(stream, random) };
}

function torn(bytes: Uint8Array, random: Random): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = random.chance(0.5) ? bytes.length - at : 1 + random.below(40);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function bytesOf(face: AgentFace, { call, mediaType, harm }: Plan, random: Random): Uint8Array {
  const told = informed(call.message, random);
  const spoilt = harm === 'values' ? spoilValues(told, random) : told;
  const json = jsonOf(face, spoilt);
  if (harm === 'tree') {
    const tree: unknown = JSON.parse(json.replaceAll(/:-?(?:Infinity|NaN)/gu, ':1e999'));
    return Buffer.from(JSON.stringify(spoilTree(tree, random)));
  }
  const inProtobuf = mediaType === 'application/json' ? undefined : protobufOf(face, spoilt);
  const written = inProtobuf ?? Buffer.from(json);
  return harm === 'bytes' ? spoilBytes(written, random) : written;
}

/** Or something that is none: that is the point. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the codecs find out.
const asCall = (value: unknown): Messages[AgentFace] => value as Messages[AgentFace];

/** A value that no message may have is written all the same: in JSON anybody can. */
function jsonOf(face: AgentFace, call: unknown): string {
  try {
    return toJson(face, asCall(call));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return JSON.stringify(call, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
  }
}

/** Undefined when there are no bytes that mean it. */
function protobufOf(face: AgentFace, call: unknown): Uint8Array | undefined {
  try {
    return encode(face, asCall(call));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

/** With names that are in use, now and then. */
function informed(value: unknown, random: Random, key = ''): unknown {
  if (isList(value)) return value.map((item) => informed(item, random, key));
  if (value instanceof Uint8Array || !isPlain(value)) return value;
  const names = known.get(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      names !== undefined && name === 'value' && random.chance(0.7)
        ? names[random.below(names.length)]
        : informed(member, random, name),
    ]),
  );
}
