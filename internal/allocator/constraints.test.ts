/** The rules of contract 3.10, checked against its table and against a second way to say it. */
import test from 'ava';
import fc from 'fast-check';
import { unreachable } from '#internal/base/assert.ts';
import type {
  AgentAttribute,
  AgentTraits,
  AttributeConstraint,
  AttributePredicate,
  AttributeSelector,
  RoleConstraints,
} from '#internal/model/offer-constraints.ts';
import { describeConstraint, failedConstraints, qualifies } from './constraints.ts';
import { compilePattern } from './constraints-pattern.ts';

function predicate(kind: AttributePredicate['kind'], text: string): AttributePredicate {
  switch (kind) {
    case 'exists':
    case 'not-exists':
      return { kind };
    case 'text-equals':
    case 'text-not-equals':
      return { kind, value: text };
    case 'text-matches':
    case 'text-not-matches': {
      const pattern = compilePattern(text);
      if (!pattern.ok) throw new Error(pattern.refusal);
      return { kind, pattern: pattern.value };
    }
    default:
      return unreachable(kind);
  }
}

const rack: AttributeSelector = { kind: 'attribute', name: 'rack' };
const constrained = (selector: AttributeSelector, rule: AttributePredicate): RoleConstraints => [
  [{ selector, predicate: rule }],
];

const agent = (...attributes: readonly AgentAttribute[]): AgentTraits => ({
  hostname: 'db-7.example.org',
  attributes,
  domain: undefined,
});

test('each predicate holds for just what the contract says', (t) => {
  // In columns: absent, the text r1, another text, an attribute that is no text.
  const table = [
    ['exists', [false, true, true, true]],
    ['not-exists', [true, false, false, false]],
    ['text-equals', [false, true, false, true]],
    ['text-not-equals', [true, false, true, true]],
    ['text-matches', [false, true, false, true]],
    ['text-not-matches', [true, false, true, true]],
  ] as const;
  const agents = [
    agent({ name: 'row', text: 'r1' }),
    agent({ name: 'rack', text: 'r1' }),
    agent({ name: 'rack', text: 'r12' }),
    agent({ name: 'rack', text: undefined }),
  ];
  for (const [kind, expected] of table) {
    const constraints = constrained(rack, predicate(kind, 'r1'));
    t.deepEqual(
      agents.map((one) => qualifies(constraints, one)),
      [...expected],
      kind,
    );
  }
});

test('a hostname is always there, a region and a zone only with a domain', (t) => {
  const domain = { region: 'north', zone: 'n1' };
  const texts = { hostname: 'db-7.example.org', region: 'north', zone: 'n1' };
  for (const kind of ['hostname', 'region', 'zone'] as const) {
    const exists = constrained({ kind }, { kind: 'exists' });
    t.is(qualifies(exists, agent()), kind === 'hostname');
    t.true(qualifies(exists, { ...agent(), domain }));
    const equals = constrained({ kind }, { kind: 'text-equals', value: texts[kind] });
    t.true(qualifies(equals, { ...agent(), domain }));
    t.is(qualifies(equals, agent()), kind === 'hostname');
  }
});

test('of several attributes with one name the first counts', (t) => {
  const equals = constrained(rack, { kind: 'text-equals', value: 'r1' });
  const [first, second] = ['r1', 'r2'].map((text) => ({ name: 'rack', text }));
  t.true(qualifies(equals, agent(first!, second!)));
  t.false(qualifies(equals, agent(second!, first!)));
});

const anyPredicate: fc.Arbitrary<AttributePredicate> = fc
  .tuple(
    fc.constantFrom<AttributePredicate['kind']>(
      'exists',
      'not-exists',
      'text-equals',
      'text-not-equals',
      'text-matches',
      'text-not-matches',
    ),
    fc.constantFrom('a', 'b', 'ab'),
  )
  .map(([kind, text]) => predicate(kind, text));

const anyConstraint: fc.Arbitrary<AttributeConstraint> = fc.record({
  selector: fc.oneof(
    fc.constantFrom('x', 'y').map((name) => ({ kind: 'attribute' as const, name })),
    fc.constantFrom('hostname', 'region', 'zone').map((kind) => ({ kind })),
  ),
  predicate: anyPredicate,
});

const anyConstraints = fc.array(fc.array(anyConstraint, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 3,
});

const anyText = fc.constantFrom('a', 'b', 'ab');
const anyAgent: fc.Arbitrary<AgentTraits> = fc.record({
  hostname: anyText,
  attributes: fc.array(
    fc.record({
      name: fc.constantFrom('x', 'y', 'z'),
      text: fc.option(anyText, { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
  domain: fc.option(fc.record({ region: anyText, zone: anyText }), { nil: undefined }),
});

test('an agent qualifies when all of any one group holds', (t) => {
  fc.assert(
    fc.property(anyConstraints, anyAgent, (constraints, one) => {
      const each = constraints.map((group) => group.map((single) => qualifies([[single]], one)));
      const expected = each.some((group) => !group.includes(false));
      t.is(qualifies(constraints, one), expected);
    }),
  );
});

test('what stands in the way is named once a group, and only when something does', (t) => {
  fc.assert(
    fc.property(anyConstraints, anyAgent, (constraints, one) => {
      const failed = failedConstraints(constraints, one);
      t.is(failed.length, qualifies(constraints, one) ? 0 : constraints.length);
      for (const single of failed) t.false(qualifies([[single]], one));
    }),
  );
});

test('for a text, a predicate and its negation never agree; beyond its reach both hold', (t) => {
  const pairs = [
    ['text-equals', 'text-not-equals'],
    ['text-matches', 'text-not-matches'],
  ] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      anyText,
      fc.option(anyText, { nil: undefined }),
      ([kind, negation], wanted, text) => {
        const one = agent({ name: 'rack', text });
        const yes = qualifies(constrained(rack, predicate(kind, wanted)), one);
        const no = qualifies(constrained(rack, predicate(negation, wanted)), one);
        t.is(yes && no, text === undefined);
        t.true(yes || no);
      },
    ),
  );
});

test('without constraints every agent qualifies', (t) => {
  t.true(qualifies(undefined, agent()));
  t.deepEqual(failedConstraints(undefined, agent()), []);
});

test('a constraint reads like a sentence', (t) => {
  const sentences = [
    [rack, predicate('text-equals', 'r1'), 'attribute rack equals "r1"'],
    [rack, predicate('not-exists', ''), 'attribute rack does not exist'],
    [
      { kind: 'hostname' },
      predicate('text-not-matches', 'db-.*'),
      'the hostname does not match "db-.*"',
    ],
  ] as const;
  for (const [selector, rule, sentence] of sentences) {
    t.is(describeConstraint({ selector, predicate: rule }), sentence);
  }
});
