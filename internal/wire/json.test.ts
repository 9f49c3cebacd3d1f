/**
 * The JSON dialect against itself, against transcripts of Mesos, and against the texts and tables of
 * the contract (1.5, 1.6, 1.7 row 9, appendix B).
 */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { arbitraryMessage, messageNames } from '#internal/testing/arbitrary-message.ts';
import { linesOf } from '#internal/testing/golden-files.ts';
import { descriptor } from '#proto/gen/descriptor.ts';
import { jsonBytes, jsonDouble, jsonInteger, jsonString } from './json-literal.ts';
import { fromJson, toJson } from './json.ts';
import { WireError } from './wire-error.ts';

type Name = (typeof messageNames)[number];

const call = 'mesos.v1.scheduler.Call';

/** Undefined when the text is refused as it should be; any other error fails the test. */
function tryParse(name: Name, text: string): unknown {
  try {
    return fromJson(name, text);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

test('a message of any type is read as it was written, once its defaults are set', (t) => {
  for (const name of messageNames) {
    const law = fc.property(arbitraryMessage(name, { defaultsSet: true }), (message) =>
      isDeepStrictEqual(fromJson(name, toJson(name, message)), message),
    );
    t.notThrows(() => fc.assert(law, { numRuns: 12 }), name);
  }
});

test('a message is one line, and JSON but for the bare numbers that are not finite', (t) => {
  for (const name of messageNames) {
    const law = fc.property(arbitraryMessage(name), (message) => {
      const text = toJson(name, message);
      if (text.includes('\n')) return false;
      if (/Infinity|NaN/.test(text)) return true;
      JSON.parse(text);
      return true;
    });
    t.notThrows(() => fc.assert(law, { numRuns: 5 }), name);
  }
});

/** The value, with integers by their digits and doubles by their value. */
function meaning(text: string): unknown {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
  const marked = text.replaceAll(tokens, (token) => {
    if (token.startsWith('"')) return token;
    return /^-?\d+$/.test(token) ? `"integer ${token}"` : `"double ${Number(token)}"`;
  });
  return JSON.parse(marked);
}

const transcripts: readonly [string, Name, number][] = [
  ['scheduler-events', 'mesos.v1.scheduler.Event', 117],
  ['operator-events', 'mesos.v1.master.Event', 36],
  ['executor-events', 'mesos.v1.executor.Event', 18],
  ['master-replies', 'mesos.v1.master.Response', 19],
  ['agent-replies', 'mesos.v1.agent.Response', 16],
];

for (const [file, name, count] of transcripts) {
  test(`what Mesos wrote is written again with the same meaning: ${file}`, (t) => {
    const lines = linesOf(`testdata/oracle/${file}.jsonl`);
    t.is(lines.length, count);
    for (const line of lines) {
      // Mesos writes an AgentInfo there with a key of its older API, which v1 does not have.
      const theirs = line.replaceAll(/, ?"checkpoint": ?true(?=\}, ?"active")/g, '');
      t.deepEqual(meaning(toJson(name, fromJson(name, theirs))), meaning(theirs));
    }
  });
}

/** Appendix B, all of it. */
const writtenDefaults: readonly [Name, string][] = [
  ['mesos.v1.FrameworkInfo', '"failover_timeout":0.0,"checkpoint":false'],
  ['mesos.v1.CheckInfo', '"delay_seconds":15.0,"interval_seconds":10.0,"timeout_seconds":20.0'],
  [
    'mesos.v1.HealthCheck',
    '"delay_seconds":15.0,"interval_seconds":10.0,"timeout_seconds":20.0,' +
      '"consecutive_failures":3,"grace_period_seconds":10.0',
  ],
  ['mesos.v1.HealthCheck.HTTPCheckInfo', '"protocol":"IPv4"'],
  ['mesos.v1.HealthCheck.TCPCheckInfo', '"protocol":"IPv4"'],
  ['mesos.v1.CommandInfo', '"shell":true'],
  ['mesos.v1.CommandInfo.URI', '"extract":true'],
  ['mesos.v1.AgentInfo', '"port":5051'],
  ['mesos.v1.CSIPluginInfo', '"name":"default"'],
  ['mesos.v1.Filters', '"refuse_seconds":5.0'],
  ['mesos.v1.Environment.Variable', '"type":"VALUE"'],
  ['mesos.v1.Image', '"cached":true'],
  ['mesos.v1.NetworkInfo.IPAddress', '"protocol":"IPv4"'],
  ['mesos.v1.LinuxInfo', '"share_cgroups":true'],
  ['mesos.v1.ContainerInfo.DockerInfo', '"network":"HOST"'],
  ['mesos.v1.ContainerInfo.DockerInfo', '"privileged":false'],
  ['mesos.v1.DrainConfig', '"mark_gone":false'],
  ['mesos.v1.master.Call.DrainAgent', '"mark_gone":false'],
];

const samples: ReadonlyMap<Name, string> = new Map<Name, string>([
  ['mesos.v1.FrameworkInfo', '{"user":"u","name":"n"}'],
  ['mesos.v1.HealthCheck.HTTPCheckInfo', '{"port":1}'],
  ['mesos.v1.HealthCheck.TCPCheckInfo', '{"port":1}'],
  ['mesos.v1.CommandInfo.URI', '{"value":"v"}'],
  ['mesos.v1.AgentInfo', '{"hostname":"h"}'],
  ['mesos.v1.CSIPluginInfo', '{"type":"t"}'],
  ['mesos.v1.Environment.Variable', '{"name":"n"}'],
  ['mesos.v1.Image', '{"type":"APPC"}'],
  ['mesos.v1.ContainerInfo.DockerInfo', '{"image":"i"}'],
  ['mesos.v1.master.Call.DrainAgent', '{"agent_id":{"value":"a"}}'],
]);

test('unset fields with a default are written with it, unless deprecated', (t) => {
  for (const [name, part] of writtenDefaults) {
    const text = toJson(name, fromJson(name, samples.get(name) ?? '{}'));
    t.true(text.includes(part), `${name}: ${text}`);
  }
  const text = toJson('mesos.v1.FrameworkInfo', { user: 'u', name: 'n' });
  t.is(text, '{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false}');
  t.is(
    toJson('mesos.v1.Resource', { name: 'cpus', type: 'TEXT' }),
    '{"name":"cpus","type":"TEXT"}',
  );
});

test('no other field of the v1 messages has a default', (t) => {
  const defaults = descriptor.messages
    .filter(({ name }) => name.startsWith('mesos.v1.'))
    .flatMap(({ fields }) => fields)
    .filter((field) => field.default !== undefined);
  const live = defaults.filter((field) => field.deprecated !== true && field.label === 'optional');
  t.is(live.length, 25);
  t.is(defaults.length, 25 + 2 + 1, 'two deprecated ones, and the required MasterInfo.port');
});

test('empty lists are left out but for those that Mesos always writes', (t) => {
  t.is(toJson('mesos.v1.CommandInfo', { arguments: [], uris: [] }), '{"shell":true}');
  t.is(toJson('mesos.v1.TaskGroupInfo', {}), '{}');
  const always: readonly [Name, string][] = [
    ['mesos.v1.master.Response.GetAgents', '{"agents":[],"recovered_agents":[]}'],
    ['mesos.v1.master.Response.GetFrameworks', '{"frameworks":[],"completed_frameworks":[]}'],
    ['mesos.v1.master.Response.GetExecutors', '{"executors":[]}'],
    [
      'mesos.v1.master.Response.GetTasks',
      '{"tasks":[],"unreachable_tasks":[],"completed_tasks":[]}',
    ],
    [
      'mesos.v1.agent.Response.GetTasks',
      '{"pending_tasks":[],"queued_tasks":[],"launched_tasks":[],"terminated_tasks":[],"completed_tasks":[]}',
    ],
    ['mesos.v1.agent.Response.GetFrameworks', '{"frameworks":[],"completed_frameworks":[]}'],
    ['mesos.v1.agent.Response.GetExecutors', '{"executors":[],"completed_executors":[]}'],
  ];
  for (const [name, text] of always) {
    t.is(toJson(name, fromJson(name, '{}')), text);
    t.is(toJson(name, fromJson(name, text)), text);
  }
  t.is(toJson('mesos.v1.master.Response.GetTasks', { tasks: [] }), always[3]?.[1] ?? '');
});

test('single values are spelled as the dialect asks', (t) => {
  const doubles: readonly [number, string][] = [
    [15, '15.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e20, '100000000000000000000.0'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [NaN, 'NaN'],
  ];
  for (const [value, text] of doubles) t.is(jsonDouble(value), text);
  t.is(jsonInteger(1_795_394_190_396_666_112n), '1795394190396666112');
  t.is(jsonInteger(-5), '-5');
  t.is(jsonBytes(Uint8Array.of(0xfb, 0xff)), '"+/8="');
});

test('a string is escaped as JSON.stringify does it', (t) => {
  const law = fc.property(
    fc.oneof(fc.string({ unit: 'binary', size: 'large' }), fc.string(), fc.constant('\ud800')),
    (text) => jsonString(text) === JSON.stringify(text),
  );
  t.notThrows(() => fc.assert(law));
});

test('a double that is written and read is the same double', (t) => {
  const law = fc.property(fc.double(), (value) => {
    const text = jsonDouble(value);
    return Object.is(Number(text), value) && /[.eIN]/.test(text);
  });
  t.notThrows(() => fc.assert(law, { numRuns: 1000 }));
});

/** Contract 1.6: what is written, and what is understood. */
const lenient: readonly [Name, string, unknown][] = [
  [
    'mesos.v1.Filters',
    '{"nonsense":[{"a":[1,"x",null]}],"refuse_seconds":1}',
    { refuse_seconds: 1 },
  ],
  ['mesos.v1.Filters', '{"refuse_seconds":null}', {}],
  ['mesos.v1.Filters', '{"refuse_seconds":1,"refuse_seconds":null}', {}],
  ['mesos.v1.Filters', '{"refuse_seconds":"2.5"}', { refuse_seconds: 2.5 }],
  ['mesos.v1.Filters', '{"refuse_seconds":" 2.5 "}', { refuse_seconds: 2.5 }],
  ['mesos.v1.Filters', '{"refuse_seconds":"Infinity"}', { refuse_seconds: Infinity }],
  ['mesos.v1.Filters', '{"refuse_seconds":"-Infinity"}', { refuse_seconds: -Infinity }],
  ['mesos.v1.Filters', '{"refuse_seconds":"NaN"}', { refuse_seconds: NaN }],
  ['mesos.v1.Filters', ' {\t"refuse_seconds"\r\n: 5 } \n', { refuse_seconds: 5 }],
  ['mesos.v1.CommandInfo', '{"shell":"false"}', { shell: false }],
  ['mesos.v1.CommandInfo', '{"arguments":"one"}', { arguments: ['one'] }],
  ['mesos.v1.CommandInfo', '{"arguments":["one",null,["two"]]}', { arguments: ['one', 'two'] }],
  ['mesos.v1.CommandInfo', '{"arguments":null,"uris":[]}', {}],
  ['mesos.v1.CommandInfo', '{"uris":{"value":"v"}}', { uris: [{ value: 'v' }] }],
  ['mesos.v1.HealthCheck', '{"consecutive_failures":"5"}', { consecutive_failures: 5 }],
  ['mesos.v1.HealthCheck', '{"consecutive_failures":5.9}', { consecutive_failures: 5 }],
  ['mesos.v1.HealthCheck', '{"consecutive_failures":5e0}', { consecutive_failures: 5 }],
  ['mesos.v1.HealthCheck', '{"consecutive_failures":-0}', { consecutive_failures: 0 }],
  ['mesos.v1.HealthCheck', '{"type":"TELEPATHY"}', {}],
  ['mesos.v1.TimeInfo', '{"nanoseconds":9223372036854775807}', { nanoseconds: 2n ** 63n - 1n }],
  ['mesos.v1.TimeInfo', '{"nanoseconds":"-9223372036854775808"}', { nanoseconds: -(2n ** 63n) }],
  ['mesos.v1.TimeInfo', '{"nanoseconds":1e18}', { nanoseconds: 10n ** 18n }],
  ['mesos.v1.UUID', '{"value":"AQID"}', { value: Uint8Array.of(1, 2, 3) }],
  ['mesos.v1.UUID', '{"value":""}', { value: new Uint8Array() }],
  ['mesos.v1.TaskID', '{"value":"\\u00e9\\n\\/\\ud83d\\ude00"}', { value: 'é\n/😀' }],
  ['mesos.v1.OfferFilters.ResourceQuantities', '{"quantities":{}}', {}],
  [
    'mesos.v1.OfferFilters.ResourceQuantities',
    '{"quantities":{"__proto__":{"value":1}}}',
    { quantities: JSON.parse('{"__proto__":{"value":1}}') },
  ],
  [
    'mesos.v1.scheduler.AttributeConstraint.Selector',
    '{"pseudoattribute_type":"ZONE","attribute_name":"a"}',
    { attribute_name: 'a' },
  ],
  ['mesos.v1.master.Call', '{"type":"DRAIN_AGENT","accept":null}', { type: 'DRAIN_AGENT' }],
  [call, '{"accept":{"operations":null,"offer_ids":[]}}', { accept: {} }],
];

test('what clients send is understood as Mesos understands it', (t) => {
  for (const [name, text, message] of lenient) {
    const read: unknown = fromJson(name, text);
    t.true(
      isDeepStrictEqual(read, message),
      `${text}: ${Buffer.from(toJson(name, fromJson(name, text))).toString()}`,
    );
  }
});

const parsing = 'Failed to parse body into JSON: ';
const converting = 'Failed to convert JSON into Call protobuf: ';

/** A body, and what Mesos answers to it with status 400. */
const refusals: readonly [string, string][] = [
  ['', `${parsing}syntax error at line 1 near: `],
  ['  \n ', `${parsing}syntax error at line 2 near: `],
  ['{"type"', `${parsing}syntax error at line 1 near: `],
  ['{bad json}', `${parsing}syntax error at line 1 near: bad json}`],
  ['{"type": "KILL",}', `${parsing}syntax error at line 1 near: }`],
  ['{"type": "KILL"\n,"kill": [tru1]}\nrest', `${parsing}syntax error at line 2 near: 1]}`],
  ['{"type": "a\tb"}', `${parsing}syntax error at line 1 near: b"}`],
  ['{"type": 1-2}', `${parsing}syntax error at line 1 near: }`],
  ['{"type": "\\u12x4"}', `${parsing}syntax error at line 1 near: x4"}`],
  ['{} x', `${parsing}Parsed JSON included non-whitespace trailing characters:  x`],
  ['null', `${converting}Expecting a JSON object`],
  ['[]', `${converting}Expecting a JSON object`],
  ['"SUBSCRIBE"', `${converting}Expecting a JSON object`],
  [
    '{"type":"SUBSCRIBE","subscribe":"x"}',
    `${converting}Not expecting a JSON string for field 'subscribe'`,
  ],
  ['{"subscribe":7}', `${converting}Not expecting a JSON number for field 'subscribe'`],
  ['{"subscribe":[]}', `${converting}Not expecting a JSON array for field 'subscribe'`],
  ['{"subscribe":true}', `${converting}Not expecting a JSON boolean for field 'subscribe'`],
  ['{"type":{}}', `${converting}Not expecting a JSON object for field 'type'`],
  ['{"type":1}', `${converting}Not expecting a JSON number for field 'type'`],
  ['{"message":{"data":"*"}}', `${converting}Failed to base64 decode bytes field 'data'`],
  [
    '{"decline":{"filters":{"refuse_seconds":"soon"}}}',
    `${converting}Failed to parse 'soon' as a JSON number for field 'refuse_seconds': ` +
      'syntax error at line 1 near: soon',
  ],
  [
    '{"decline":{"filters":{"refuse_seconds":"true"}}}',
    `${converting}Failed to parse 'true' as a JSON number for field 'refuse_seconds': ` +
      'Unexpected JSON type parsed',
  ],
  [
    '{"kill":{"kill_policy":{"grace_period":{"nanoseconds":9223372036854775808}}}}',
    `${converting}The number 9223372036854775808 is out of range for field 'nanoseconds'`,
  ],
  [
    '{"reconcile":{"tasks":[{}]},"subscribe":{"framework_info":{"name":"x"}}}',
    `${converting}Missing required fields: ` +
      'subscribe.framework_info.user, reconcile.tasks[0].task_id',
  ],
  [
    '{"accept":{"operations":[{"launch":{"task_infos":[{"task_id":{"value":"t"},"agent_id":{"value":"a"}}]}}]}}',
    `${converting}Missing required fields: accept.operations[0].launch.task_infos[0].name`,
  ],
  // Ill-formed JSON is the graver error, wherever it is.
  ['{"subscribe":"x",', `${parsing}syntax error at line 1 near: `],
];

test('what Mesos refuses is refused in its words', (t) => {
  for (const [text, message] of refusals) {
    t.throws(() => fromJson(call, text), { instanceOf: WireError, message }, text);
  }
});

test('a required enum whose name is unknown is refused in the words of Mesos', (t) => {
  const text = '{"task_id":{"value":"t"},"state":"TASK_LOVED"}';
  const message =
    "Failed to convert JSON into TaskStatus protobuf: Failed to find enum for 'TASK_LOVED'";
  t.throws(() => fromJson('mesos.v1.TaskStatus', text), { instanceOf: WireError, message });
});

test('integers out of range are refused at both ends of every type', (t) => {
  const port = (value: string): unknown => tryParse('mesos.v1.Address', `{"port":${value}}`);
  t.deepEqual(port('-2147483648'), { port: -2147483648 });
  t.deepEqual(port('2147483647'), { port: 2147483647 });
  for (const value of ['-2147483649', '2147483648', '1e300', '"Infinity"'])
    t.is(port(value), undefined, value);
  const begin = (value: string): unknown =>
    tryParse('mesos.v1.Value.Range', `{"begin":${value},"end":0}`);
  t.deepEqual(begin('18446744073709551615'), { begin: 2n ** 64n - 1n, end: 0n });
  for (const value of ['-1', '18446744073709551616', 'NaN']) t.is(begin(value), undefined, value);
});

test('any text, made up or damaged, is refused with a WireError or read, never more', (t) => {
  let refused = 0;
  let read = 0;
  const count = (name: Name, text: string): void => {
    if (tryParse(name, text) === undefined) refused++;
    else read++;
  };
  for (const name of messageNames) {
    const law = fc.property(
      arbitraryMessage(name),
      fc.nat(),
      fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom('{', '[', '"', '\\', '\\u', 'null', '-'),
      ),
      fc.json(),
      (message, position, garbage, other) => {
        const text = toJson(name, message);
        const at = position % (text.length + 1);
        count(name, text.slice(0, at));
        count(name, text.slice(0, at) + garbage + text.slice(at + garbage.length));
        count(name, garbage + other);
        count(name, other);
      },
    );
    t.notThrows(() => fc.assert(law, { numRuns: 10 }), name);
  }
  t.true(refused > 1000 && read > 1000, `refused ${refused}, read ${read}`);
});

test('JSON too deep is a syntax error, not a stack that overflows', (t) => {
  for (const text of [
    '['.repeat(1e6),
    '{"a":'.repeat(1e6),
    '{"accept":{"operations":'.repeat(1e5),
  ]) {
    t.throws(() => fromJson(call, text), {
      instanceOf: WireError,
      message: /^Failed to parse body/,
    });
  }
});
