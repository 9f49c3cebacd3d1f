/**
 * The events of a scheduler's stream beside those of a real Mesos: the same keys at the same places,
 * with values of the same types.
 */
import test from 'ava';
import { linesOf } from '#internal/testing/golden-files.ts';
import { toJson } from '#internal/wire/json.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { smallCluster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';

type Kind = NonNullable<Event['type']>;

/** `update.status.agent_id.value: string`; places in lists are all one place. */
function shapeOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => shapeOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, member]) => shapeOf(member, `${path}.${key}`));
}

const recorded = linesOf('testdata/oracle/scheduler-events.jsonl').map((line): unknown =>
  JSON.parse(line),
);

const typeOf = (event: unknown): string =>
  typeof event === 'object' && event !== null && 'type' in event ? String(event.type) : '';

const theirs = (kind: Kind): ReadonlySet<string> =>
  new Set(recorded.filter((event) => typeOf(event) === kind).flatMap((event) => shapeOf(event)));

/** What a recording of any kind may have and ours has not: other kinds of agents and tasks. */
const elsewhere =
  /capabilities|executor_id|reservations|\.disk|\.set|\.shared|revocable|\.domain|provider_id|check_status|healthy|container_status|\.data|\.labels|limitation|failure\.status|unavailability|unreachable_time/;

test('every event has the shape of those that a real Mesos sends', async (t) => {
  const { cluster, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  const gone = { ...offer, id: { value: 'gone' } };
  await scheduler.launch(gone, taskFor(offer, 'dropped'));
  await scheduler.launch(offer, taskFor(offer, 'bad', { resources: [] }), taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  agent.report('t1', 'TASK_RUNNING', { message: 'm' });
  await cluster.settle();
  await scheduler.call({ type: 'RECONCILE', reconcile: {} });
  agent.say({ unregister: { message: 'bye' } });
  await cluster.settle();
  for (const kind of ['SUBSCRIBED', 'HEARTBEAT', 'OFFERS', 'UPDATE', 'FAILURE'] as const) {
    const ours = new Set(
      scheduler.events
        .filter(({ type }) => type === kind)
        .flatMap((event) => shapeOf(JSON.parse(toJson('mesos.v1.scheduler.Event', event)))),
    );
    const known = theirs(kind);
    t.true(ours.size > 0 && known.size > 0, kind);
    t.deepEqual(
      [...ours].filter((key) => !known.has(key)),
      [],
      `${kind}: only ours`,
    );
    const missing = [...known].filter((key) => !ours.has(key) && !elsewhere.test(key));
    t.deepEqual(missing, [], `${kind}: only theirs`);
  }
});
