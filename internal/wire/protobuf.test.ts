/**
 * The binary dialect against itself (what is written is read), against protobufjs's own codec (which
 * knows nothing of ours), and against bytes that Mesos sent.
 */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { arbitraryMessage, messageNames } from '#internal/testing/arbitrary-message.ts';
import { linesOf, textsOf } from '#internal/testing/golden-files.ts';
import { decode, encode, keepBytes } from './protobuf.ts';
import { WireError } from './wire-error.ts';

const peer = peerRoot();

function peerRoot(): protobuf.Root {
  const root = new protobuf.Root();
  // Its own Duration is of proto3 and leaves zeros out; either is right, and ours writes what is set.
  const duration = 'message Duration { optional int64 seconds = 1; optional int32 nanos = 2; }';
  protobuf.parse(`syntax = "proto2"; package google.protobuf; ${duration}`, root);
  for (const text of textsOf('proto/**/*.proto')) {
    protobuf.parse(text, root, { keepCase: true });
  }
  root.resolveAll();
  return root;
}

/** The bytes again, after the other codec has made a message of them. */
function throughPeer(name: string, bytes: Uint8Array): Uint8Array {
  const type = peer.lookupType(name);
  return type.encode(type.decode(bytes)).finish();
}

const fromHex = (text: string): Uint8Array => Buffer.from(text.replaceAll(/[ |]/g, ''), 'hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Undefined when `bytes` are refused as they should be; any other error fails the test. */
function tryDecode(name: (typeof messageNames)[number], bytes: Uint8Array): unknown {
  try {
    return decode(name, bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

test('a message of any type is read as it was written', (t) => {
  t.true(messageNames.length > 351);
  for (const name of messageNames) {
    const law = fc.property(arbitraryMessage(name), (message) =>
      isDeepStrictEqual(decode(name, encode(name, message)), message),
    );
    t.notThrows(() => fc.assert(law, { numRuns: 12 }), name);
  }
});

test('a part whose bytes are kept is written as it would be without them, on the spot', (t) => {
  const law = fc.property(
    arbitraryMessage('mesos.v1.TaskInfo'),
    arbitraryMessage('mesos.v1.FrameworkInfo'),
    (task_info, framework_info) => {
      const message = { term: 1n, run_task: { task_info, framework_info } };
      const plain = encode('altiplano.agent.v1.MasterMessage', message);
      const bytes = encode('mesos.v1.TaskInfo', task_info);
      const kept = {
        term: 1n,
        run_task: { framework_info, task_info: keepBytes(task_info, bytes) },
      };
      t.is(hex(encode('altiplano.agent.v1.MasterMessage', kept)), hex(plain));
    },
  );
  fc.assert(law, { numRuns: 100 });
  const known = keepBytes({ value: 'one' }, encode('mesos.v1.TaskID', { value: 'other' }));
  const written = encode('mesos.v1.TaskStatus', { task_id: known, state: 'TASK_LOST' });
  t.is(decode('mesos.v1.TaskStatus', written).task_id.value, 'other', 'the bytes were not used');
});

test('another codec makes of our bytes a message whose bytes are the same', (t) => {
  for (const name of messageNames) {
    const law = fc.property(arbitraryMessage(name), (message) => {
      const bytes = encode(name, message);
      // That one keeps fields in order of their numbers and map entries as they come, as ours does.
      return hex(throughPeer(name, bytes)) === hex(bytes);
    });
    t.notThrows(() => fc.assert(law, { numRuns: 8 }), name);
  }
});

test('bytes cut short, changed or made up are refused with a WireError or read, never more', (t) => {
  let refused = 0;
  let read = 0;
  for (const name of messageNames) {
    const law = fc.property(
      arbitraryMessage(name),
      fc.nat(),
      fc.uint8Array({ maxLength: 8 }),
      (message, position, garbage) => {
        const bytes = encode(name, message);
        const at = position % (bytes.length + 1);
        const cut = bytes.subarray(0, at);
        const tail = bytes.subarray(Math.min(at + garbage.length, bytes.length));
        for (const damaged of [cut, Buffer.concat([cut, garbage, tail]), garbage]) {
          if (tryDecode(name, damaged) === undefined) refused++;
          else read++;
        }
      },
    );
    t.notThrows(() => fc.assert(law, { numRuns: 12 }), name);
  }
  t.true(refused > 1000 && read > 1000, `refused ${refused}, read ${read}`);
});

test('events that Mesos sent are read, and written again byte for byte', (t) => {
  const records = linesOf('testdata/oracle/scheduler-events.hex');
  const events = records.map((record) =>
    decode('mesos.v1.scheduler.Event', Buffer.from(record, 'hex')),
  );
  t.deepEqual(
    events.map(({ type }) => type),
    ['SUBSCRIBED', 'OFFERS', 'HEARTBEAT'],
  );
  t.deepEqual(
    events.map((event) => hex(encode('mesos.v1.scheduler.Event', event))),
    records,
  );
});

test('a required field that is missing is named by its path, in both directions', (t) => {
  const text = 'Missing required fields: accept.operations[0].launch.task_infos[1].name';
  const ids = { task_id: { value: 't' }, agent_id: { value: 'a' } };
  const infos = [{ name: 'x', ...ids }, ids];
  const call = { accept: { operations: [{ launch: { task_infos: infos } }] } };
  const law = { instanceOf: WireError, message: text };
  // @ts-expect-error -- the second task has no name.
  t.throws(() => encode('mesos.v1.scheduler.Call', call), law);
  const nameless = wrap(2, wrap(1, Buffer.from('t'))) + wrap(3, wrap(1, Buffer.from('a')));
  const named = `${wrap(1, Buffer.from('x'))}${nameless}`;
  const launch = wrap(2, `${wrap(1, named)}${wrap(1, nameless)}`);
  const bytes = fromHex(wrap(4, wrap(2, launch)));
  t.throws(() => decode('mesos.v1.scheduler.Call', bytes), law);
});

/** A length-delimited field, as hex. */
function wrap(field: number, content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? fromHex(content) : content;
  return hex(
    protobuf.Writer.create()
      .uint32((field << 3) | 2)
      .bytes(bytes)
      .finish(),
  );
}

test('a value of a wrong type is not written', (t) => {
  const wrong: readonly [string, unknown][] = [
    ['name', 1],
    ['task_id', 'x'],
    ['task_id', { value: 7 }],
    ['resources', {}],
    ['limits', []],
    ['limits', { cpus: 1 }],
    ['data', 'AQID'],
    ['max_completion_time', { nanoseconds: 5 }],
    ['max_completion_time', { nanoseconds: 2n ** 63n }],
    ['health_check', { consecutive_failures: -1 }],
    ['health_check', { consecutive_failures: 1.5 }],
    ['health_check', { type: 'TELEPATHY' }],
    ['command', { shell: 1 }],
  ];
  const task = { name: 'n', task_id: { value: 't' }, agent_id: { value: 'a' } };
  t.notThrows(() => encode('mesos.v1.TaskInfo', task));
  for (const [field, value] of wrong) {
    // @ts-ignore -- what the compiler would refuse is the point.
    const write = (): Uint8Array => encode('mesos.v1.TaskInfo', { ...task, [field]: value });
    t.throws(write, { instanceOf: WireError }, `${field}: ${JSON.stringify(value, bigText)}`);
  }
});

const bigText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

test('defaults are not filled in, and empty lists and maps are as good as none', (t) => {
  t.deepEqual(decode('mesos.v1.Filters', new Uint8Array()), {});
  const bytes = encode('mesos.v1.CommandInfo', { arguments: [], uris: [] });
  t.deepEqual(decode('mesos.v1.CommandInfo', bytes), {});
});

test('fields of newer versions, known fields of other wire types and groups are stepped over', (t) => {
  const unknown = 'f8 07 05 | f1 07 0000000000000000 | fa 07 02 6869 | fd 07 00000000';
  const group = 'fb 07 | 08 01 | 13 14 | fc 07';
  const mistyped = '08 07';
  const bytes = fromHex(`${unknown}${group}${mistyped}0a 01 78`);
  t.deepEqual(decode('mesos.v1.TaskID', bytes), { value: 'x' });
});

test('a group that ends too early, never or as another one is refused', (t) => {
  for (const bad of [
    '0a 01 78 fc 07',
    '0a 01 78 fb 07',
    '0a 01 78 fb 07 f4 07',
    '0a 01 78 00 00',
  ]) {
    t.throws(() => decode('mesos.v1.TaskID', fromHex(bad)), { instanceOf: WireError }, bad);
  }
});

test('an unknown enum number is dropped, and missed where the field is required', (t) => {
  t.deepEqual(decode('mesos.v1.scheduler.Call', fromHex('10 63')), {});
  const capabilities = fromHex('08 ec07 08 01 08 e807');
  t.deepEqual(decode('mesos.v1.CapabilityInfo', capabilities), {
    capabilities: ['FSETID', 'CHOWN'],
  });
  const required = fromHex('08 63 12 00');
  const law = { instanceOf: WireError, message: 'Missing required fields: state' };
  t.throws(() => decode('mesos.v1.DrainInfo', required), law);
});

test('lists are read packed and unpacked alike', (t) => {
  const unpacked = fromHex('08 50 20 c801 20 ac02');
  const packed = fromHex('08 50 22 04 c801 ac02');
  const expected = { port: 80, statuses: [200, 300] };
  t.deepEqual(decode('mesos.v1.HealthCheck.HTTPCheckInfo', unpacked), expected);
  t.deepEqual(decode('mesos.v1.HealthCheck.HTTPCheckInfo', packed), expected);
});

test('a message that comes in parts is merged, and of a scalar the last value counts', (t) => {
  const parts = fromHex('0a 03 0a 01 61 | 0a 04 12 02 0a 00 | 0a 03 0a 01 62');
  const merged = { container_id: { value: 'b', parent: { value: '' } } };
  t.deepEqual(decode('mesos.v1.agent.Call.WaitContainer', parts), merged);
});

test('of a oneof the last member counts', (t) => {
  const both = fromHex('08 01 12 01 72');
  t.deepEqual(decode('mesos.v1.scheduler.AttributeConstraint.Selector', both), {
    attribute_name: 'r',
  });
});

test('a map entry without a value has the empty one, and of two equal keys the last counts', (t) => {
  const name = 'mesos.v1.Volume.Source.CSIVolume.StaticProvisioning';
  const required = '0a 00 12 04 1a 02 08 01';
  const entries = '2a 03 0a 01 6b | 2a 06 0a 01 6c 12 01 31 | 2a 06 0a 01 6c 12 01 32';
  const { volume_context } = decode(name, fromHex(required + entries));
  t.deepEqual(volume_context, { k: '', l: '2' });
});

test('messages too deep in each other are refused, not followed', (t) => {
  let nested = fromHex('0a 00');
  for (let depth = 0; depth < 10_000; depth++) {
    nested = Buffer.concat([fromHex('0a 00'), fromHex(wrap(2, nested))]);
  }
  const law = { instanceOf: WireError, message: /too deep/ };
  t.throws(() => decode('mesos.v1.ContainerID', nested), law);
  const groups = Buffer.alloc(100_000, fromHex('fb 07'));
  t.throws(() => decode('mesos.v1.ContainerID', groups), law);
});

test('bytes that were read do not change with the buffer they came in', (t) => {
  const buffer = Buffer.from(encode('mesos.v1.UUID', { value: Uint8Array.of(1, 2, 3) }));
  const { value } = decode('mesos.v1.UUID', buffer);
  buffer.fill(0);
  t.deepEqual(value, Uint8Array.of(1, 2, 3));
});
