/**
 * Well-formed calls that are absurdly large: lists of as many items as a body may hold, values as long
 * as a body, text that is slow to look at. What they ask for need not make sense.
 */
import { assert } from '#internal/base/assert.ts';
import { isList, isPlain } from '#internal/wire/schema.ts';
import type { Known } from './hostile-calls.ts';

export type BigCall = {
  readonly name: string;
  readonly target: '/api/v1' | '/api/v1/scheduler';
  /** Made when it is asked for: a message, for both media types, or a text that is no message. */
  readonly call: () => object | string;
};

type Make = (at: number) => unknown;

/** A long list, or a map of as many entries, that nobody has made yet. */
class Lots {
  readonly make: Make;
  readonly count: number;
  readonly isMap: boolean;

  constructor(make: Make, { count, isMap }: { readonly count: number; readonly isMap: boolean }) {
    this.make = make;
    this.count = count;
    this.isMap = isMap;
  }
}

function made(value: unknown): unknown {
  if (value instanceof Lots) {
    const list = Array.from({ length: value.count }, (_, at) => value.make(at));
    if (!value.isMap) return list;
    return Object.fromEntries(list.map((item, at) => [`k${at}`, item]));
  }
  if (isList(value)) return value.map(made);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, made(member)]));
}

const whole = (call: object) => (): object => {
  const message = made(call);
  assert(isPlain(message), 'a call that is a message');
  return message;
};

/** `bytesMax`: about so long are those that are as long as can be. */
export function bigCalls(known: Known, bytesMax: number): readonly BigCall[] {
  const counts = [100, 500, 6000, 12_000];
  return [
    ...counts.flatMap((count) => listCalls(known, count, `${count}`)),
    ...listCalls(known, undefined, 'as many as fit', bytesMax),
    ...longValues(known, bytesMax),
    ...texts(bytesMax),
  ];
}

/** Each with a list of `count` items, or with one that fills a body. */
function listCalls(
  known: Known,
  count: number | undefined,
  much: string,
  bytesMax = 0,
): readonly BigCall[] {
  const lots = (make: Make, isMap: boolean): Lots => {
    const size = JSON.stringify(make(100_000)).length + (isMap ? 10 : 1);
    return new Lots(make, { count: count ?? Math.floor((bytesMax * 0.95) / size), isMap });
  };
  const many: Many = (make) => lots(make, false);
  const map: Many = (make) => lots(make, true);
  return [
    ...schedulerLists(known, many, map),
    ...answerLists(known, many),
    ...launchLists(known, many),
    ...resourceLists(known, many),
    ...taskParts(known, many, map),
    ...operatorLists(known, many, map),
  ].map((one) => ({ ...one, name: `${one.name}: ${much}` }));
}

type Many = (make: Make) => Lots;

function scheduler(known: Known, name: string, call: object): BigCall {
  const framework_id = { value: known.framework };
  return { name, target: '/api/v1/scheduler', call: whole({ framework_id, ...call }) };
}

function schedulerLists(known: Known, many: Many, map: Many): readonly BigCall[] {
  const is = (name: string, call: object): BigCall => scheduler(known, name, call);
  const info = { user: 'root', name: 'big', capabilities: [{ type: 'MULTI_ROLE' }] };
  const roles = many((at) => `r${at}`);
  const subscribe = (name: string, more: object, rest: object = {}): readonly BigCall[] => [
    {
      name: `SUBSCRIBE, ${name}`,
      target: '/api/v1/scheduler',
      call: whole({
        type: 'SUBSCRIBE',
        subscribe: { framework_info: { ...info, ...more }, ...rest },
      }),
    },
    is(`UPDATE_FRAMEWORK, ${name}`, {
      type: 'UPDATE_FRAMEWORK',
      update_framework: {
        framework_info: { ...info, ...more, id: { value: known.framework } },
        ...rest,
      },
    }),
  ];
  const group = { attribute_constraints: [constraint] };
  return [
    ...subscribe('roles', { roles }),
    ...subscribe('labels', { labels: { labels: many((at) => ({ key: `k${at}` })) } }),
    ...subscribe('capabilities', { capabilities: many(() => ({ type: 'MULTI_ROLE' })) }),
    ...subscribe('filters', { roles: ['test'], offer_filters: map(() => filter) }),
    ...subscribe('minima', {
      roles: ['test'],
      offer_filters: {
        test: {
          min_allocatable_resources: {
            quantities: many((at) => ({ quantities: { [`q${at}`]: { value: 1 } } })),
          },
        },
      },
    }),
    ...subscribe('suppressed', { roles: ['test'] }, { suppressed_roles: roles }),
    ...subscribe(
      'constraint groups',
      { roles: ['test'] },
      { offer_constraints: { role_constraints: { test: { groups: many(() => group) } } } },
    ),
    ...subscribe(
      'constraints',
      { roles: ['test'] },
      {
        offer_constraints: {
          role_constraints: {
            test: { groups: [{ attribute_constraints: many(() => constraint) }] },
          },
        },
      },
    ),
  ];
}

function answerLists(known: Known, many: Many): readonly BigCall[] {
  const [agent = 'a'] = known.agents;
  const agent_id = { value: agent };
  const is = (name: string, call: object): BigCall => scheduler(known, name, call);
  const ids = many((at) => ({ value: `o${at}` }));
  const roles = many((at) => `r${at}`);
  return [
    is('ACCEPT, offers', { type: 'ACCEPT', accept: { offer_ids: ids } }),
    is('DECLINE', { type: 'DECLINE', decline: { offer_ids: ids } }),
    is('ACCEPT_INVERSE_OFFERS', {
      type: 'ACCEPT_INVERSE_OFFERS',
      accept_inverse_offers: { inverse_offer_ids: ids },
    }),
    is('REVIVE', { type: 'REVIVE', revive: { roles } }),
    is('SUPPRESS', { type: 'SUPPRESS', suppress: { roles } }),
    is('RECONCILE', {
      type: 'RECONCILE',
      reconcile: { tasks: many((at) => ({ task_id: { value: `t${at}` }, agent_id })) },
    }),
    is('RECONCILE_OPERATIONS', {
      type: 'RECONCILE_OPERATIONS',
      reconcile_operations: {
        operations: many((at) => ({ operation_id: { value: `o${at}` }, agent_id })),
      },
    }),
    is('REQUEST', { type: 'REQUEST', request: { requests: many(() => ({ agent_id })) } }),
  ];
}

type Speaker = {
  readonly accept: (name: string, operations: unknown) => BigCall;
  readonly launch: (name: string, tasks: unknown) => BigCall;
  readonly task: (more?: object, at?: number) => object;
};

function speakerOf(known: Known): Speaker {
  const [agent = 'a'] = known.agents;
  const [offer = 'o'] = known.offers;
  const accept: Speaker['accept'] = (name, operations) =>
    scheduler(known, `ACCEPT, ${name}`, {
      type: 'ACCEPT',
      accept: { offer_ids: [{ value: offer }], operations, filters: { refuse_seconds: 0 } },
    });
  return {
    accept,
    launch: (name, tasks) => accept(name, [{ type: 'LAUNCH', launch: { task_infos: tasks } }]),
    task: (more = {}, at = 0) => ({
      name: 't',
      task_id: { value: `big-${at}` },
      agent_id: { value: agent },
      resources: [scalar('cpus', 0.001)],
      command: { value: 'true' },
      ...more,
    }),
  };
}

function launchLists(known: Known, many: Many): readonly BigCall[] {
  const { accept, launch, task } = speakerOf(known);
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'big' },
    framework_id: { value: known.framework },
    resources: [scalar('cpus', 0.1), scalar('mem', 32), scalar('disk', 1)],
  };
  return [
    launch(
      'tasks',
      many((at) => task({}, at)),
    ),
    launch(
      'tasks with one id',
      many(() => task()),
    ),
    launch(
      'tasks of nothing',
      many((at) => task({ resources: [] }, at)),
    ),
    launch(
      'tasks with executors',
      many((at) => ({
        ...task({ command: undefined }, at),
        executor: { ...executor, executor_id: { value: `e${at}` }, type: 'CUSTOM', command: {} },
      })),
    ),
    accept('group', [
      {
        type: 'LAUNCH_GROUP',
        launch_group: { executor, task_group: { tasks: many((at) => task({}, at)) } },
      },
    ]),
    accept(
      'operations',
      many((at) => reserveOf(`o${at}`)),
    ),
    accept(
      'operations without id',
      many(() => reserveOf(undefined)),
    ),
    accept(
      'launches',
      many((at) => ({ type: 'LAUNCH', launch: { task_infos: [task({}, at)] } })),
    ),
    accept(
      'empty operations',
      many(() => ({ type: 'LAUNCH' })),
    ),
  ];
}

function resourceLists(known: Known, many: Many): readonly BigCall[] {
  const { accept, launch, task } = speakerOf(known);
  const resources = [
    ['scalars', many((at) => scalar(`s${at}`, 1))],
    ['equal scalars', many(() => scalar('cpus', 0.001))],
    ['reservations', [{ ...scalar('cpus', 1), reservations: many((at) => reserved(`r${at}`)) }]],
    [
      'ranges',
      [
        ranges(
          'ports',
          many((at) => ({ begin: at * 2, end: at * 2 })),
        ),
      ],
    ],
    ['lists of ranges', many((at) => ranges('ports', [{ begin: at * 2, end: at * 2 }]))],
    ['sets', [{ name: 'set', type: 'SET', set: { item: many((at) => `i${at}`) } }]],
    ['volumes', many((at) => volume(`v${at}`))],
  ] as const;
  return resources.flatMap(([name, list]) => [
    launch(`a task of ${name}`, [task({ resources: list })]),
    accept(`RESERVE ${name}`, [{ type: 'RESERVE', reserve: { resources: list } }]),
    accept(`UNRESERVE ${name}`, [{ type: 'UNRESERVE', unreserve: { resources: list } }]),
    accept(`CREATE ${name}`, [{ type: 'CREATE', create: { volumes: list } }]),
    accept(`DESTROY ${name}`, [{ type: 'DESTROY', destroy: { volumes: list } }]),
  ]);
}

function taskParts(known: Known, many: Many, map: Many): readonly BigCall[] {
  const { launch, task } = speakerOf(known);
  const variables = many((at) => ({ name: `V${at}`, value: 'x' }));
  return [
    launch('environment', [task({ command: { value: 'x', environment: { variables } } })]),
    launch('arguments', [task({ command: { value: 'x', arguments: many((at) => `a${at}`) } })]),
    launch('uris', [task({ command: { value: 'x', uris: many((at) => ({ value: `u${at}` })) } })]),
    launch('labels', [task({ labels: { labels: many((at) => ({ key: `k${at}` })) } })]),
    launch('limits', [task({ limits: map(() => ({ value: 1 })) })]),
    launch('ports', [
      task({
        discovery: { visibility: 'CLUSTER', ports: { ports: many((number) => ({ number })) } },
      }),
    ]),
    launch('volumes', [
      task({
        container: {
          type: 'MESOS',
          volumes: many((at) => ({ mode: 'RW', container_path: `p${at}`, host_path: '/x' })),
        },
      }),
    ]),
    launch('networks', [
      task({
        container: { type: 'MESOS', network_infos: many((at) => ({ name: `n${at}` })) },
      }),
    ]),
  ];
}

const operator = (name: string, call: object): BigCall => ({
  name,
  target: '/api/v1',
  call: whole(call),
});

function operatorLists(known: Known, many: Many, map: Many): readonly BigCall[] {
  const [agent = 'a'] = known.agents;
  const agent_id = { value: agent };
  const machines = many((at) => ({ hostname: `h${at}`, ip: '10.0.0.1' }));
  const unavailability = { start: { nanoseconds: 1 } };
  const schedule = (name: string, windows: unknown): BigCall =>
    operator(`UPDATE_MAINTENANCE_SCHEDULE, ${name}`, {
      type: 'UPDATE_MAINTENANCE_SCHEDULE',
      update_maintenance_schedule: { schedule: { windows } },
    });
  const list = many((at) => scalar(`s${at}`, 1));
  return [
    schedule('machines', [{ machine_ids: machines, unavailability }]),
    schedule('one machine', [{ machine_ids: many(() => ({ hostname: 'h' })), unavailability }]),
    schedule(
      'windows',
      many((at) => ({ machine_ids: [{ hostname: `w${at}` }], unavailability })),
    ),
    operator('START_MAINTENANCE', { type: 'START_MAINTENANCE', start_maintenance: { machines } }),
    operator('STOP_MAINTENANCE', { type: 'STOP_MAINTENANCE', stop_maintenance: { machines } }),
    operator('UPDATE_WEIGHTS', {
      type: 'UPDATE_WEIGHTS',
      update_weights: { weight_infos: many((at) => ({ role: `w${at}`, weight: 2 })) },
    }),
    operator('UPDATE_QUOTA', {
      type: 'UPDATE_QUOTA',
      update_quota: {
        force: true,
        quota_configs: many((at) => ({ role: `q${at}`, limits: { cpus: { value: 1 } } })),
      },
    }),
    operator('UPDATE_QUOTA, limits', {
      type: 'UPDATE_QUOTA',
      update_quota: {
        force: true,
        quota_configs: [{ role: 'q', limits: map(() => ({ value: 1 })) }],
      },
    }),
    operator('SET_QUOTA', {
      type: 'SET_QUOTA',
      set_quota: { quota_request: { role: 'q', guarantee: list, force: true } },
    }),
    operator('RESERVE_RESOURCES', {
      type: 'RESERVE_RESOURCES',
      reserve_resources: {
        agent_id,
        resources: many((at) => ({ ...scalar(`s${at}`, 1), reservations: [reserved('test')] })),
      },
    }),
    operator('UNRESERVE_RESOURCES', {
      type: 'UNRESERVE_RESOURCES',
      unreserve_resources: { agent_id, resources: list },
    }),
    operator('CREATE_VOLUMES', {
      type: 'CREATE_VOLUMES',
      create_volumes: { agent_id, volumes: many((at) => volume(`v${at}`)) },
    }),
    operator('DESTROY_VOLUMES', {
      type: 'DESTROY_VOLUMES',
      destroy_volumes: { agent_id, volumes: many((at) => volume(`v${at}`)) },
    }),
  ];
}

function longValues(known: Known, bytesMax: number): readonly BigCall[] {
  const long = 'x'.repeat(Math.floor(bytesMax * 0.95));
  const [agent = 'a'] = known.agents;
  const agent_id = { value: agent };
  const is = (name: string, call: object): BigCall => scheduler(known, name, call);
  return [
    {
      name: 'SUBSCRIBE, a long name',
      target: '/api/v1/scheduler',
      call: whole({
        type: 'SUBSCRIBE',
        subscribe: { framework_info: { user: 'root', name: long } },
      }),
    },
    {
      name: 'SUBSCRIBE, a long role',
      target: '/api/v1/scheduler',
      call: whole({
        type: 'SUBSCRIBE',
        subscribe: { framework_info: { user: 'root', name: 'n', role: long } },
      }),
    },
    is('KILL, a long id', { type: 'KILL', kill: { task_id: { value: long } } }),
    is('MESSAGE', {
      type: 'MESSAGE',
      message: { agent_id, executor_id: { value: 'e' }, data: 'A'.repeat(long.length & ~3) },
    }),
    is('unknown fields', { type: 'REVIVE', [long]: 1 }),
    {
      name: 'GET_HEALTH and more',
      target: '/api/v1',
      call: whole({ type: 'GET_HEALTH', more: [long] }),
    },
    {
      name: 'a long quota role',
      target: '/api/v1',
      call: whole({ type: 'REMOVE_QUOTA', remove_quota: { role: long } }),
    },
  ];
}

function texts(bytesMax: number): readonly BigCall[] {
  const filled = (name: string, before: string, unit: string, after = ''): BigCall => ({
    name,
    target: '/api/v1',
    call: () => before + unit.repeat(Math.floor((bytesMax * 0.95) / unit.length)) + after,
  });
  return [
    filled('blanks before', '', ' ', '{"type":"GET_HEALTH"}'),
    filled('blanks after', '{"type":"GET_HEALTH"}', ' '),
    filled('blanks, and something else', '{"type":"GET_HEALTH"}', ' ', 'x'),
    filled('blanks here and there', '{"type":"GET_HEALTH"}', ' x'),
    filled('lines, and a mistake', '{', '\n', 'x'),
    filled('a mistake, and much more', '{x', 'y'),
    filled('unknown lists', '{"type":"GET_HEALTH","a":[0', ',[]', ']}'),
    filled('an unknown list', '{"type":"GET_HEALTH","a":[0', ',0', ']}'),
    filled('unknown keys', '{"type":"GET_HEALTH"', ',"a":0', '}'),
    filled('one key', '{"type":"GET_HEALTH"', ',"type":"GET_HEALTH"', '}'),
    filled('escapes', '{"type":"GET_HEALTH","a":"', '\\u0041', '"}'),
    filled('a number', '{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":1', '0', '}}'),
    filled(
      'a number in quotes',
      '{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":"1',
      '0',
      '"}}',
    ),
    filled(
      'a number that is none',
      '{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":"1',
      ' ',
      'x"}}',
    ),
    filled('brackets', '', '['),
    filled('a mismatch, and much more', '{"type":[],"a":[0', ',[]', ']}'),
    filled(
      'what lacks a field',
      '{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{}',
      ',{}',
      ']}}',
    ),
  ];
}

const filter = {
  min_allocatable_resources: { quantities: [{ quantities: { cpus: { value: 1 } } }] },
};
const constraint = {
  selector: { attribute_name: 'rack' },
  predicate: { text_matches: { regex: '(a|b)*c' } },
};
const scalar = (name: string, value: number): object => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});
const reserved = (role: string): object => ({ type: 'DYNAMIC', role });
const ranges = (name: string, range: unknown): object => ({
  name,
  type: 'RANGES',
  ranges: { range },
});
const volume = (id: string): object => ({
  ...scalar('disk', 1),
  reservations: [reserved('test')],
  disk: { persistence: { id }, volume: { container_path: 'd', mode: 'RW' } },
});
const reserveOf = (id: string | undefined): object => ({
  type: 'RESERVE',
  ...(id !== undefined && { id: { value: id } }),
  reserve: { resources: [{ ...scalar('cpus', 0.001), reservations: [reserved('test')] }] },
});
