/** What the allocator is told of agents. */
import { assert, unreachable } from '#internal/base/assert.ts';
import { role as asRole } from '#internal/model/ids.ts';
import type { AgentTraits } from '#internal/model/offer-constraints.ts';
import { scalarMilli } from '#internal/resources/resources.ts';
import { type AgentBook, agentOf, type Books, lookAt, relax } from './books.ts';
import { clientOf, frameworkBook } from './clients.ts';
import type { AgentBar, AgentDescription, AgentEvent } from './event.ts';
import { idleOf } from './free.ts';
import { byRole, releaseAll, setTotal, take } from './holdings.ts';
import { countTotalOf, isCounted, noParts } from './ledger.ts';
import { closeOffers, noOffers } from './offer-book.ts';
import { countHeadroom } from './quota-book.ts';
import { dropRefusalsOn } from './refusals.ts';

export function takeAgentEvent(books: Books, event: AgentEvent): void {
  switch (event.kind) {
    case 'agent-added':
      return addAgent(books, event);
    case 'agent-updated':
      return updateAgent(books, agentOf(books, event.agentId), event);
    case 'agent-removed':
      return removeAgent(books, event);
    case 'agent-barred': {
      const agent = agentOf(books, event.agentId);
      return changeStanding(books, agent, () => {
        agent.bars = new Set([...agent.bars, event.bar]);
      });
    }
    case 'agent-unbarred': {
      const agent = agentOf(books, event.agentId);
      return changeStanding(books, agent, () => {
        agent.bars = new Set([...agent.bars].filter((bar) => bar !== event.bar));
      });
    }
    case 'agent-scheduled': {
      const agent = agentOf(books, event.agentId);
      agent.unavailability = event.unavailability;
      agent.inverse.clear();
      if (event.unavailability === undefined) books.scheduled.delete(agent);
      else books.scheduled.add(agent);
      return;
    }
    default:
      return unreachable(event);
  }
}

function addAgent(books: Books, event: Extract<AgentEvent, { kind: 'agent-added' }>): void {
  const { agentId: id, total, traits, used } = event;
  assert(!books.agents.has(id), `agent ${id} is added twice`);
  const idle = idleOf(books.reckoning, total);
  const agent: AgentBook = {
    // What a look touches comes first, side by side in memory: agents are looked at in random order.
    free: idle,
    undo: undefined,
    bars: noBars,
    isGone: false,
    isRemote: isRemote(books, traits),
    hasGpus: scalarMilli(total, 'gpus') > 0,
    isDirty: false,
    refusals: 0,
    refusedBy: 0,
    parts: noParts,
    offers: noOffers,
    awake: [],
    id,
    idle,
    number: ++books.agentsAdded,
    total: idle.resources,
    traits,
    unavailability: undefined,
    inverse: new Map(),
    isOverdrawn: false,
  };
  books.agents.set(id, agent);
  countTotalOf(books, total, 1);
  if (isCounted(agent)) countHeadroom(books.quotas, idle.open, 1);
  for (const { frameworkId, resources } of used) {
    for (const [role, part] of byRole(resources)) {
      take(books, agent, clientOf(books, frameworkBook(books, frameworkId), asRole(role)), part);
    }
  }
  lookAt(books, agent);
  relax(books);
}

/** One for all: most agents have none. */
const noBars: ReadonlySet<AgentBar> = new Set();

/** Without a domain on either side nothing is far away. */
function isRemote({ options: { region: own } }: Books, { domain }: AgentTraits): boolean {
  return own !== undefined && domain !== undefined && own !== domain.region;
}

function updateAgent(books: Books, agent: AgentBook, { total, traits }: AgentDescription): void {
  changeStanding(books, agent, () => {
    agent.traits = traits;
    agent.isRemote = isRemote(books, traits);
  });
  agent.hasGpus = scalarMilli(total, 'gpus') > 0;
  dropRefusalsOn(books, agent);
  setTotal(books, agent, total);
}

function removeAgent(books: Books, { agentId: id }: { readonly agentId: AgentBook['id'] }): void {
  const agent = books.agents.get(id);
  if (agent === undefined) return;
  releaseAll(books, agent);
  changeStanding(books, agent, () => {
    agent.isGone = true;
  });
  closeOffers(books, agent.offers);
  dropRefusalsOn(books, agent);
  countTotalOf(books, agent.total, -1);
  books.agents.delete(id);
  books.scheduled.delete(agent);
  books.attention.agents.delete(agent);
  books.attention.chopped.delete(agent);
}

/** Whether its free resources count for guarantees may change with it. */
function changeStanding(books: Books, agent: AgentBook, change: () => void): void {
  if (isCounted(agent)) countHeadroom(books.quotas, agent.free.open, -1);
  change();
  if (isCounted(agent)) countHeadroom(books.quotas, agent.free.open, 1);
  lookAt(books, agent);
  relax(books);
}
