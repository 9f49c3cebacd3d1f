/**
 * Frameworks in their roles (clients), and the roles: made when somebody subscribes or holds something,
 * forgotten when nobody does any more.
 */
import { type FrameworkId, type Role, role as asRole } from '#internal/model/ids.ts';
import { type Books, type Client, type FrameworkBook, type RoleBook, wake } from './books.ts';
import { dropRoot, rootOf } from './quota-book.ts';
import { dropRefusalsOf } from './refusals.ts';
import { addShare, dequeue, dropShare, enqueue } from './share-tree.ts';
import { wishes } from './rules.ts';

/** The framework's account, also of one that is not known (yet, or any more). */
export function frameworkBook({ frameworks }: Books, id: FrameworkId): FrameworkBook {
  const known = frameworks.get(id);
  if (known !== undefined) return known;
  const clients = new Map<Role, Client>();
  const framework = { id, isKnown: false, isActive: false, abilities: 0, clients };
  frameworks.set(id, framework);
  return framework;
}

export function clientOf(books: Books, framework: FrameworkBook, role: Role): Client {
  const known = framework.clients.get(role);
  if (known !== undefined) return known;
  const roleBook = roleOf(books, role);
  roleBook.members++;
  const share = addShare(books.tree, roleBook.leaf, framework.id);
  const client: Client = {
    framework,
    role: roleBook,
    share,
    isSubscribed: false,
    isSuppressed: false,
    constraints: undefined,
    minimum: undefined,
    refusals: new Map(),
    refusalBit: 1 << (books.clientsMade++ & 31),
    agents: 0,
    offers: 0,
    isAwake: false,
    offeredMs: undefined,
    wishedMs: undefined,
  };
  share.client = client;
  framework.clients.set(role, client);
  return client;
}

/** What it is has changed: it gets its turns, or none any more. */
export function settle(books: Books, client: Client): void {
  const isWishing = wishes(client);
  if (isWishing && !client.share.isQueued) {
    enqueue(books.tree, client.share);
    wake(books, client);
  }
  if (!isWishing) {
    if (client.share.isQueued) dequeue(books.tree, client.share);
    books.attention.clients.delete(client);
    client.isAwake = false;
    client.wishedMs = undefined;
  }
  dropIdle(books, client);
}

/** Forgets one who is not subscribed and holds nothing. */
export function dropIdle(books: Books, client: Client): void {
  const { framework, role, share } = client;
  if (client.isSubscribed || client.agents > 0) return;
  if (framework.clients.get(role.role) !== client) return;
  if (share.isQueued) dequeue(books.tree, share);
  dropRefusalsOf(books, client);
  dropShare(books.tree, share);
  framework.clients.delete(role.role);
  leaveRole(books, role);
  if (!framework.isKnown && framework.clients.size === 0) books.frameworks.delete(framework.id);
}

function roleOf(books: Books, role: Role): RoleBook {
  const known = books.roles.get(role);
  if (known !== undefined) return known;
  const slash = role.lastIndexOf('/');
  const above = slash < 0 ? undefined : roleOf(books, asRole(role.slice(0, slash)));
  const share = addShare(books.tree, above?.share ?? books.tree.root, role);
  share.weight = books.weights.get(role) ?? 1;
  const leaf = addShare(books.tree, share, role);
  const root = rootOf(books.quotas, role);
  const book: RoleBook = { role, share, leaf, root, above, members: 0 };
  share.role = book;
  leaf.role = book;
  if (above !== undefined) above.members++;
  books.roles.set(role, book);
  return book;
}

function leaveRole(books: Books, role: RoleBook): void {
  role.members--;
  if (role.members > 0) return;
  dropShare(books.tree, role.leaf);
  dropShare(books.tree, role.share);
  books.roles.delete(role.role);
  if (role.above !== undefined) leaveRole(books, role.above);
  else dropRoot(books.quotas, role.root);
}
