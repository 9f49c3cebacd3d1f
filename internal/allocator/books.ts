/**
 * What the allocator knows: agents and who holds what of them, frameworks and what they wish for, what
 * they refused, what is on offer, and whom to look at in the next run.
 */
import { assert } from '#internal/base/assert.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import type { AgentTraits, RoleConstraints } from '#internal/model/offer-constraints.ts';
import type { Quantities } from '#internal/resources/quantities.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { type Names, newNames, numberOf } from './amounts.ts';
import type { AgentBar, AllocatorOptions, Unavailability } from './event.ts';
import { type Expiries, newExpiries, type Refusal } from './expiries.ts';
import type { Free, Part, Reckoning } from './free.ts';
import { newQuotaBook, type QuotaBook, type QuotaRoot } from './quota-book.ts';
import { newShareTree, type Share, type ShareTree } from './share-tree.ts';

export type Books = {
  readonly options: AllocatorOptions;
  readonly names: Names;
  readonly reckoning: Reckoning;
  readonly tree: ShareTree;
  readonly quotas: QuotaBook;
  readonly weights: Map<Role, number>;
  readonly agents: Map<AgentId, AgentBook>;
  agentsAdded: number;
  readonly frameworks: Map<FrameworkId, FrameworkBook>;
  readonly roles: Map<Role, RoleBook>;
  readonly offers: Map<number, OfferBook>;
  offersMade: number;
  clientsMade: number;
  readonly expiries: Expiries;
  /** With a maintenance window. */
  readonly scheduled: Set<AgentBook>;
  readonly attention: Attention;
  /** How many clients have a minimum of their own. */
  minima: number;
};

export type AgentBook = {
  readonly id: AgentId;
  /** In the order in which they were added, from 1. */
  readonly number: number;
  total: Resources;
  traits: AgentTraits;
  /** In another region than the master's. */
  isRemote: boolean;
  hasGpus: boolean;
  bars: ReadonlySet<AgentBar>;
  unavailability: Unavailability | undefined;
  /** Whom it was asked to be left by, while it has a window. */
  readonly inverse: Map<FrameworkId, InverseBook>;
  /** Who holds what. What is held for one may be in several parts. */
  parts: readonly Held[];
  free: Free;
  /** As it is when nobody holds anything. */
  idle: Free;
  /** Holds more than it has: it came back smaller. */
  isOverdrawn: boolean;
  /** How `free` was before the part that was given last: it can just be put back. */
  undo: Undo | undefined;
  offers: readonly OfferBook[];
  refusals: number;
  /** The bits of all who refused something of it since nobody had: who has none did not. */
  refusedBy: number;
  isGone: boolean;
  /** Whether anybody is to be asked in the next run, or only some. */
  isDirty: boolean;
  awake: Client[];
};

export type Held = { readonly client: Client; readonly part: Part };

export type Undo = { readonly part: Part; readonly before: Free; readonly next: Undo | undefined };

export type InverseBook = { isOutstanding: boolean; untilMs: number };

export type OfferBook = {
  readonly serial: number;
  readonly agent: AgentBook;
  readonly client: Client;
  readonly sinceMs: number;
  readonly resources: Resources;
};

export type FrameworkBook = {
  readonly id: FrameworkId;
  /** False: it only holds something, and was not told of yet or is gone already. */
  isKnown: boolean;
  isActive: boolean;
  abilities: number;
  readonly clients: Map<Role, Client>;
};

/** A framework in one of its roles. */
export type Client = {
  readonly framework: FrameworkBook;
  readonly role: RoleBook;
  readonly share: Share;
  /** The role is still one of the framework's. */
  isSubscribed: boolean;
  isSuppressed: boolean;
  constraints: RoleConstraints | undefined;
  minimum: readonly Quantities[] | undefined;
  readonly refusals: Map<AgentBook, readonly Refusal[]>;
  /** One of 32, which it shares with some others. */
  readonly refusalBit: number;
  /** On how many agents it holds something. */
  agents: number;
  /** How many of its offers are outstanding. */
  offers: number;
  /** In the next run all agents are looked at for it. */
  isAwake: boolean;
  offeredMs: number | undefined;
  /** Since when it has wished for offers, as of a run. */
  wishedMs: number | undefined;
};

export type RoleBook = {
  readonly role: Role;
  readonly share: Share;
  /** Of its frameworks together. */
  readonly leaf: Share;
  readonly root: QuotaRoot;
  readonly above: RoleBook | undefined;
  /** Frameworks in it and roles right below it. */
  members: number;
};

/** Whom to look at in the next run. Whoever is not here wants nothing of what is free. */
export type Attention = {
  /** With `isDirty`, or somebody `awake`. */
  readonly agents: Set<AgentBook>;
  readonly clients: Set<Client>;
  /** Agents of which somebody was offered less than it may use, because of quota. */
  readonly chopped: Set<AgentBook>;
  /** Quotas may let more through than when those were looked at. */
  hasRelaxed: boolean;
};

export function newBooks(options: AllocatorOptions): Books {
  const names = newNames();
  const excluded = new Set(options.fairSharingExcluded.map((name) => numberOf(names, name)));
  return {
    options,
    names,
    reckoning: { names, minAllocatable: options.minAllocatable, totals: new Map() },
    tree: newShareTree((name) => excluded.has(name)),
    quotas: newQuotaBook(),
    weights: new Map(),
    agents: new Map(),
    agentsAdded: 0,
    frameworks: new Map(),
    roles: new Map(),
    offers: new Map(),
    offersMade: 0,
    clientsMade: 0,
    expiries: newExpiries(),
    scheduled: new Set(),
    attention: { agents: new Set(), clients: new Set(), chopped: new Set(), hasRelaxed: false },
    minima: 0,
  };
}

export function agentOf({ agents }: Books, id: AgentId): AgentBook {
  const agent = agents.get(id);
  assert(agent !== undefined, `no agent ${id}`);
  return agent;
}

export function frameworkOf({ frameworks }: Books, id: FrameworkId): FrameworkBook {
  const framework = frameworks.get(id);
  assert(framework?.isKnown === true, `no framework ${id}`);
  return framework;
}

/** Everybody is asked about this agent in the next run: what is free of it has changed. */
export function lookAt({ attention }: Books, agent: AgentBook): void {
  agent.isDirty = true;
  attention.agents.add(agent);
}

/** More than that are not listed one by one. */
const awakeMax = 32;

/** This one is asked about this agent: what stood between the two is gone. */
export function lookAtFor({ attention }: Books, agent: AgentBook, client: Client): void {
  if (agent.isDirty || agent.awake.includes(client)) return;
  if (agent.awake.length < awakeMax) agent.awake.push(client);
  else agent.isDirty = true;
  attention.agents.add(agent);
}

/** This one is asked about all agents. */
export function wake({ attention }: Books, client: Client): void {
  client.isAwake = true;
  attention.clients.add(client);
}

export function relax({ attention }: Books): void {
  if (attention.chopped.size > 0) attention.hasRelaxed = true;
}
