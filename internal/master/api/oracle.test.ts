/**
 * What a real master replied, and what ours replies to the same about the same cluster: name for
 * name, type for type, in the same order. Times are masked; resources of a list may come in any order
 * (contract 6); differences that are meant are named here.
 */
import test from 'ava';
import type { HttpResponse } from '#internal/runtime/http.ts';
import { fromJson } from '#internal/wire/json.ts';
import { resourcesFromWire } from '#internal/wire/resources.ts';
import { masterUnderTest, textOf } from '#internal/testing/master-under-test.ts';
import { afterwards, oracleView } from '#internal/testing/oracle-cluster.ts';
import {
  exchange,
  type Exchange,
  masterExchanges,
  replyText,
} from '#internal/testing/oracle-http.ts';
import type { MasterView } from '../door.ts';

const view = oracleView('O1');

/** Replies whose whole text is compared, by the offer that was out at that time. */
const wholeReplies = {
  'operator/master/GET_AGENTS': 'O1',
  'operator/master/GET_EXECUTORS': 'O1',
  'operator/master/GET_FRAMEWORKS': 'O1',
  'operator/master/GET_MAINTENANCE_SCHEDULE': 'O1',
  'operator/master/GET_MAINTENANCE_STATUS': 'O1',
  'operator/master/GET_MASTER': 'O1',
  'operator/master/GET_OPERATIONS': 'O1',
  'operator/master/GET_STATE': 'O1',
  'operator/master/GET_VERSION': 'O1',
  'operator/errors/master_accept_any': 'O1',
  'operator/errors/master_no_accept': 'O1',
  'legacy/master_flags': 'O3',
  'legacy/master_frameworks_by_id': 'O3',
  'legacy/master_health': 'O3',
  'legacy/master_maintenance_status': 'O3',
  'legacy/master_memory-profiler_state': 'O3',
  'legacy/master_prefixed_frameworks': 'O3',
  'legacy/master_prefixed_health': 'O3',
  'legacy/master_prefixed_slaves': 'O3',
  'legacy/master_prefixed_state': 'O3',
  'legacy/master_reserve_GET': 'O3',
  'legacy/master_reserve_noslave': 'O3',
  'legacy/master_slaves_by_id': 'O3',
  'legacy/master_state': 'O3',
  'legacy/master_state-summary': 'O3',
  'legacy/master_state_POST': 'O3',
  'legacy/master_tasks': 'O3',
  'legacy/master_tasks_framework': 'O3',
  'legacy/master_tasks_limit': 'O3',
  'legacy/master_version': 'O3',
  'scheduler/errors/http10_no_host': 'O1',
} as const;

for (const [name, offer] of Object.entries(wholeReplies)) {
  test(`says what Mesos said: ${name}`, async (t) => {
    const recorded = exchange(name);
    const response = await ask(recorded, oracleView(offer));
    t.is(response.status, recorded.reply.status);
    t.is(response.headers['content-type'], recorded.reply.headers['content-type']);
    if (recorded.reply.status === 200) {
      t.is(comparable(textOf(response)), comparable(replyText(recorded)));
    } else t.is(textOf(response), replyText(recorded));
  });
}

test('a removed framework is shown as Mesos shows it', async (t) => {
  const [framework] = view.state.frameworks.keys();
  const gone = afterwards(view, [
    { kind: 'remove-framework', atMs: 1_795_394_234_936, frameworkId: framework! },
  ]);
  const recorded = exchange('operator/master/GET_FRAMEWORKS_after_teardown');
  const response = await ask(recorded, { ...gone, offers: [] });
  t.is(comparable(textOf(response)), comparable(replyText(recorded)));
});

test('reservations are shown by agent and by role as Mesos shows them', async (t) => {
  const agents = exchange('operator/master/GET_AGENTS_with_reservation');
  const shown = fromJson('mesos.v1.master.Response', replyText(agents)).get_agents?.agents?.[0];
  const total = resourcesFromWire(shown?.total_resources);
  const [agent] = view.state.agents.values();
  t.assert(total.ok && agent !== undefined);
  if (!total.ok || agent === undefined) return;
  const known = view.state.agents.set(agent.id, { ...agent, total: total.value });
  const reserved = { ...view, offers: [], state: { ...view.state, agents: known } };
  for (const recorded of [agents, exchange('operator/master/GET_ROLES_with_reservation')]) {
    const response = await ask(recorded, reserved);
    t.is(comparable(textOf(response)), comparable(replyText(recorded)));
  }
});

test('metrics have the names, the order and the type that Mesos gives them', async (t) => {
  for (const name of ['operator/master/GET_METRICS', 'operator/master/GET_METRICS_no_timeout']) {
    const recorded = exchange(name);
    const ours = fromJson('mesos.v1.master.Response', textOf(await ask(recorded, view)));
    const theirs = fromJson('mesos.v1.master.Response', replyText(recorded));
    const names = (ours.get_metrics?.metrics ?? []).map((metric) => metric.name);
    const known = new Set((theirs.get_metrics?.metrics ?? []).map((metric) => metric.name));
    t.true(names.length > 20);
    t.deepEqual(
      names.filter((metric) => !known.has(metric)),
      [],
    );
    t.deepEqual(names, names.toSorted());
  }
  const text = textOf(await masterUnderTest({ view }).ask({ target: '/metrics/snapshot' }));
  t.regex(text, /^\{("[a-z_/]+":\d+\.\d+,?)+\}$/u);
  t.regex(text, /"master\/cpus_percent":0\.00625,/u);
});

test('protobuf replies are the bytes that Mesos sent', async (t) => {
  for (const name of ['GET_HEALTH_json_in_protobuf_out', 'GET_HEALTH_protobuf_in']) {
    const recorded = exchange(`operator/master/${name}`);
    const response = await ask(recorded, view);
    t.is(response.headers['content-type'], 'application/x-protobuf');
    t.deepEqual(response.kind === 'whole' && [...response.body], [...recorded.reply.body]);
  }
});

/** Judged behind the door. */
const needsCluster =
  /accept_text_html_noncall|call_after|live_(?!missing)|no_stream_id|old_stream_id/u;

/** MARK_AGENT_GONE is not served; whether a framework is known is judged behind the door. */
const notServed: ReadonlySet<string> = new Set([
  'operator/errors/master_MARK_GONE_unknown',
  'legacy/master_teardown_unknown',
]);

/** Refusals that need no knowledge of the cluster: the faces' own business. */
const refusals = masterExchanges.filter(
  ({ name, reply }) => reply.status >= 300 && !needsCluster.test(name) && !notServed.has(name),
);

test('what is malformed, misdirected or not acceptable is refused in the words of Mesos', async (t) => {
  t.true(refusals.length >= 45, `only ${refusals.length} transcripts`);
  for (const recorded of refusals) {
    const response = await ask(recorded, view);
    t.is(response.status, recorded.reply.status, recorded.name);
    t.deepEqual(response.headers, recorded.reply.headers, recorded.name);
    t.is(textOf(response), replyText(recorded), recorded.name);
  }
});

test('every recorded call that opens a stream opens one here', async (t) => {
  const opening = masterExchanges.filter(({ reply }) => 'mesos-stream-id' in reply.headers);
  t.true(opening.length > 5);
  for (const recorded of opening) {
    const response = await ask(recorded, view);
    t.is(response.kind, 'stream', recorded.name);
    t.is(response.headers['content-type'], recorded.reply.headers['content-type']);
    t.regex(response.headers['mesos-stream-id'] ?? '', uuidPattern);
  }
});

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

function ask({ request }: Exchange, shown: MasterView): Promise<HttpResponse> {
  return masterUnderTest({ view: shown }).ask(request);
}

/** One value a line, keys in their order; `5` and `5.0` differ. */
function comparable(text: string): string {
  if (text === '') return '';
  const tagged = text.replaceAll(tokenPattern, (token) =>
    token.startsWith('"') ? token : JSON.stringify(maskedNumber(token)),
  );
  return JSON.stringify(canonical(JSON.parse(tagged)), undefined, 1);
}

const tokenPattern = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gu;

/** The recording was made within some minutes of 1795394200. */
function maskedNumber(token: string): string {
  const isDouble = token.includes('.');
  if (/^179539[45]\d{3}(?:\.|$)/u.test(token)) return isDouble ? 'seconds' : 'whole seconds';
  if (/^179539[45]\d{12}$/u.test(token)) return 'nanoseconds';
  return isDouble ? `double ${Number(token)}` : `integer ${token}`;
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value.map(canonical);
    return items.every(isResource)
      ? items.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter((member) => !isMeantDifference(member));
  return Object.fromEntries(members.map(([key, member]) => [key, canonical(member)]));
}

const isResource = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'name' in value && 'type' in value;

/**
 * `checkpoint` of an agent is no field of v1 messages. The capabilities of a master are
 * what it tells agents of the old protocol: ours has none of them.
 */
function isMeantDifference([key, value]: [string, unknown]): boolean {
  if (key === 'checkpoint') return value === true;
  return (
    key === 'capabilities' && (isEmptyList(value) || JSON.stringify(value).includes('QUOTA_V2'))
  );
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
