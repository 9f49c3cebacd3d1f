/**
 * Contract 14: where the published documents and the code of Mesos disagree, the code is followed. The
 * row of filters is in section 6, that of executors which do not come back among those of the agent.
 */
import test from 'ava';
import type { MemorySink } from '#internal/testing/memory-sink.ts';
import { fromJson } from '#internal/wire/json.ts';
import { watch } from '../testing/test-operator.ts';
import { eventsOf, frameworkInfo, type Said, Stage } from '../testing/stage.ts';

type Check = (stage: Stage) => Promise<unknown>;
type Row = readonly [name: string, check: Check, expected: unknown, dialect?: 'JSON alone'];

const operator = (stage: Stage, call: object): Promise<Said> =>
  stage.post(call, { to: 'operator' });

async function hears(stage: Stage, call: object): Promise<readonly (string | undefined)[]> {
  const before = stage.events().length;
  await stage.call(call);
  await stage.cluster.world.runFor(2000);
  return stage
    .events()
    .slice(before)
    .map(({ type }) => type);
}

/** The texts that a stream consists of. */
const linesOf = ({ chunks }: MemorySink): string => Buffer.concat(chunks).toString();

const statusOf = async (stage: Stage, call: object): Promise<number> =>
  (await stage.call(call)).status;

const agentIs = { agent_id: { value: 'm1-1-S0' } };
const limits = '{"limits":{"cpus":{"value":"Infinity"}},"name":"t","agent_id":{"value":"a"}}';
const minute = 60_000;

const rows: readonly Row[] = [
  [
    'a SUBSCRIBE that is refused is answered 200, with one ERROR, and ends',
    async (stage) => {
      const subscribe = { framework_info: frameworkInfo({ roles: ['/'] }) };
      const said = await stage.post({ type: 'SUBSCRIBE', subscribe }, { streamId: null });
      const { status, sink } = said;
      const [first] = sink === undefined ? [] : eventsOf(sink, stage.mediaType);
      return [status, first?.type, sink?.state()];
    },
    [200, 'ERROR', 'ended'],
  ],
  [
    'SUPPRESS and REVIVE name `roles`, in the plural',
    async (stage) => [
      await hears(stage, { type: 'SUPPRESS', suppress: { roles: ['test'] } }),
      await stage.agent().then(async () => await stage.cluster.world.runFor(3000)),
      stage.events().some(({ type }) => type === 'OFFERS'),
      await hears(stage, { type: 'REVIVE', revive: { role: 'none', roles: ['test'] } }),
    ],
    [[], undefined, false, ['OFFERS']],
  ],
  [
    'offers are below `offers.offers`',
    async (stage) => {
      await stage.agent();
      await stage.offer();
      return /"type":"OFFERS","offers":\{"offers":\[\{/u.test(linesOf(stage.sink));
    },
    true,
    'JSON alone',
  ],
  [
    'the message of an ERROR is below `error`',
    async (stage) => {
      const { sink, id } = stage;
      const subscribe = { framework_info: frameworkInfo({ id: { value: id } }) };
      await stage.subscribe(subscribe, { framework_id: { value: id } });
      return linesOf(sink).endsWith('{"type":"ERROR","error":{"message":"Framework failed over"}}');
    },
    true,
    'JSON alone',
  ],
  [
    'an id of an operation is a message, and no string',
    async (stage) => {
      const acknowledge_operation_status = { ...agentIs, uuid: 'AAEC' };
      const of = (operation_id: unknown): object => ({
        type: 'ACKNOWLEDGE_OPERATION_STATUS',
        acknowledge_operation_status: { ...acknowledge_operation_status, operation_id },
      });
      const reconcile = (operation_id: unknown): object => ({
        type: 'RECONCILE_OPERATIONS',
        reconcile_operations: { operations: [{ operation_id }] },
      });
      return [
        await statusOf(stage, of('o')),
        await statusOf(stage, reconcile('o')),
        await statusOf(stage, reconcile({ value: 'o' })),
      ];
    },
    [400, 400, 202],
    'JSON alone',
  ],
  [
    'limits of a task are scalars, of which one may be infinite',
    async () => {
      const info = fromJson('mesos.v1.TaskInfo', `${limits.slice(0, -1)},"task_id":{"value":"t"}}`);
      return Object.entries(info.limits ?? {}).map(([name, { value }]) => [name, value]);
    },
    [['cpus', Infinity]],
  ],
  [
    'UPDATE_FRAMEWORK is never answered 409',
    async (stage) => {
      const framework_info = frameworkInfo({ id: { value: stage.id }, checkpoint: true });
      const said = await stage.call({
        type: 'UPDATE_FRAMEWORK',
        update_framework: { framework_info },
      });
      return said.status;
    },
    400,
  ],
  ['the first HEARTBEAT comes at once', async (stage) => stage.events()[1]?.type, 'HEARTBEAT'],
  [
    'a task that nobody knows is not lost when it is killed, but reconciled',
    async (stage) => {
      await stage.call({ type: 'KILL', kill: { task_id: { value: 'x' } } });
      await stage.settle();
      return stage.events().at(-1)?.update?.status.state;
    },
    'TASK_UNKNOWN',
  ],
  [
    'agents have 10 minutes to come back to a new leader, not 75 s',
    async (stage) => {
      await stage.agent();
      stage.cluster.crash(1);
      const { master } = await stage.cluster.lead(2);
      const isUnreachable = (): boolean =>
        [...master.view().state.agents.values()].some(({ reach }) => reach.kind === 'unreachable');
      await stage.cluster.world.runFor(9 * minute);
      const early = isUnreachable();
      await stage.cluster.world.runFor(2 * minute);
      return [early, isUnreachable()];
    },
    [false, true],
  ],
  [
    'streams are of the type that was asked for, not application/recordio',
    async (stage) => {
      const subscribe = { framework_info: frameworkInfo() };
      const said = await stage.post({ type: 'SUBSCRIBE', subscribe }, { streamId: null });
      return said.headers['content-type'] === stage.mediaType;
    },
    true,
  ],
  [
    'AGENT_REMOVED is told of one that unregisters, not of one that is not reached or gone',
    async (stage) => {
      const watching = await watch(stage.cluster, stage.leader);
      const [silent, gone, leaving] = [
        await stage.agent(),
        await stage.agent(),
        await stage.agent(),
      ];
      silent.answersPings = false;
      await stage.cluster.world.runFor(91_000);
      const mark_agent_gone = { agent_id: { value: gone.id } };
      await stage.post({ type: 'MARK_AGENT_GONE', mark_agent_gone }, { to: 'operator' });
      await stage.settle();
      leaving.say({ unregister: { message: 'bye' } });
      await stage.settle();
      const told = watching.events().flatMap(({ agent_removed }) => agent_removed ?? []);
      return told.map(({ agent_id }) => agent_id.value === leaving.id);
    },
    [true],
  ],
  [
    'RESERVE_RESOURCES and its like are answered 202',
    async (stage) => {
      await stage.agent();
      const one = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };
      const resources = [{ ...one, reservations: [{ type: 'DYNAMIC', role: 'r' }] }];
      const reserve_resources = { ...agentIs, resources };
      return (await operator(stage, { type: 'RESERVE_RESOURCES', reserve_resources })).status;
    },
    202,
  ],
  [
    'GET_STATE shows tasks, executors, frameworks and agents, and no operations',
    async (stage) => {
      const call = { type: 'GET_STATE' };
      const said = await stage.post(call, { to: 'operator', mediaType: 'application/json' });
      const reply = fromJson('mesos.v1.master.Response', said.text);
      return Object.keys(reply.get_state ?? {}).toSorted();
    },
    ['get_agents', 'get_executors', 'get_frameworks', 'get_tasks'],
  ],
  [
    'a call of a type that nobody knows stops nothing',
    async (stage) => [
      await statusOf(stage, { type: 'UNKNOWN' }),
      await statusOf(stage, { type: 'REVIVE' }),
    ],
    [501, 202],
  ],
  [
    'REMOVE_QUOTA of a role that has none stops nothing',
    async (stage) => {
      const said = await operator(stage, { type: 'REMOVE_QUOTA', remove_quota: { role: 'none' } });
      return [said.status, (await operator(stage, { type: 'GET_HEALTH' })).status];
    },
    [400, 200],
  ],
];

for (const [name, check, expected, dialect] of rows) {
  test(`14: ${name}`, async (t) => {
    for (const mediaType of ['application/json', 'application/x-protobuf'] as const) {
      if (dialect === 'JSON alone' && mediaType !== 'application/json') continue;
      const stage = await Stage.subscribed(frameworkInfo(), mediaType);
      t.deepEqual(await check(stage), expected, mediaType);
    }
  });
}
