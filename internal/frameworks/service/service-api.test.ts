import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { serviceApi, type ServiceApiDoor, type ServiceApiOptions } from './service-api.ts';
import { type Input, step } from './step.ts';
import { newWorld, type World } from './world.ts';

type Reply = { readonly status: number; readonly body: Record<string, unknown> };
type Stage = {
  readonly ask: (
    method: string,
    target: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Reply>;
  readonly world: () => World;
};

const web = { command: 'serve', cpus: 0.1, mem: 32 };
const run = { kind: 'run', file: { services: { web } } };
const options: ServiceApiOptions = { authorization: undefined, recordBytesMax: 2000 };

/** A session that keeps what it is told, or none. */
function stage(
  given: Partial<ServiceApiOptions & ServiceApiDoor> & { readonly isKept?: boolean } = {},
): Stage {
  let world = newWorld({ role: 'services', principal: undefined }, [], []);
  const change = async (input: Input): Promise<boolean> => {
    world = step(world, input, { nowMs: 0, random: randomFromSeed(1) }).world;
    return given.isKept ?? true;
  };
  const session = {
    get world(): World {
      return world;
    },
    change,
  };
  const door: ServiceApiDoor = {
    session: () => session,
    nowMs: () => 0,
    explain: async () => 'because',
    volumes: async () => [],
    ...given,
  };
  const handler = serviceApi(door, { ...options, ...given });
  return {
    world: () => world,
    ask: async (method, target, asked = {}, headers = {}) => {
      const body = new TextEncoder().encode(JSON.stringify(asked));
      const { signal } = new AbortController();
      const reply = await handler({ method, target, headers, body, signal });
      if (reply.kind !== 'whole') throw new Error('a whole reply was expected');
      return { status: reply.status, body: JSON.parse(new TextDecoder().decode(reply.body)) };
    },
  };
}

/** As `altiplano service` does it. */
async function agreeTo({ ask }: Stage, change: object): Promise<Reply> {
  const { body } = await ask('POST', '/plan', { change });
  return await ask('POST', '/apply', { change, basis: body['basis'] });
}

test('what was planned is done, and what is there is told', async (t) => {
  const at = stage();
  const plan = await at.ask('POST', '/plan', { change: run });
  t.deepEqual([plan.status, plan.body['lines']], [200, ['start web: 1 instance']]);
  t.is(at.world().services.size, 0, 'a plan changes nothing');
  const { basis } = plan.body;
  t.is((await at.ask('POST', '/apply', { change: run, basis })).status, 200);
  t.like((await at.ask('GET', '/services')).body, { services: [{ name: 'web' }] });
  t.like((await at.ask('GET', '/services/web')).body, { service: { name: 'web' } });
  t.is((await at.ask('GET', '/services/other')).status, 404);
  t.deepEqual((await at.ask('GET', '/explain')).body, { text: 'because' });
});

test('a plan for what is not so any more is not carried out, and neither is one without a basis', async (t) => {
  const at = stage();
  const { body } = await at.ask('POST', '/plan', { change: run });
  t.is((await agreeTo(at, run)).status, 200);
  const before = at.world();
  const scale = { kind: 'scale', service: 'web', instances: 3 };
  t.is((await at.ask('POST', '/apply', { change: scale, basis: body['basis'] })).status, 409);
  t.is((await at.ask('POST', '/apply', { change: scale })).status, 409);
  t.is(at.world(), before);
  t.is((await agreeTo(at, scale)).status, 200);
  t.is(at.world().services.get('web')?.spec.instances, 3);
});

test('what is asked wrongly is told so, with its place, and changes nothing', async (t) => {
  const at = stage();
  t.is((await agreeTo(at, run)).status, 200);
  const before = at.world();
  const wrong: readonly (readonly [change: object, fault: string])[] = [
    [{}, 'change.kind is run, scale, stop or destroy'],
    [{ kind: 'constructor' }, 'change.kind is run, scale, stop or destroy'],
    [{ kind: 'run', file: {} }, 'services is missing'],
    [{ kind: 'scale', service: 'web' }, 'change.instances is missing'],
    [{ kind: 'scale', service: 'web', instances: -1 }, 'change.instances: at least 0'],
    [{ kind: 'stop', service: 1 }, 'change.service has to be a text'],
    [{ kind: 'stop', service: 'web', now: true }, 'change.now is not known'],
    [{ kind: 'stop', service: 'other' }, "there is no service 'other'"],
  ];
  for (const [change, fault] of wrong) {
    t.deepEqual(await at.ask('POST', '/plan', { change }), {
      status: 400,
      body: { faults: [fault] },
    });
  }
  t.is((await at.ask('POST', '/other', { change: run })).status, 404);
  t.is((await at.ask('PUT', '/apply', { change: run })).status, 405);
  t.is(at.world(), before);
});

test('a service that the store could not keep is refused before anything is promised', async (t) => {
  const at = stage();
  const large = { ...web, environment: { A: 'x'.repeat(2000) } };
  const reply = await at.ask('POST', '/plan', {
    change: { kind: 'run', file: { services: { large } } },
  });
  t.deepEqual(reply, {
    status: 400,
    body: { faults: ["service 'large' is longer than the store can keep"] },
  });
});

test('whoever does not bring the credential is told nothing', async (t) => {
  const at = stage({ authorization: 'Basic right' });
  for (const headers of [{}, { authorization: 'Basic wrong' }]) {
    t.is((await at.ask('GET', '/services', {}, headers)).status, 401);
    t.is((await at.ask('POST', '/apply', { change: run }, headers)).status, 401);
  }
  t.is((await at.ask('GET', '/services', {}, { authorization: 'Basic right' })).status, 200);
});

test('who does not lead, or cannot say what volumes there are, answers 503', async (t) => {
  const idle = stage({ session: () => undefined });
  t.is((await idle.ask('GET', '/services')).status, 503);
  const blind = stage({ volumes: async () => undefined });
  t.is((await blind.ask('POST', '/plan', { change: run })).status, 503);
  const lost = stage({ isKept: false });
  t.is((await agreeTo(lost, run)).status, 503);
});
