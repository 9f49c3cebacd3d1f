/**
 * Calls that nobody should send to a master, by the ten thousand: of every type, with and without their
 * part, with values that no rule foresees, with ids that are really in use (so that they get past the
 * first checks), in JSON and in protobuf, cut off, garbled, nested too deep, or very large.
 */
import fc from 'fast-check';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { enumNamed, isList, isPlain, messageNamed } from '#internal/wire/schema.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Messages } from '#proto/gen/messages.ts';
import { arbitraryMessage, messageNames } from '../arbitrary-message.ts';
import type { RawRequest } from '../malformed-requests.ts';
import { plausibleOperatorCalls, plausibleSchedulerCalls } from './plausible-calls.ts';
import { spoilBytes, spoilTree, spoilValues } from './spoilers.ts';

/** What the sender has found out. Where it knows several it takes any. */
export type Known = {
  readonly framework: string;
  readonly stream: string;
  readonly offers: readonly string[];
  readonly inverseOffers: readonly string[];
  readonly agents: readonly string[];
  readonly tasks: readonly string[];
};

export type HostileCall = {
  /** Its type, and what was done to it. */
  readonly name: string;
  readonly request: (known: Known) => RawRequest;
};

type Face = 'mesos.v1.master.Call' | 'mesos.v1.scheduler.Call';
const harms = ['none', 'values', 'tree', 'bytes'] as const;

type Plan = Envelope & {
  readonly face: Face;
  /** Its type, as far as it has one. */
  readonly type: string;
  readonly message: Messages[Face];
  readonly mediaType: MediaType;
  readonly harm: (typeof harms)[number];
  readonly seed: number;
};

type Envelope = {
  readonly method: string;
  /** Undefined: that of the body. */
  readonly contentType: string | undefined;
  readonly accept: string;
  readonly stream: 'right' | 'wrong' | 'none';
};

export const hostileCalls: fc.Arbitrary<HostileCall> = fc
  .constantFrom<Face>('mesos.v1.scheduler.Call', 'mesos.v1.scheduler.Call', 'mesos.v1.master.Call')
  .chain((face) =>
    fc.record({
      face: fc.constant(face),
      call: callsOf(face),
      mediaType: fc.constantFrom<MediaType>('application/json', 'application/x-protobuf'),
      harm: fc.constantFrom(...harms),
      seed: fc.nat(),
      method: mostly('POST', 'GET', 'PUT', 'HEAD', 'x'),
      contentType: mostly<string | undefined>(undefined, '', 'text/plain', 'application/recordio'),
      accept: mostly('*/*', 'application/json', 'application/x-protobuf', 'text/html', ';q=x,,'),
      stream: mostly<Envelope['stream']>('right', 'wrong', 'none'),
    }),
  )
  .map(({ call, ...plan }) => hostileCall({ ...plan, ...call }));

function mostly<Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

type Call = Pick<Plan, 'type' | 'message'>;

/** Every type with its own part or none, calls that are fine so far, and anything. */
function callsOf(face: Face): fc.Arbitrary<Call> {
  const types = Object.keys(enumNamed(`${face}.Type`).values);
  const { fields } = messageNamed(face);
  const partOf = (type: string): keyof Messages | undefined => {
    const field = fields.find(({ name }) => name === type.toLowerCase());
    return messageNames.find((name) => name === field?.type);
  };
  const isScheduler = face === 'mesos.v1.scheduler.Call';
  const plausible = isScheduler ? plausibleSchedulerCalls : plausibleOperatorCalls;
  return fc.oneof(
    { weight: 10, arbitrary: fc.oneof(...types.map((type) => typed(type, partOf(type)))) },
    { weight: 10, arbitrary: fc.constantFrom(...plausible).map((call) => read(face, call)) },
    { weight: 1, arbitrary: arbitraryMessage(face).map((message) => ({ type: 'any', message })) },
  );
}

const someFramework = { value: '{framework}' };

function typed(type: string, part: keyof Messages | undefined): fc.Arbitrary<Call> {
  const bare = { type, framework_id: someFramework };
  const whole = (more: object): Call => ({ type, message: asCall({ ...bare, ...more }) });
  if (part === undefined) return fc.constant(whole({}));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: arbitraryMessage(part).map((it) => whole({ [type.toLowerCase()]: it })),
    },
    { weight: 1, arbitrary: fc.constant(whole({})) },
  );
}

/** Or something that is none: that is the point. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the codecs find out.
const asCall = (value: unknown): Messages[Face] => value as Messages[Face];

function read(face: Face, call: object): Call {
  const message = fromJson(face, JSON.stringify(call));
  return { type: message.type ?? 'none', message };
}

function hostileCall(plan: Plan): HostileCall {
  const { face, type, harm, mediaType } = plan;
  return {
    name: `${type} (${harm}, ${mediaType})`,
    request: (known) => {
      const random = randomFromSeed(plan.seed);
      const { stream } = plan;
      return {
        method: plan.method,
        target: face === 'mesos.v1.scheduler.Call' ? '/api/v1/scheduler' : '/api/v1',
        headers: {
          'content-type': plan.contentType ?? mediaType,
          accept: plan.accept,
          ...(stream !== 'none' &&
            type !== 'SUBSCRIBE' && {
              'mesos-stream-id': stream === 'right' ? known.stream : 'not a stream',
            }),
        },
        body: bodyOf(plan, known, random),
      };
    },
  };
}

function bodyOf(
  { face, message, mediaType, harm }: Plan,
  known: Known,
  random: Random,
): Uint8Array {
  const told = asCall(informed(message, known, random));
  if (harm === 'tree') {
    const tree: unknown = JSON.parse(
      jsonOf(face, told).replaceAll(/:-?(?:Infinity|NaN)/gu, ':1e999'),
    );
    return Buffer.from(JSON.stringify(spoilTree(tree, random)));
  }
  const call = harm === 'values' ? asCall(spoilValues(told, random)) : told;
  const bytes = mediaType === 'application/json' ? Buffer.from(jsonOf(face, call)) : undefined;
  const written = bytes ?? protobufOf(face, call) ?? encode(face, told);
  return harm === 'bytes' ? spoilBytes(written, random) : written;
}

/** A value that no message may have is written all the same: in JSON anybody can. */
function jsonOf(face: Face, call: Messages[Face]): string {
  try {
    return toJson(face, call);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return JSON.stringify(call, (_, value: unknown) => plain(value));
  }
}

/** Undefined when there are no bytes that mean it. */
function protobufOf(face: Face, call: Messages[Face]): Uint8Array | undefined {
  try {
    return encode(face, call);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** The message with ids that are in use where it leaves room for them, and here and there beside. */
function informed(value: unknown, known: Known, random: Random, key = ''): unknown {
  if (value instanceof Uint8Array) return value;
  if (isList(value)) return value.map((item) => informed(item, known, random, key));
  if (isPlain(value)) {
    const isId = key.endsWith('_id') || key.endsWith('_ids');
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        isId && name === 'value' && random.chance(0.5)
          ? (idFor(key, known, random) ?? member)
          : informed(member, known, random, name),
      ]),
    );
  }
  if (typeof value !== 'string' || !value.startsWith('{')) return value;
  return idFor(value, known, random) ?? value;
}

function idFor(name: string, known: Known, random: Random): string | undefined {
  const { offers, inverseOffers, agents, tasks } = known;
  const any = (list: readonly string[]): string | undefined => list[random.below(list.length || 1)];
  if (name.includes('framework')) return known.framework;
  if (name.includes('inverse')) return any(inverseOffers);
  if (name.includes('offer')) return any(offers);
  if (name.includes('agent')) return any(agents);
  if (name.includes('new')) return `hostile-${random.below(1_000_000)}`;
  return name.includes('task') ? any(tasks) : undefined;
}
