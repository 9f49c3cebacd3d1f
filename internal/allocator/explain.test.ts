/** Explanations: that they are true, that asking changes nothing, and that each reason is found. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import type { RoleConstraints } from '#internal/model/offer-constraints.ts';
import { quantities } from '#internal/resources/quantities.ts';
import { equals } from '#internal/resources/resources.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { type Allocator, newAllocator } from './allocator.ts';
import type { Allocation, AllocatorEvent } from './event.ts';
import type { AgentExplanation, Reason, RoleExplanation } from './explanation.ts';
import {
  clusterDefaults,
  simulatedAllocatorOptions,
  SimulatedCluster,
} from './testing/simulated-cluster.ts';
import {
  agentAdded,
  amount,
  frameworkAdded,
  offersAt,
  quotaUpdated,
  returned,
  started,
  use,
} from './testing/small-cluster.ts';

/** A cluster of chance in which all frameworks ask before each run. */
function asked(
  seed: number,
  ask: (target: Allocator, cluster: SimulatedCluster) => (offers: readonly Allocation[]) => void,
): readonly (readonly Allocation[])[] {
  const target = newAllocator({ random: randomFromSeed(seed) }, simulatedAllocatorOptions);
  const subject = {
    handle: (event: AllocatorEvent) => target.handle(event),
    allocate: (nowMs: number) => target.allocate({ nowMs }),
  };
  const random = randomFromSeed(`${seed}/cluster`);
  const options = { ...clusterDefaults, agents: 12, frameworks: 6 };
  const cluster = new SimulatedCluster({ subject, random }, options);
  return Array.from({ length: 25 }, () => {
    cluster.pass(1000);
    for (let n = random.below(5); n > 0; n--) cluster.disturb();
    const check = ask(target, cluster);
    const { offers } = subject.allocate(cluster.truth.nowMs);
    check(offers);
    for (const offer of offers) cluster.hold(offer);
    return offers;
  });
}

test('who is told that he is offered something is offered it, and nobody else is offered anything', (t) => {
  let [offered, withheld] = [0, 0];
  for (const seed of seedsOf(4)) {
    asked(seed, (target, { truth: { nowMs, frameworks } }) => {
      const told = [...frameworks.keys()].map((id) => target.explain({ nowMs, frameworkId: id }));
      return (offers) => {
        const left = new Set(offers);
        for (const { frameworkId: id, roles } of told) {
          for (const { role: of, agents } of roles) {
            for (const one of agents) {
              const offer = offers.find(
                (other) =>
                  other.frameworkId === id && other.role === of && other.agentId === one.agentId,
              );
              const where = `SEED=${seed} at ${nowMs}: ${id} (${of}) and ${one.agentId}`;
              if (one.kind === 'offered') {
                t.true(offer !== undefined && equals(offer.resources, one.resources), where);
                offered++;
              } else {
                t.is(offer, undefined, where);
                t.true(one.reasons.length > 0, where);
                withheld++;
              }
              if (offer !== undefined) left.delete(offer);
            }
          }
        }
        t.is(left.size, 0, `SEED=${seed} at ${nowMs}: offers that nobody was told of`);
      };
    });
  }
  t.true(Math.min(offered, withheld) > 100 * seedsOf(4).length, `${offered}, ${withheld}`);
});

test('asking changes nothing', (t) => {
  for (const seed of seedsOf(2)) {
    const silent = asked(seed, () => () => {});
    const nosy = asked(seed, (target, { truth: { nowMs, frameworks } }) => {
      for (const id of frameworks.keys()) target.explain({ nowMs, frameworkId: id });
      return () => {};
    });
    t.deepEqual(nosy, silent, `SEED=${seed}`);
  }
});

const [a, b, f, s] = [role('a'), role('b'), frameworkId('F'), agentId('S')];

function explained(
  target: Allocator,
  question: { readonly nowMs?: number; readonly need?: Record<string, number> } = {},
): RoleExplanation {
  const { nowMs = 0, need } = question;
  const { roles } = target.explain({
    nowMs,
    frameworkId: f,
    role: a,
    ...(need && { need: quantities(Object.entries(need)) }),
  });
  return roles[0]!;
}

const reasonsOf = (one: AgentExplanation | undefined): readonly Reason[] =>
  one?.kind === 'withheld' ? one.reasons : [];

/** What stands between the framework `F` in the role `a` and the only agent. */
const reasons = (...args: Parameters<typeof explained>): readonly Reason[] =>
  reasonsOf(explained(...args).agents[0]);

const agent = agentAdded('S', 'cpus:4;mem:1024');

test('what a framework did itself is said first', (t) => {
  const target = started([frameworkAdded('F', ['a', 'b']), agent]);
  t.is(explained(target).agents[0]?.kind, 'offered');
  t.deepEqual(explained(target).remedies, []);
  target.handle({ kind: 'roles-suppressed', frameworkId: f, roles: [a] });
  t.deepEqual(reasons(target), [{ kind: 'role-suppressed' }]);
  target.handle({ kind: 'framework-deactivated', frameworkId: f });
  t.deepEqual(reasons(target), [{ kind: 'framework-inactive' }, { kind: 'role-suppressed' }]);
  t.deepEqual(target.explain({ nowMs: 0, frameworkId: frameworkId('X') }).roles, []);
  const strange = target.explain({ nowMs: 0, frameworkId: f, role: role('x') }).roles[0];
  t.deepEqual(reasonsOf(strange?.agents[0]), [{ kind: 'role-not-subscribed' }]);
});

test('an agent says why it is not for the framework', (t) => {
  const constraints: RoleConstraints = [
    [{ selector: { kind: 'hostname' }, predicate: { kind: 'text-equals', value: 'other' } }],
  ];
  const target = started(
    [
      frameworkAdded('F', ['a'], { constraints: new Map([[a, constraints]]) }),
      agentAdded('S', 'cpus:4;gpus:1', { region: 'south' }),
      { kind: 'agent-barred', agentId: s, bar: 'draining' },
      { kind: 'agent-barred', agentId: s, bar: 'disconnected' },
    ],
    { region: 'north' },
  );
  t.deepEqual(reasons(target), [
    { kind: 'agent-barred', bar: 'draining' },
    { kind: 'agent-barred', bar: 'disconnected' },
    { kind: 'other-region', region: 'south' },
    { kind: 'gpus-not-wanted' },
    { kind: 'constraint', failed: constraints[0]! },
  ]);
});

test('what others hold is named with its holder, and since when it is on offer', (t) => {
  const used = [use('G', 'b', 'cpus:3')];
  const target = started([
    frameworkAdded('G', ['b']),
    agentAdded('S', 'cpus:4;mem:1024', { used }),
  ]);
  const [offer] = offersAt(target, 500);
  target.handle(frameworkAdded('F', ['a']));
  const who = { frameworkId: frameworkId('G'), role: b };
  const held: Reason = {
    kind: 'held',
    holdings: [
      { ...who, resources: offer!.resources, offeredMs: 500 },
      { ...who, resources: used[0]!.resources, offeredMs: undefined },
    ],
  };
  t.deepEqual(reasons(target, { nowMs: 900 }), [held]);
  target.handle({ kind: 'offer-closed', serial: offer!.serial });
  target.handle(returned(offer!));
  t.is(explained(target, { nowMs: 900 }).agents[0]?.kind, 'offered');
  const [short, why] = reasons(target, { nowMs: 900, need: { cpus: 3000, mem: 1024_000 } });
  t.deepEqual(short, { kind: 'below-need', short: quantities([['cpus', 2000]]) });
  t.is(why?.kind, 'held');
});

test('what is reserved for others, or beyond what the framework can use, is named', (t) => {
  const revocable = amount('cpus:2').map((one) => ({ ...one, revocable: true }));
  const reserved = amount('mem(b):512');
  const target = started([
    frameworkAdded('F', ['a']),
    agentAdded('S', [...reserved, ...revocable]),
  ]);
  t.deepEqual(reasons(target), [
    { kind: 'reserved', roles: [b], resources: reserved },
    { kind: 'capability', capability: 'REVOCABLE_RESOURCES', resources: revocable },
  ]);
});

test('too little, quota and refusals are told in numbers', (t) => {
  const small = started([frameworkAdded('F', ['a']), agentAdded('S', 'mem:16')]);
  t.deepEqual(reasons(small), [
    {
      kind: 'below-minimum',
      resources: amount('mem:16'),
      minimum: [quantities([['cpus', 10]]), quantities([['mem', 32_000]])],
    },
  ]);
  const target = started([frameworkAdded('F', ['a']), agentAdded('S', 'cpus:4')]);
  target.handle(quotaUpdated('a', {}, { cpus: 0 }));
  const short = quantities([['cpus', 4000]]);
  t.deepEqual(reasons(target), [{ kind: 'quota-limit', role: a, short }]);
  target.handle(quotaUpdated('a', {}));
  target.handle(quotaUpdated('b', { cpus: 7 }));
  t.deepEqual(reasons(target), [{ kind: 'quota-headroom', roles: [b], short }]);
  target.handle(quotaUpdated('b', {}));
  target.handle(returned(offersAt(target)[0]!, 5000));
  t.deepEqual(reasons(target, { nowMs: 1800 }), [{ kind: 'refused', remainingMs: 3200 }]);
});

test('who goes first is named', (t) => {
  const target = started([
    frameworkAdded('F', ['a']),
    frameworkAdded('G', ['b']),
    agentAdded('S', 'cpus:4'),
    agentAdded('T', 'cpus:4', { used: [use('F', 'a', 'cpus:4')] }),
  ]);
  const by = [{ frameworkId: frameworkId('G'), role: b }];
  t.deepEqual(reasons(target), [{ kind: 'outranked', by }]);
});

test('a quota that runs out in the run is a reason, too', (t) => {
  const target = started([
    frameworkAdded('F', ['a']),
    agentAdded('S', 'cpus:4'),
    agentAdded('T', 'cpus:4'),
    quotaUpdated('a', {}, { cpus: 4 }),
  ]);
  const kinds = explained(target).agents.map((one) => reasonsOf(one)[0]?.kind);
  t.is(kinds.length, 2);
  t.deepEqual(new Set(kinds).difference(new Set([undefined])), new Set(['quota-limit']));
});

test('the smallest change comes first: what passes by itself, then what has to be done', (t) => {
  const target = started([
    frameworkAdded('F', ['a']),
    agentAdded('S', 'cpus:4'),
    agentAdded('T', 'cpus:4'),
    agentAdded('U', 'cpus(b):4'),
  ]);
  for (const offer of offersAt(target)) {
    target.handle(returned(offer, offer.agentId === s ? 9000 : 4000));
  }
  target.handle({ kind: 'agent-barred', agentId: agentId('U'), bar: 'draining' });
  const { remedies } = explained(target, { nowMs: 1000 });
  t.deepEqual(
    remedies.map(({ agents, reasons: list }) => [agents, list.map(({ kind }) => kind)]),
    [
      [['T', 'S'], ['refused']],
      [['U'], ['agent-barred', 'reserved']],
    ],
  );
  t.deepEqual(remedies[0]?.reasons, [{ kind: 'refused', remainingMs: 3000 }]);
});
