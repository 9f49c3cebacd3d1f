/** What a user reads when he asks why: six situations, word for word in `testdata/explain`. */
import test from 'ava';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import type { OfferConstraints } from '#internal/model/offer-constraints.ts';
import { quantities } from '#internal/resources/quantities.ts';
import { textsOf } from '#internal/testing/golden-files.ts';
import type { Allocator } from './allocator.ts';
import type { Question } from './explanation.ts';
import { explanationText } from './explain-text.ts';
import {
  agentAdded,
  frameworkAdded,
  offersAt,
  quotaUpdated,
  returned,
  started,
  use,
} from './testing/small-cluster.ts';

type Situation = { readonly target: Allocator; readonly question: Question };

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `S${n + 1}`);

/** It declined twelve agents for eight seconds, and asks when most of that is over. */
function filtered(): Situation {
  const target = started([
    frameworkAdded('spark', ['analytics']),
    ...numbered(12).map((id) => agentAdded(id, 'cpus:4;mem:8192')),
  ]);
  for (const offer of offersAt(target, 10_000)) target.handle(returned(offer, 18_000));
  return { target, question: { nowMs: 14_800, frameworkId: frameworkId('spark') } };
}

/** Its role has all that its quota allows, and one agent more than that is free. */
function overQuota(): Situation {
  const target = started([
    quotaUpdated('analytics', {}, { cpus: 6 }),
    frameworkAdded('spark', ['analytics/reports']),
    agentAdded('S1', 'cpus:4', { used: [use('spark', 'analytics/reports', 'cpus:4')] }),
    agentAdded('S2', 'cpus:4', { used: [use('spark', 'analytics/reports', 'cpus:2')] }),
  ]);
  const need = quantities([['cpus', 2000]]);
  return { target, question: { nowMs: 0, frameworkId: frameworkId('spark'), need } };
}

/** Everything is reserved: for others, or in a way that it cannot read. */
function reserved(): Situation {
  const refined = { kind: 'dynamic', role: 'web/shop', principal: undefined, labels: undefined };
  const target = started([
    frameworkAdded('marathon', ['web/shop']),
    agentAdded('S1', 'cpus(batch):4;mem(batch):4096'),
    agentAdded('S2', [
      {
        name: 'cpus',
        value: { kind: 'scalar', milli: 2000 },
        reservations: [
          { kind: 'static', role: 'web', principal: undefined, labels: undefined },
          { ...refined, kind: 'dynamic' },
        ],
        allocationRole: undefined,
        disk: undefined,
        providerId: undefined,
        revocable: false,
        shared: false,
      },
    ]),
  ]);
  return { target, question: { nowMs: 0, frameworkId: frameworkId('marathon') } };
}

/** It asked for other agents, in one way or another. */
function elsewhere(): Situation {
  const constraints: OfferConstraints = new Map([
    [
      role('db'),
      [
        [
          {
            selector: { kind: 'hostname' },
            predicate: { kind: 'text-equals', value: 'S9' },
          },
        ],
        [
          {
            selector: { kind: 'attribute', name: 'ssd' },
            predicate: { kind: 'exists' },
          },
        ],
      ],
    ],
  ]);
  const target = started(
    [
      frameworkAdded('cassandra', ['db'], { constraints }),
      agentAdded('S1', 'cpus:4'),
      agentAdded('S2', 'cpus:4', { region: 'south' }),
      agentAdded('S3', 'cpus:4;gpus:2'),
      agentAdded('S4', 'cpus:4'),
      { kind: 'agent-barred', agentId: agentId('S4'), bar: 'draining' },
    ],
    { region: 'north' },
  );
  return { target, question: { nowMs: 0, frameworkId: frameworkId('cassandra') } };
}

/** Somebody has had the offers for more than a minute, and a task runs. */
function hoarded(): Situation {
  const target = started([
    frameworkAdded('sleepy', ['a']),
    agentAdded('S1', 'cpus:4'),
    agentAdded('S2', 'cpus:4', { used: [use('busy', 'b', 'cpus:3.995')] }),
  ]);
  offersAt(target, 1000);
  target.handle(frameworkAdded('eager', ['b']));
  return { target, question: { nowMs: 78_000, frameworkId: frameworkId('eager') } };
}

/** Others are less served; and it has fallen silent in its other role. */
function lessServed(): Situation {
  const target = started([
    frameworkAdded('old', ['a', 'c'], { capabilities: ['MULTI_ROLE'] }),
    frameworkAdded('new', ['b']),
    agentAdded('S1', 'cpus:8', { used: [use('old', 'a', 'cpus:8')] }),
    { kind: 'roles-suppressed', frameworkId: frameworkId('old'), roles: [role('c')] },
    agentAdded('S2', 'cpus:1'),
  ]);
  return { target, question: { nowMs: 0, frameworkId: frameworkId('old') } };
}

const situations = {
  filtered,
  'over-quota': overQuota,
  reserved,
  elsewhere,
  hoarded,
  'less-served': lessServed,
};

for (const [name, make] of Object.entries(situations)) {
  test(`it is told why nothing is offered: ${name}`, (t) => {
    const { target, question } = make();
    const [expected] = textsOf(`internal/allocator/testdata/explain/${name}.txt`);
    t.is(explanationText(target.explain(question)), expected ?? '');
  });
}

test('a framework that nobody knows is told apart from one without offers', (t) => {
  const text = explanationText(started([]).explain({ nowMs: 0, frameworkId: frameworkId('F') }));
  t.is(text, 'There is no framework F.\n');
});

test('those who know agents by other names are told those', (t) => {
  const { target, question } = filtered();
  const text = explanationText(target.explain(question), {
    agent: (id) => `${id}.example.org`,
    framework: () => 'the nightly report',
  });
  t.regex(text, /S1\.example\.org, .* and 7 more:/);
  t.regex(text, /^Framework the nightly report, role analytics/);
});

test('however long the reasons are, no line is longer than a screen is wide', (t) => {
  for (const make of Object.values(situations)) {
    const { target, question } = make();
    for (const line of explanationText(target.explain(question)).split('\n')) {
      t.true(line.length <= 100, line);
    }
  }
});
