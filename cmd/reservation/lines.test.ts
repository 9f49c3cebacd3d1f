/** Who holds what by reservation, from the masters' books to what an operator reads and may free. */
import test from 'ava';
import { heldReservationRoutes } from '#internal/master/api/reservations-face.ts';
import { TestCluster } from '#internal/master/testing/test-cluster.ts';
import type { Fields, Logger } from '#internal/runtime/logger.ts';
import { newestVersion } from '#internal/state/version.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { destroyProblem, type Volume } from '../volume/lines.ts';
import { type HeldReservation, keptFor, linesOf, reservationsIn } from './lines.ts';

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

const reserved = (name: string, value: number): Resource => ({
  ...scalar(name, value),
  reservations: [
    { type: 'DYNAMIC', role: 'db', principal: 'ops', labels: { labels: [{ key: 'k' }] } },
  ],
});

const volume: Resource = {
  ...reserved('disk', 64),
  disk: {
    persistence: { id: 'pg', principal: 'ops' },
    volume: { mode: 'RW', container_path: 'data' },
  },
};

async function given() {
  const warnings: [string, Fields | undefined][] = [];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (message, fields) => void warnings.push([message, fields]),
    error: () => {},
    child: () => logger,
  };
  const cluster = new TestCluster({ logger, version: newestVersion });
  const leader = await cluster.lead();
  const isRaised = (): boolean => leader.ledger.state().version === newestVersion;
  await cluster.until(isRaised, 'the state is old', 10_000);
  const resources = [scalar('cpus', 4), scalar('mem', 1024), scalar('disk', 1000)];
  const agent = await cluster.agent(leader, 'a1', { resources });
  const ask = async (call: Call): Promise<number> => {
    const { status } = await cluster.world.settle(leader.master.operate(call), {
      withinMs: 1000,
    });
    await cluster.settle();
    return status;
  };
  const [route] = heldReservationRoutes(leader.master);
  const shown = async (): Promise<readonly HeldReservation[]> => {
    const asked = {
      method: 'GET',
      target: '/reservations',
      headers: {},
      body: new Uint8Array(),
      signal: new AbortController().signal,
    };
    const reply = Promise.resolve(route?.handler(asked));
    const got = await cluster.world.settle(reply, { withinMs: 1000 });
    const body = got?.kind === 'whole' ? new TextDecoder().decode(got.body) : '{}';
    return reservationsIn(JSON.parse(body));
  };
  return { cluster, leader, agent_id: { value: agent.id }, ask, shown, warnings };
}

test('a reservation is shown with those who have its role, and freed when it is nobody’s', async (t) => {
  const { cluster, leader, agent_id, ask, shown, warnings } = await given();
  t.deepEqual(await shown(), []);
  const resources = [reserved('cpus', 1), reserved('disk', 128)];
  t.is(await ask({ type: 'RESERVE_RESOURCES', reserve_resources: { agent_id, resources } }), 202);
  const owner = await cluster.scheduler(leader, { roles: ['db'], name: 'postgres' });
  const [one, ...others] = await shown();
  t.deepEqual(others, []);
  t.like(one, { role: 'db', isDynamic: true, principal: 'ops', hostname: 'a1' });
  t.deepEqual(one?.frameworks, ['postgres']);
  t.is(keptFor(one!), 'that of postgres');
  t.true(linesOf([one!], 0)[1]?.includes('cpus:1; disk:128'));

  const framework_id = { value: owner.id };
  t.is(await ask({ type: 'TEARDOWN', teardown: { framework_id } }), 200);
  const left = warnings.find(([message]) => message.startsWith('framework removed'));
  t.like(left?.[1], { frameworkId: owner.id, volumeCount: 0, reservationCount: 1 });
  const [nobodys] = await shown();
  t.is(keptFor(nobodys!), undefined);
  // As the command does it: what is shown goes back as it came.
  const call: Call = JSON.parse(
    JSON.stringify({
      type: 'UNRESERVE_RESOURCES',
      unreserve_resources: { agent_id, resources: nobodys?.resources },
    }),
  );
  t.is(await ask(call), 202);
  t.deepEqual(await shown(), []);
});

test('what holds a volume is not freed, and an agent that goes leaves it by name', async (t) => {
  const { agent_id, ask, shown, warnings } = await given();
  const resources = [reserved('disk', 128)];
  t.is(await ask({ type: 'RESERVE_RESOURCES', reserve_resources: { agent_id, resources } }), 202);
  t.is(await ask({ type: 'CREATE_VOLUMES', create_volumes: { agent_id, volumes: [volume] } }), 202);
  const [one] = await shown();
  t.is(keptFor(one!), 'holds volumes, which would have to be destroyed first');
  t.is(await ask({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id } }), 200);
  const left = warnings.find(([message]) => message.startsWith('agent removed'));
  t.like(left?.[1], { agentId: agent_id.value, volumeCount: 1 });
  t.regex(String(left?.[1]?.['volumes']), /a1: .*pg/u);
  t.deepEqual(await shown(), []);
});

test('a volume is destroyed where its agent has it and no task does', (t) => {
  const held: Volume = {
    state: 'held',
    agent_id: 'a',
    hostname: 'h',
    role: 'db',
    id: 'pg',
    megabytes: 64,
    origin: 'o',
    epoch: 1,
    used_seconds: undefined,
    tasks: [],
    resource: {},
  };
  t.is(destroyProblem(held), undefined);
  t.is(destroyProblem({ ...held, tasks: ['t1', 't2'] }), 'it is in use by t1 t2');
  for (const state of ['orphan', 'left', 'stale']) {
    t.not(destroyProblem({ ...held, state }), undefined, state);
  }
});
