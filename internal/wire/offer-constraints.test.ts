import test from 'ava';
import { refuse } from '#internal/base/result.ts';
import { role } from '#internal/model/ids.ts';
import type * as wire from '#proto/gen/mesos/v1/scheduler.ts';
import { agentTraitsFromWire } from './agent-traits.ts';
import { type CompilePattern, offerConstraintsFromWire } from './offer-constraints.ts';

/** The engine is another room's: here a pattern matches itself, and `bad` is refused. */
const compile: CompilePattern = (source) =>
  source === 'bad'
    ? refuse('no pattern')
    : { ok: true, value: { source, matches: (text) => text === source } };

const constraints = (
  ...groups: readonly (readonly wire.AttributeConstraint[])[]
): wire.OfferConstraints => ({
  role_constraints: {
    r: { groups: groups.map((list) => ({ attribute_constraints: list })) },
  },
});

const exists: wire.AttributeConstraint = {
  selector: { attribute_name: 'rack' },
  predicate: { exists: {} },
};

test('constraints are read as they were said', (t) => {
  const read = offerConstraintsFromWire(
    constraints(
      [exists, { selector: { pseudoattribute_type: 'ZONE' }, predicate: { not_exists: {} } }],
      [{ selector: { attribute_name: 'x' }, predicate: { text_not_equals: { value: '' } } }],
      [
        {
          selector: { pseudoattribute_type: 'HOSTNAME' },
          predicate: { text_matches: { regex: 'h' } },
        },
      ],
    ),
    compile,
  );
  t.true(read.ok);
  if (!read.ok) return;
  const [first, second, third] = read.value.get(role('r')) ?? [];
  t.deepEqual(first, [
    { selector: { kind: 'attribute', name: 'rack' }, predicate: { kind: 'exists' } },
    { selector: { kind: 'zone' }, predicate: { kind: 'not-exists' } },
  ]);
  t.like(second?.[0]?.predicate, { kind: 'text-not-equals', value: '' });
  t.like(third, [{ selector: { kind: 'hostname' }, predicate: { kind: 'text-matches' } }]);
});

test('no constraints are no demand', (t) => {
  for (const nothing of [undefined, {}, { role_constraints: {} }]) {
    const read = offerConstraintsFromWire(nothing, compile);
    t.is(read.ok ? read.value.size : 'refused', 0);
  }
});

test('what is wrong is refused with the text of the contract', (t) => {
  const invalid = (selector: wire.AttributeConstraint_Selector): wire.OfferConstraints =>
    constraints([{ selector, predicate: { exists: {} } }]);
  const predicated = (predicate: wire.AttributeConstraint_Predicate): wire.OfferConstraints =>
    constraints([exists, { ...exists, predicate }]);
  const oneSelector =
    "A role r has an invalid 'AttributeConstraint': Exactly one of " +
    "'AttributeConstraint::Selector::name' or " +
    "'AttributeConstraint::Selector::pseudoattribute_type' must be set";
  const cases: readonly (readonly [wire.OfferConstraints, string])[] = [
    [
      constraints(),
      "'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role r",
    ],
    [
      constraints([exists], []),
      "'OfferConstraints::RoleConstraints::groups' for role rcontains an empty RoleConstraints::Group",
    ],
    [invalid({}), oneSelector],
    [invalid({ attribute_name: 'a', pseudoattribute_type: 'ZONE' }), oneSelector],
    [
      invalid({ pseudoattribute_type: 'UNKNOWN' }),
      "A role r has an invalid 'AttributeConstraint': Unknown pseudoattribute type",
    ],
    [predicated({}), "A role r has an invalid 'AttributeConstraint': Unknown predicate type"],
    [
      predicated({ text_matches: { regex: 'bad' } }),
      "A role r has an invalid 'AttributeConstraint': no pattern",
    ],
    [
      predicated({ text_not_matches: { regex: 'bad' } }),
      "A role r has an invalid 'AttributeConstraint': no pattern",
    ],
  ];
  for (const [message, text] of cases) {
    const read = offerConstraintsFromWire(message, compile);
    t.is(read.ok ? 'accepted' : read.refusal, text);
  }
});

test('a pattern is compiled once for each time that it is said', (t) => {
  let compiled = 0;
  const matches: wire.AttributeConstraint = {
    selector: { attribute_name: 'x' },
    predicate: { text_matches: { regex: 'y' } },
  };
  offerConstraintsFromWire(constraints([matches, matches], [matches]), (source) => {
    compiled++;
    return compile(source);
  });
  t.is(compiled, 3);
});

test('attributes that are no text are shown without one', (t) => {
  const traits = agentTraitsFromWire({
    hostname: 'h',
    attributes: [
      { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
      { name: 'slots', type: 'SCALAR', scalar: { value: 4 } },
    ],
    domain: { fault_domain: { region: { name: 'north' }, zone: { name: 'n1' } } },
  });
  t.deepEqual(traits, {
    hostname: 'h',
    attributes: [
      { name: 'rack', text: 'r1' },
      { name: 'slots', text: undefined },
    ],
    domain: { region: 'north', zone: 'n1' },
  });
});
