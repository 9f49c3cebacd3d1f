/** A full run and what it takes to tell the frameworks of it: their events as JSON, in bytes. */
import { cpuMs } from './cpu-time.ts';
import { offersEvent } from '#internal/master/leader/events.ts';
import { offerToWire } from '#internal/master/leader/offer-wire.ts';
import type { Allocation } from '#internal/allocator/event.ts';
import type { Agent, Framework } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { type AgentId, type FrameworkId, offerId } from '#internal/model/ids.ts';
import { toJson } from '#internal/wire/json.ts';
import type { AgentInfo, Offer } from '#proto/gen/mesos/v1.ts';
import { newCluster } from './rounds.ts';
import { agentsOf, type BenchAgent, frameworksOf, type Shape } from './workload.ts';

export type Told = {
  readonly allocateMs: number;
  readonly encodeMs: number;
  readonly bytes: number;
};

/** Two runs that offer the same: the second finds the fragments of the first. */
export function timeOffersAsJson(shape: Shape): readonly Told[] {
  const cluster = newCluster(shape);
  const agents = new Map(agentsOf(shape).map((one) => [one.id, modelOf(one)]));
  const frameworks = new Map(frameworksOf(shape).map(({ id }) => [id, frameworkOf(id)]));
  return [0, 1000, 2000].map((nowMs) => {
    const start = cpuMs();
    const { offers } = cluster.allocate({ nowMs });
    const allocated = cpuMs();
    const bytes = tell(offers, agents, frameworks);
    const told = cpuMs();
    for (const { serial, frameworkId, agentId, resources } of offers) {
      cluster.handle({ kind: 'offer-closed', serial });
      const filter = undefined;
      cluster.handle({ kind: 'resources-returned', frameworkId, agentId, resources, filter });
    }
    return { allocateMs: allocated - start, encodeMs: told - allocated, bytes };
  });
}

type Known = { readonly agent: Agent; readonly info: AgentInfo };

function tell(
  offers: readonly Allocation[],
  agents: ReadonlyMap<AgentId, Known>,
  frameworks: ReadonlyMap<FrameworkId, Framework>,
): number {
  const events = new Map<FrameworkId, Offer[]>();
  for (const { serial, agentId, frameworkId, role, resources } of offers) {
    const known = agents.get(agentId);
    const framework = frameworks.get(frameworkId);
    if (known === undefined || framework === undefined) throw new Error('an offer of nobody');
    const id = offerId(`69535369-ccfd-41c0-a022-436f9c0431ed-O${serial}`);
    const offer = { id, role, resources, executorIds: [] };
    const wire = offerToWire(offer, framework, { ...known, window: undefined });
    const list = events.get(frameworkId);
    if (list === undefined) events.set(frameworkId, [wire]);
    else list.push(wire);
  }
  let bytes = 0;
  for (const list of events.values()) {
    bytes += Buffer.from(toJson('mesos.v1.scheduler.Event', offersEvent(list))).length;
  }
  return bytes;
}

function modelOf({ id, total, traits: { hostname, attributes } }: BenchAgent): Known {
  const info: AgentInfo = {
    hostname,
    port: 5051,
    id: { value: id },
    attributes: attributes.map(({ name, text = '' }) => ({
      name,
      type: 'TEXT',
      text: { value: text },
    })),
  };
  const agent: Agent = {
    id,
    registration: '',
    info: encoded(new Uint8Array()),
    hostname,
    ip: '10.0.0.1',
    port: 5051,
    version: '1.12.0',
    capabilities: [],
    total,
    registeredMs: 0,
    reregisteredMs: undefined,
    reach: { kind: 'admitted' },
    deactivation: undefined,
    orphans: [],
  };
  return { agent, info };
}

const frameworkOf = (id: FrameworkId): Framework => ({
  id,
  info: encoded(new Uint8Array()),
  name: id,
  user: 'root',
  principal: undefined,
  roles: [],
  capabilities: new Set(['MULTI_ROLE', 'RESERVATION_REFINEMENT']),
  checkpoint: false,
  failoverTimeoutMs: 0,
  registeredMs: 0,
  reregisteredMs: 0,
  connection: { kind: 'connected' },
});
