import test from 'ava';
import { allScenarios, findScenario } from './find-scenarios.ts';
import { parseScenario, parseTarget } from './parse-scenario.ts';

const good = `name: x
about: proves nothing
cluster:
  masters: 3
workloads: [launches]
faults:
  - { fault: kill, target: leader, at: 2s, every: 5s }
`;

const refusals = (text: string): readonly string[] => {
  const parsed = parseScenario(text, 'x.yaml');
  return parsed.ok ? [] : parsed.refusal;
};

test('what a scenario does not say is as usual', (t) => {
  const parsed = parseScenario(good, 'x.yaml');
  t.true(parsed.ok);
  if (!parsed.ok) return;
  t.like(parsed.value, { name: 'x', forMs: 30_000, workloads: ['launches'] });
  t.like(parsed.value.cluster, { masters: 3, agents: 2 });
  t.deepEqual(parsed.value.faults, [
    {
      fault: 'kill',
      settings: {},
      target: { kind: 'leader' },
      atMs: 2000,
      everyMs: 5000,
      forMs: 5000,
    },
  ]);
});

for (const [what, text, problem] of [
  [
    'a key that means nothing',
    good.replace('about:', 'abuot:'),
    /^x\.yaml:2: 'abuot' means nothing here/,
  ],
  [
    'a fault that there is not',
    good.replace('fault: kill', 'fault: kil'),
    /^x\.yaml:7: there is no fault 'kil'$/,
  ],
  [
    'a target that is nobody',
    good.replace('leader', 'the leader'),
    /^x\.yaml:7: 'the leader' is nobody$/,
  ],
  [
    'a setting of another fault',
    good.replace('at:', 'percent: 5, at:'),
    /^x\.yaml:7: 'percent' means nothing/,
  ],
  [
    'a duration that is none',
    good.replace('2s', 'soon'),
    /^x\.yaml:7: at: 'soon' is not a duration/,
  ],
  ['a number that is none', good.replace('3', 'three'), /^x\.yaml:4: masters is a whole number/],
  [
    'a workload that there is not',
    good.replace('launches', 'lunches'),
    /^x\.yaml:5: there is no workload 'lunches'$/,
  ],
  [
    'clients whose process is killed',
    good.replace('leader', 'client'),
    /^x\.yaml:7: kill is for programs/,
  ],
] as const) {
  test(`${what} is refused with its line`, (t) => {
    t.true(
      refusals(text).some((line) => problem.test(line)),
      refusals(text).join('\n'),
    );
  });
}

test('a target is said in words', (t) => {
  t.deepEqual(parseTarget('all masters'), { kind: 'some', of: 'masters', count: 'all' });
  t.deepEqual(parseTarget('any follower'), { kind: 'some', of: 'followers', count: 1 });
  t.deepEqual(parseTarget('2 agents'), { kind: 'some', of: 'agents', count: 2 });
  t.deepEqual(parseTarget('master 2'), { kind: 'one', name: 'master-2' });
  t.is(parseTarget('0 agents'), undefined);
});

test('all scenarios that come with the program are read, and are called like their files', (t) => {
  const scenarios = allScenarios();
  t.true(scenarios.length >= 12);
  for (const { name } of scenarios) t.true(findScenario(name).ok, name);
});
