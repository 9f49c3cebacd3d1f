/** Who is let in at which path, and whom a scheduler may speak for (contract 1.7, 1.9, 3.1, 3.2). */
import test from 'ava';
import { basicAuthenticator } from '#internal/auth/basic.ts';
import { smallCluster } from '../testing/test-cluster.ts';
import { type Doormen, principalOf, turnedAway } from './doorman.ts';
import { schedulerCallProblem } from './validate-scheduler-call.ts';

const basic = basicAuthenticator(new Map([['p', 's']]));
const all: Doormen = {
  'mesos-master-readonly': basic,
  'mesos-master-readwrite': basic,
  'mesos-master-scheduler': basic,
};
const right = { authorization: `Basic ${Buffer.from('p:s').toString('base64')}` };

const request = (method: string, target: string, headers = {}) => ({
  method,
  target,
  headers,
  body: new Uint8Array(0),
  signal: new AbortController().signal,
});

const realms: readonly (readonly [method: string, target: string, realm: string | undefined])[] = [
  ['POST', '/api/v1/scheduler', 'mesos-master-scheduler'],
  ['POST', '/master/api/v1/scheduler/', 'mesos-master-scheduler'],
  ['POST', '/api/altiplano/v1/store', 'mesos-master-scheduler'],
  ['POST', '/api/v1', 'mesos-master-readwrite'],
  ['GET', '/master/api/v1', 'mesos-master-readwrite'],
  ['POST', '/teardown', 'mesos-master-readwrite'],
  ['PUT', '/weights', 'mesos-master-readwrite'],
  ['GET', '/weights', 'mesos-master-readonly'],
  ['GET', '/state?jsonp=x', 'mesos-master-readonly'],
  ['GET', '/flags', 'mesos-master-readonly'],
  ['GET', '/health', undefined],
  ['GET', '/master/version', undefined],
  ['GET', '/redirect', undefined],
];

for (const [method, target, realm] of realms) {
  test(`${method} ${target} asks who it is from: ${realm ?? 'no'}`, (t) => {
    const reply = turnedAway(all, request(method, target));
    t.is(reply?.status, realm === undefined ? undefined : 401);
    t.is(reply?.headers['www-authenticate'], realm && `Basic realm="${realm}"`);
    t.is(turnedAway(all, request(method, target, right)), undefined);
    t.is(turnedAway({}, request(method, target)), undefined);
  });
}

test('a realm that asks nobody lets everyone in, whoever the others ask', (t) => {
  const some: Doormen = { 'mesos-master-readwrite': basic };
  t.is(turnedAway(some, request('GET', '/state')), undefined);
  t.is(turnedAway(some, request('POST', '/api/v1'))?.status, 401);
  t.is(principalOf(some, request('POST', '/api/v1/scheduler', right)), undefined);
  t.is(principalOf(all, request('POST', '/api/v1/scheduler', right)), 'p');
});

test('nobody subscribes under the name of another', (t) => {
  const subscribe = (principal?: string) => ({
    type: 'SUBSCRIBE' as const,
    subscribe: { framework_info: { user: 'u', name: 'n', ...(principal && { principal }) } },
  });
  t.is(schedulerCallProblem(subscribe('p'), 'p'), undefined);
  t.is(schedulerCallProblem(subscribe(), 'p'), undefined);
  t.is(schedulerCallProblem(subscribe('q')), undefined);
  t.is(
    schedulerCallProblem(subscribe('q'), 'p'),
    "Authenticated principal 'p' does not match principal 'q' set in `FrameworkInfo`",
  );
});

test('nobody calls on behalf of the framework of another', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster({ framework: { principal: 'q' } });
  const call = { type: 'REVIVE' as const, framework_id: { value: scheduler.id } };
  const ask = (principal: string) =>
    cluster.world.settle(leader.master.call(call, 'of another', principal), { withinMs: 100 });
  t.deepEqual(await ask('p'), {
    status: 400,
    text: "Authenticated principal 'p' does not match principal 'q' set in `FrameworkInfo`",
  });
  t.regex((await ask('q')).text, /^The stream ID 'of another'/);
});
