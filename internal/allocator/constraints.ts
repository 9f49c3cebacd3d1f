/** Whether an agent is what a framework demands for one of its roles, and if not, why (contract 3.10). */
import { unreachable } from '#internal/base/assert.ts';
import type {
  AgentTraits,
  AttributeConstraint,
  AttributePredicate,
  AttributeSelector,
  RoleConstraints,
} from '#internal/model/offer-constraints.ts';

/** `constraints` are those of the role; undefined when it has none. */
export function qualifies(constraints: RoleConstraints | undefined, agent: AgentTraits): boolean {
  if (constraints === undefined) return true;
  return constraints.some((group) => group.every((one) => holds(one, agent)));
}

/** Of each group the first constraint that does not hold; empty when the agent qualifies. */
export function failedConstraints(
  constraints: RoleConstraints | undefined,
  agent: AgentTraits,
): readonly AttributeConstraint[] {
  const failed: AttributeConstraint[] = [];
  for (const group of constraints ?? []) {
    const first = group.find((one) => !holds(one, agent));
    if (first === undefined) return [];
    failed.push(first);
  }
  return failed;
}

/** As a user would say it: `rack equals "r1"`, `the hostname matches "db-.*"`. */
export function describeConstraint({ selector, predicate }: AttributeConstraint): string {
  return `${describeSelector(selector)} ${describePredicate(predicate)}`;
}

function holds({ selector, predicate }: AttributeConstraint, agent: AgentTraits): boolean {
  const found = select(selector, agent);
  switch (predicate.kind) {
    case 'exists':
      return found !== undefined;
    case 'not-exists':
      return found === undefined;
    case 'text-equals':
      return judge(found, (text) => text === predicate.value);
    case 'text-not-equals':
      return judgeNot(found, (text) => text === predicate.value);
    case 'text-matches':
      return judge(found, (text) => predicate.pattern.matches(text));
    case 'text-not-matches':
      return judgeNot(found, (text) => predicate.pattern.matches(text));
    default:
      return unreachable(predicate);
  }
}

/** `text` is undefined for an attribute that is no text. */
type Found = { readonly text: string | undefined } | undefined;

function select(selector: AttributeSelector, { hostname, attributes, domain }: AgentTraits): Found {
  switch (selector.kind) {
    case 'attribute':
      return attributes.find(({ name }) => name === selector.name);
    case 'hostname':
      return { text: hostname };
    case 'region':
      return domain && { text: domain.region };
    case 'zone':
      return domain && { text: domain.zone };
    default:
      return unreachable(selector);
  }
}

/** What is no text is out of a constraint's reach, so both it and its negation hold. */
const judge = (found: Found, holdsFor: (text: string) => boolean): boolean =>
  found !== undefined && (found.text === undefined || holdsFor(found.text));

const judgeNot = (found: Found, holdsFor: (text: string) => boolean): boolean =>
  found === undefined || found.text === undefined || !holdsFor(found.text);

function describeSelector(selector: AttributeSelector): string {
  return selector.kind === 'attribute' ? `attribute ${selector.name}` : `the ${selector.kind}`;
}

function describePredicate(predicate: AttributePredicate): string {
  switch (predicate.kind) {
    case 'exists':
      return 'exists';
    case 'not-exists':
      return 'does not exist';
    case 'text-equals':
      return `equals "${predicate.value}"`;
    case 'text-not-equals':
      return `does not equal "${predicate.value}"`;
    case 'text-matches':
      return `matches "${predicate.pattern.source}"`;
    case 'text-not-matches':
      return `does not match "${predicate.pattern.source}"`;
    default:
      return unreachable(predicate);
  }
}
