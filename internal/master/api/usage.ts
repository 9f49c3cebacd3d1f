/**
 * Who holds what, added up once for one answer: what live tasks and executors use and what is offered,
 * by agent, by framework and by role. All allocated, so that the role of each part can be told.
 */
import type { Steps } from '#internal/base/steps.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { add } from '#internal/resources/resources.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { MasterView, OfferView } from '../door.ts';

export type Usage = {
  readonly used: Share;
  readonly offered: Share;
  readonly offersOf: (framework: FrameworkId) => readonly OfferView[];
};

export type Share = {
  readonly ofAgent: (id: AgentId) => Resources;
  readonly ofFramework: (id: FrameworkId) => Resources;
  readonly total: Resources;
};

export function* usageSteps({ state, offers }: MasterView): Steps<Usage> {
  const used = newShare();
  for (const { tasks, executors } of state.frameworks.values()) {
    for (const task of tasks.values()) {
      if (!isTerminal(task.state)) used.take(task.agentId, task.frameworkId, task.resources);
      yield;
    }
    for (const { agentId, frameworkId, resources } of executors.values()) {
      const isReached = state.agents.get(agentId)?.reach.kind === 'admitted';
      if (isReached) used.take(agentId, frameworkId, resources);
      yield;
    }
  }
  const offered = newShare();
  const byFramework = new Map<FrameworkId, OfferView[]>();
  for (const offer of offers) {
    offered.take(offer.agent.id, offer.frameworkId, offer.resources);
    const list = byFramework.get(offer.frameworkId);
    if (list === undefined) byFramework.set(offer.frameworkId, [offer]);
    else list.push(offer);
    yield;
  }
  return {
    used: yield* used.close(),
    offered: yield* offered.close(),
    offersOf: (id) => byFramework.get(id) ?? [],
  };
}

type OpenShare = {
  take(agent: AgentId, framework: FrameworkId, resources: Resources): void;
  close(): Steps<Share>;
};

function newShare(): OpenShare {
  const agents = new Map<AgentId, Resources>();
  const frameworks = new Map<FrameworkId, Resources>();
  return {
    take(agent, framework, resources) {
      agents.set(agent, add(agents.get(agent) ?? [], resources));
      frameworks.set(framework, add(frameworks.get(framework) ?? [], resources));
    },
    *close() {
      let total: Resources = [];
      for (const resources of agents.values()) {
        total = add(total, resources);
        yield;
      }
      return {
        ofAgent: (id) => agents.get(id) ?? [],
        ofFramework: (id) => frameworks.get(id) ?? [],
        total,
      };
    },
  };
}
