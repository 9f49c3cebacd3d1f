/**
 * Dominant shares: of all that a role (or a framework in it) holds, the largest fraction of what the
 * cluster has of one scalar. Who has the least goes first.
 */
import { assert } from '#internal/base/assert.ts';
import type { FrameworkId, Role } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';

/** Thousandths of each scalar. */
type Amounts = Map<string, number>;

type Account = {
  readonly held: Amounts;
  /** How often it was given something: among equals, who was served less goes first. */
  served: number;
};

type RoleAccount = Account & { readonly frameworks: Map<FrameworkId, Account> };

export type Shares = {
  readonly total: Amounts;
  readonly roles: Map<Role, RoleAccount>;
};

export const newShares = (): Shares => ({ total: new Map(), roles: new Map() });

/** `sign` 1 when an agent's total joins the cluster, -1 when it leaves. */
export function countTotal(shares: Shares, total: Resources, sign: 1 | -1): void {
  count(shares.total, total, sign);
}

/** `sign` 1 when the framework is given `resources` for `role`, -1 when it gives them back. */
export function countHeld(
  shares: Shares,
  { role, frameworkId }: { readonly role: Role; readonly frameworkId: FrameworkId },
  resources: Resources,
  sign: 1 | -1,
): void {
  const account = shares.roles.get(role) ?? { ...newAccount(), frameworks: new Map() };
  const own = account.frameworks.get(frameworkId) ?? newAccount();
  shares.roles.set(role, account);
  account.frameworks.set(frameworkId, own);
  for (const one of [account, own]) {
    count(one.held, resources, sign);
    if (sign === 1) one.served++;
  }
}

/** The account of a framework that will not come back, once it holds nothing. */
export function forgetFramework(shares: Shares, frameworkId: FrameworkId): void {
  for (const [role, { frameworks }] of shares.roles) {
    if (frameworks.get(frameworkId)?.held.size === 0) frameworks.delete(frameworkId);
    if (frameworks.size === 0) shares.roles.delete(role);
  }
}

/** Least served first; equal ones by name, so that every replay agrees. */
export function rolesInOrder(shares: Shares, roles: Iterable<Role>): readonly Role[] {
  return inOrder(shares, roles, (role) => shares.roles.get(role));
}

export function frameworksInOrder(
  shares: Shares,
  role: Role,
  ids: Iterable<FrameworkId>,
): readonly FrameworkId[] {
  return inOrder(shares, ids, (id) => shares.roles.get(role)?.frameworks.get(id));
}

function inOrder<Name extends string>(
  shares: Shares,
  names: Iterable<Name>,
  accountOf: (name: Name) => Account | undefined,
): readonly Name[] {
  const entries = Array.from(names, (name) => {
    const account = accountOf(name);
    const share = account === undefined ? 0 : dominantShare(account.held, shares.total);
    return { name, share, served: account?.served ?? 0 };
  });
  entries.sort(
    (left, right) =>
      left.share - right.share || left.served - right.served || (left.name < right.name ? -1 : 1),
  );
  return entries.map(({ name }) => name);
}

/** What nobody has counts for nothing: an agent may have left with the only one. */
export function dominantShare(
  held: ReadonlyMap<string, number>,
  total: ReadonlyMap<string, number>,
): number {
  let share = 0;
  for (const [name, milli] of held) {
    const whole = total.get(name) ?? 0;
    if (whole > 0) share = Math.max(share, milli / whole);
  }
  return share;
}

const newAccount = (): Account => ({ held: new Map(), served: 0 });

function count(amounts: Amounts, resources: Resources, sign: 1 | -1): void {
  for (const { name, value } of resources) {
    if (value.kind !== 'scalar') continue;
    const next = (amounts.get(name) ?? 0) + sign * value.milli;
    assert(next >= 0, `the books hold less ${name} than is given back`);
    if (next === 0) amounts.delete(name);
    else amounts.set(name, next);
  }
}
