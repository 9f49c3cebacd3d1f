/** What is in an offer, who is asked to leave, and who waits or sits on offers. */
import test from 'ava';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { quantities } from '#internal/resources/quantities.ts';
import type { Resource } from '#internal/resources/resource.ts';
import { allocatedTo, scalarMilli, unallocated } from '#internal/resources/resources.ts';
import type { AllocatorEvent } from './event.ts';
import {
  agentAdded,
  amount,
  frameworkAdded,
  offersAt,
  returned,
  started,
  use,
} from './testing/small-cluster.ts';

const [f, s] = [frameworkId('F'), agentId('S')];

const volume: Resource = {
  ...amount('disk(a):64')[0]!,
  disk: {
    source: undefined,
    persistence: { id: 'v', principal: undefined },
    volume: { mode: 'rw', containerPath: 'data', hostPath: undefined },
  },
  shared: true,
};

test('a shared volume goes to all who can use it, with something that is theirs alone', (t) => {
  const capabilities = ['SHARED_RESOURCES'] as const;
  const target = started([
    frameworkAdded('F', ['a'], { capabilities }),
    frameworkAdded('G', ['a'], { capabilities }),
    frameworkAdded('H', ['a']),
    agentAdded('S', [...amount('cpus:4'), volume]),
  ]);
  const [offer, ...others] = offersAt(target);
  t.deepEqual(others, [], 'a volume alone is no offer');
  const half = allocatedTo('a', amount('cpus:2'));
  target.handle({ kind: 'resources-returned', ...offer!, resources: half, filter: undefined });
  const [second] = offersAt(target, 1000);
  t.deepEqual(new Set([offer, second].map((one) => one?.frameworkId)).size, 2);
  for (const one of [offer, second]) t.is(one?.resources.filter(({ shared }) => shared).length, 1);
});

test('a framework says for each role what is enough for it', (t) => {
  const minAllocatable = new Map([
    [role('a'), [quantities([['cpus', 3000]]), quantities([['disk', 1000]])]],
    [role('b'), []],
  ]);
  const target = started([
    frameworkAdded('F', ['a', 'b'], { minAllocatable }),
    { kind: 'roles-suppressed', frameworkId: f, roles: [role('b')] },
    agentAdded('S', 'cpus:2;mem:4096'),
    agentAdded('T', 'cpus:0.001'),
    agentAdded('U', 'disk:10'),
  ]);
  t.deepEqual(
    offersAt(target).map((offer) => offer.agentId),
    [agentId('U')],
  );
  target.handle({ kind: 'roles-revived', frameworkId: f, roles: [role('b')] });
  const ids: readonly string[] = offersAt(target).map((offer) => offer.agentId);
  t.deepEqual(ids.toSorted(), ['S', 'T']);
});

test('an agent of another region is for those who mind where it is', (t) => {
  const cluster = [frameworkAdded('F', ['a']), agentAdded('S', 'cpus:1', { region: 'south' })];
  t.is(offersAt(started(cluster)).length, 1, 'a master without a region knows no other');
  const target = started(cluster, { region: 'north' });
  t.is(offersAt(target).length, 0);
  target.handle(frameworkAdded('G', ['a'], { capabilities: ['REGION_AWARE'] }));
  t.is(offersAt(target).length, 1);
});

test('the same resources are the same array when they are offered again', (t) => {
  const target = started([frameworkAdded('F', ['a']), agentAdded('S', 'cpus:4;mem:1024')]);
  const [first] = offersAt(target);
  target.handle(returned(first!));
  const [second] = offersAt(target, 1000);
  t.is(second?.resources, first?.resources);
  t.not(second?.serial, first?.serial);
});

test('an operation makes something else of what is held, and of what is free', (t) => {
  const target = started([
    frameworkAdded('F', ['a']),
    agentAdded('S', 'cpus:4;mem:1024', { used: [use('F', 'a', 'cpus:3')] }),
  ]);
  const held = {
    consumed: allocatedTo('a', amount('cpus:3')),
    converted: allocatedTo('a', amount('cpus(a):3')),
  };
  target.handle({ kind: 'resources-converted', frameworkId: f, agentId: s, ...held });
  const free = { consumed: amount('mem:1000'), converted: amount('mem(b):1000') };
  target.handle({ kind: 'resources-converted', frameworkId: undefined, agentId: s, ...free });
  const [offer] = offersAt(target);
  t.is(scalarMilli(offer?.resources ?? [], 'mem'), 24_000);
  target.handle({
    kind: 'resources-returned',
    frameworkId: f,
    agentId: s,
    resources: held.converted,
    filter: undefined,
  });
  t.deepEqual(unallocated(offersAt(target)[0]?.resources ?? []), amount('cpus(a):3'));
});

test('who holds something of an agent that will be away is asked to leave, until he answers', (t) => {
  const unavailability = { startMs: 7, durationMs: undefined };
  const scheduled: AllocatorEvent = { kind: 'agent-scheduled', agentId: s, unavailability };
  const target = started([
    frameworkAdded('F', ['a']),
    frameworkAdded('G', ['a']),
    agentAdded('S', 'cpus:4', { used: [use('F', 'a', 'cpus:4')] }),
    agentAdded('T', 'cpus:4'),
    scheduled,
  ]);
  const inverseAt = (nowMs: number) => target.allocate({ nowMs }).inverseOffers;
  const asked = [{ frameworkId: f, agentId: s, unavailability }];
  t.deepEqual(inverseAt(0), asked);
  t.deepEqual(inverseAt(1000), []);
  const answered = { kind: 'inverse-offer-answered', frameworkId: f, agentId: s } as const;
  target.handle({ ...answered, filter: { untilMs: 5000 } });
  t.deepEqual(inverseAt(4999), []);
  t.deepEqual(inverseAt(5000), asked);
  target.handle({ ...scheduled, unavailability: undefined });
  t.deepEqual(inverseAt(9000), []);
});

test('how long one waits and who sits on offers is known', (t) => {
  const target = started([frameworkAdded('F', ['a', 'b']), agentAdded('S', 'cpus:4')]);
  const [offer] = offersAt(target, 1000);
  const at = { nowMs: 4000 };
  t.deepEqual(target.hoarders(at), [
    { frameworkId: f, offers: 1, oldestMs: 3000, held: quantities([['cpus', 4000]]) },
  ]);
  const other = offer!.role === role('a') ? role('b') : role('a');
  const waits = () =>
    new Map(
      target.starvation(at).map(({ role: of, waitingMs, nextMs }) => [of, [waitingMs, nextMs]]),
    );
  t.deepEqual(waits().get(offer!.role), [3000, undefined]);
  target.handle({ kind: 'roles-suppressed', frameworkId: f, roles: [other] });
  target.handle({ kind: 'offer-closed', serial: offer!.serial });
  target.handle(returned(offer!, 9000));
  t.deepEqual(target.hoarders(at), []);
  t.deepEqual(
    waits(),
    new Map([
      [offer!.role, [3000, 5000]],
      [other, [undefined, undefined]],
    ]),
  );
});

test('agents that have the same are offered as one list, and none as the list of another', (t) => {
  const diskOf = (containerPath: string): Resource => ({
    ...volume,
    disk: { ...volume.disk!, volume: { ...volume.disk!.volume!, containerPath } },
    shared: false,
  });
  const target = started([
    frameworkAdded('F', ['a']),
    agentAdded('S', 'cpus:4;mem:512'),
    agentAdded('T', 'cpus:4;mem:512'),
    // These two are equal in all that the algebra of resources counts.
    agentAdded('U', [...amount('cpus:8'), diskOf('here')]),
    agentAdded('V', [...amount('cpus:8'), diskOf('there')]),
  ]);
  const offered = new Map(
    offersAt(target).map(({ agentId: id, resources }) => [String(id), resources]),
  );
  t.is(offered.get('S'), offered.get('T'));
  const pathOf = (id: string) => offered.get(id)?.[1]?.disk?.volume?.containerPath;
  t.deepEqual([pathOf('U'), pathOf('V')], ['here', 'there']);
});
