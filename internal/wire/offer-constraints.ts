/** Offer constraints of the wire, read and checked in one pass (contract 3.10). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { role as asRole, type Role } from '#internal/model/ids.ts';
import type {
  AttributeConstraint,
  AttributePredicate,
  AttributeSelector,
  ConstraintGroup,
  OfferConstraints,
  RoleConstraints,
  TextPattern,
} from '#internal/model/offer-constraints.ts';
import type * as wire from '#proto/gen/mesos/v1/scheduler.ts';

/** Compiles a regular expression, once, or says why it is refused. */
export type CompilePattern = (source: string) => Result<TextPattern, string>;

/** Refuses with the contract's text for the first thing that is wrong. */
export function offerConstraintsFromWire(
  constraints: wire.OfferConstraints | undefined,
  compile: CompilePattern,
): Result<OfferConstraints, string> {
  const read = new Map<Role, RoleConstraints>();
  for (const [role, { groups = [] }] of Object.entries(constraints?.role_constraints ?? {})) {
    const made = groupsFromWire(role, groups, compile);
    if (!made.ok) return made;
    read.set(asRole(role), made.value);
  }
  return accept(read);
}

function groupsFromWire(
  role: string,
  groups: readonly wire.OfferConstraints_RoleConstraints_Group[],
  compile: CompilePattern,
): Result<RoleConstraints, string> {
  if (groups.length === 0) {
    return refuse(
      `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role ${role}`,
    );
  }
  const read: ConstraintGroup[] = [];
  for (const { attribute_constraints: list = [] } of groups) {
    if (list.length === 0) {
      // The missing blank is Mesos's.
      return refuse(
        `'OfferConstraints::RoleConstraints::groups' for role ${role}` +
          'contains an empty RoleConstraints::Group',
      );
    }
    const group = all(list, (one) => constraintFromWire(one, compile));
    if (!group.ok) {
      return refuse(`A role ${role} has an invalid 'AttributeConstraint': ${group.refusal}`);
    }
    read.push(group.value);
  }
  return accept(read);
}

function constraintFromWire(
  { selector, predicate }: wire.AttributeConstraint,
  compile: CompilePattern,
): Result<AttributeConstraint, string> {
  const selected = selectorFromWire(selector);
  if (!selected.ok) return selected;
  const predicated = predicateFromWire(predicate, compile);
  if (!predicated.ok) return predicated;
  return accept({ selector: selected.value, predicate: predicated.value });
}

const pseudoattributes = { HOSTNAME: 'hostname', REGION: 'region', ZONE: 'zone' } as const;

function selectorFromWire({
  attribute_name: name,
  pseudoattribute_type: type,
}: wire.AttributeConstraint_Selector): Result<AttributeSelector, string> {
  if ((name === undefined) === (type === undefined)) {
    return refuse(
      "Exactly one of 'AttributeConstraint::Selector::name' or " +
        "'AttributeConstraint::Selector::pseudoattribute_type' must be set",
    );
  }
  if (name !== undefined) return accept({ kind: 'attribute', name });
  if (type === undefined || type === 'UNKNOWN') return refuse('Unknown pseudoattribute type');
  return accept({ kind: pseudoattributes[type] });
}

function predicateFromWire(
  predicate: wire.AttributeConstraint_Predicate,
  compile: CompilePattern,
): Result<AttributePredicate, string> {
  const { exists, not_exists: absent, text_equals: equal, text_not_equals: unequal } = predicate;
  if (exists !== undefined) return accept({ kind: 'exists' });
  if (absent !== undefined) return accept({ kind: 'not-exists' });
  if (equal !== undefined) return accept({ kind: 'text-equals', value: equal.value });
  if (unequal !== undefined) return accept({ kind: 'text-not-equals', value: unequal.value });
  const { text_matches: match, text_not_matches: mismatch } = predicate;
  const regex = match?.regex ?? mismatch?.regex;
  if (regex === undefined) return refuse('Unknown predicate type');
  const pattern = compile(regex);
  if (!pattern.ok) return pattern;
  const kind = match === undefined ? 'text-not-matches' : 'text-matches';
  return accept({ kind, pattern: pattern.value });
}

function all<Item, Value>(
  items: readonly Item[],
  read: (item: Item) => Result<Value, string>,
): Result<readonly Value[], string> {
  const values: Value[] = [];
  for (const item of items) {
    const one = read(item);
    if (!one.ok) return one;
    values.push(one.value);
  }
  return accept(values);
}
