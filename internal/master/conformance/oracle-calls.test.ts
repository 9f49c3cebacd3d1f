/**
 * Calls that real schedulers and operators made of a real Mesos, made of ours: each gets the same
 * status and the same text. Ids are those of our stage; where a call needs more than a subscribed
 * framework, it is said here, and so is why some cannot be made again.
 */
import test from 'ava';
import {
  exchange,
  type Exchange,
  operatorExchanges,
  replyText,
  schedulerExchanges,
} from '#internal/testing/oracle-http.ts';
import { frameworkInfo, Stage } from '../testing/stage.ts';

/** Recorded without a connection. */
const isDisconnected: ReadonlySet<string> = new Set([
  'extra/failover/call_while_disconnected',
  'scheduler/teardown',
]);

/** Recorded of a framework that nobody knew, or on a stream that was another's by then. */
const isUnknown: ReadonlySet<string> = new Set([
  'extra/failover/restarted_call_before_subscribe',
  'scheduler2/call_after_teardown',
]);
const isStale: ReadonlySet<string> = new Set(['scheduler/shutdown_executor']);

type Call = Readonly<Record<string, unknown>>;
const callOf = ({ request }: Exchange): Call | undefined => {
  const text = Buffer.from(request.body).toString();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a recording of ours.
  return text.startsWith('{') ? (JSON.parse(text) as Call) : undefined;
};

test('calls of schedulers are answered as Mesos answered them', async (t) => {
  const recordings = schedulerExchanges();
  t.true(recordings.length > 140);
  for (const recorded of recordings) {
    const { name, reply, request } = recorded;
    const call = callOf(recorded);
    if (call === undefined) continue;
    const stage = await Stage.subscribed(infoOf(call));
    if (isDisconnected.has(name)) await stage.hangUp();
    const id = isUnknown.has(name) ? 'unknown' : stage.id;
    const streamId = isStale.has(name) ? request.headers['mesos-stream-id'] : undefined;
    const said = await stage.post(renamed(call, id), streamId === undefined ? {} : { streamId });
    const text = isStale.has(name)
      ? replyText(recorded).replace(/[0-9a-f-]{36}-\d{4}$/u, stage.id)
      : replyText(recorded);
    t.deepEqual([said.status, said.text], [reply.status, text], name);
    t.is(said.headers['content-type'], reply.headers['content-type'], name);
  }
});

/** An UPDATE_FRAMEWORK begins from what it says, as far as that may not change. */
function infoOf({ update_framework }: Call): object {
  const { framework_info: info } = (update_framework ?? {}) as { readonly framework_info?: object };
  if (info === undefined) return frameworkInfo();
  const { id: _id, ...kept } = info as { readonly id?: object };
  return { ...kept, user: 'root' };
}

function renamed(call: Call, id: string): object {
  const framework_id = { value: id };
  const update = call['update_framework'];
  if (typeof update !== 'object' || update === null) return { ...call, framework_id };
  const { framework_info } = update as { readonly framework_info?: object };
  const info = { ...framework_info, id: framework_id };
  return { ...call, framework_id, update_framework: { ...update, framework_info: info } };
}

/** What has to be so before an operator's call is answered as it was. */
const before: Readonly<Record<string, readonly object[]>> = {
  'extra/operator/REACTIVATE_AGENT': [{ type: 'DEACTIVATE_AGENT', deactivate_agent: agentId() }],
  'extra/operator3/REACTIVATE_AGENT_after_drain': [{ type: 'DRAIN_AGENT', drain_agent: agentId() }],
  'operator/master/REACTIVATE_AGENT_2': [{ type: 'DEACTIVATE_AGENT', deactivate_agent: agentId() }],
  'extra/operator/START_MAINTENANCE': [scheduled()],
  'extra/operator/START_MAINTENANCE_again': [
    scheduled(),
    { type: 'START_MAINTENANCE', start_maintenance: { machines: [machine()] } },
  ],
  'operator/master/SET_QUOTA_again': [
    {
      type: 'UPDATE_QUOTA',
      update_quota: {
        force: true,
        quota_configs: [{ role: 'q2', limits: { cpus: { value: 9 } } }],
      },
    },
  ],
};

/**
 * Not made again here: volumes and reservations have their own tests beside the code, files are not
 * shown, a quota of more than there is needs the cluster of the recording, and a drain that is not over
 * needs its tasks.
 */
const elsewhere =
  /VOLUMES|RESERVE|FILE|extra\/operator2\/REACTIVATE_AGENT_after_drain|UPDATE_QUOTA$|SET_QUOTA$/u;

test("operators' calls are answered as Mesos answered them", async (t) => {
  let made = 0;
  for (const recorded of operatorExchanges()) {
    const { name, reply, request } = recorded;
    const call = callOf(recorded);
    const isRead = String(call?.['type']).startsWith('GET_') || call?.['type'] === 'SUBSCRIBE';
    if (request.target !== '/api/v1' || call === undefined || isRead || elsewhere.test(name))
      continue;
    const stage = await Stage.subscribed();
    await stage.cluster.agent(stage.leader, 'localhost');
    for (const first of before[name] ?? []) await stage.post(first, { to: 'operator' });
    await stage.settle();
    const ours = JSON.stringify(call).replaceAll(/[0-9a-f-]{36}-S\d+/gu, 'm1-1-S0');
    const said = await stage.post(ours, { to: 'operator' });
    t.deepEqual([said.status, said.text], [reply.status, replyText(recorded)], name);
    made++;
  }
  t.true(made > 20, `only ${made}`);
});

test('what the older endpoints change is answered, and shown, as Mesos did', async (t) => {
  const stage = await Stage.subscribed();
  await stage.cluster.agent(stage.leader, 'localhost');
  const update_quota = { quota_configs: [{ role: 'qrole' }] };
  await stage.post({ type: 'UPDATE_QUOTA', update_quota }, { to: 'operator' });
  for (const name of ['master_quota', 'master_quota_POST', 'master_weights_PUT']) {
    const recorded = exchange(`legacy/${name}`);
    const said = await stage.request(recorded.request);
    t.deepEqual([said.status, said.text], [recorded.reply.status, replyText(recorded)], name);
    await stage.settle();
  }
});

/** `.get_agents.agents[].active: boolean`; places in lists are all one place. */
function shapeOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => shapeOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, member]) => shapeOf(member, `${path}.${key}`));
}

test('what operators read has no key that Mesos never wrote, and no value of another type', async (t) => {
  const stage = await Stage.subscribed();
  await stage.agent();
  const offer = await stage.offer();
  const resources = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }];
  const ids = { name: 't', task_id: { value: 't' }, agent_id: offer.agent_id };
  const task = { ...ids, resources, command: { value: 'true' } };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  await stage.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations } });
  await stage.settle();
  const known = new Set(
    operatorExchanges()
      .filter(({ request, reply }) => request.target === '/api/v1' && reply.status === 200)
      .flatMap((recorded) => {
        const text = replyText(recorded);
        return text === '' ? [] : shapeOf(JSON.parse(text));
      }),
  );
  for (const type of ['GET_AGENTS', 'GET_FRAMEWORKS', 'GET_TASKS']) {
    const said = await stage.post({ type }, { to: 'operator' });
    const ours = new Set(shapeOf(JSON.parse(said.text)));
    t.true(ours.size > 5, type);
    t.deepEqual(
      [...ours].filter((path) => !known.has(path)),
      [],
      type,
    );
  }
});

function agentId(): object {
  return { agent_id: { value: 'm1-1-S0' } };
}

function machine(): object {
  return { hostname: 'localhost', ip: '127.0.0.1' };
}

function scheduled(): object {
  const unavailability = { start: { nanoseconds: 1 } };
  const windows = [{ machine_ids: [machine()], unavailability }];
  return {
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: { schedule: { windows } },
  };
}
