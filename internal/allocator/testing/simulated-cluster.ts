/**
 * A cluster in which all happens by chance: frameworks take parts of offers, refuse them, fall silent,
 * come and go; tasks end; agents come and go; weights and quota change. Whatever happens is told to
 * the allocator and to the truth beside it.
 */
import type { Random } from '#internal/base/random.ts';
import { agentId, type FrameworkId, frameworkId, type Role } from '#internal/model/ids.ts';
import { quantities } from '#internal/resources/quantities.ts';
import {
  isEmpty,
  resources as merged,
  subtract,
  unallocated,
} from '#internal/resources/resources.ts';
import {
  type AgentBar,
  type Allocation,
  allocatorDefaults,
  type AllocatorEvent,
  type AllocatorOptions,
  type Round,
} from '../event.ts';
import { refusalFilter } from '../refusals.ts';
import {
  amount,
  anyDescription,
  anyQuota,
  anyWish,
  clusterRoles,
  pick,
  quotaRoles,
  some,
  someOf,
} from './cluster-parts.ts';
import {
  type AgentTruth,
  type FrameworkTruth,
  type Held,
  newTruth,
  type Truth,
} from './cluster-truth.ts';

/** What is tried: the allocator, or one with a bug in it. */
export type Subject = {
  handle(event: AllocatorEvent): void;
  allocate(nowMs: number): Round;
};

export type ClusterOptions = {
  readonly agents: number;
  readonly frameworks: number;
  /** Whoever was offered something answers in so long. */
  readonly answerMsMax: number;
  readonly taskMsMax: number;
  readonly refuseSecondsMax: number;
};

export const clusterDefaults: ClusterOptions = {
  agents: 200,
  frameworks: 50,
  answerMsMax: 3000,
  taskMsMax: 60_000,
  refuseSecondsMax: 20,
};

export const simulatedAllocatorOptions: AllocatorOptions = {
  ...allocatorDefaults,
  minAllocatable: [quantities([['cpus', 100]]), quantities([['mem', 32_000]])],
  region: 'north',
};

export class SimulatedCluster {
  readonly truth: Truth = newTruth();
  readonly #subject: Subject;
  readonly #random: Random;
  readonly #options: ClusterOptions;
  #agentsMade = 0;
  #frameworksMade = 0;

  constructor(
    { subject, random }: { readonly subject: Subject; readonly random: Random },
    options: ClusterOptions = clusterDefaults,
  ) {
    this.#subject = subject;
    this.#random = random;
    this.#options = options;
    for (let i = 0; i < options.agents; i++) this.#addAgent();
    for (let i = 0; i < options.frameworks; i++) this.#addFramework();
  }

  /** It is in the truth from now on, until it is answered. */
  hold({ serial, agentId: id, frameworkId: to, role, resources }: Allocation): void {
    const answeredMs = this.truth.nowMs + 1 + this.#random.below(this.#options.answerMsMax);
    const use = { kind: 'offer', serial, answeredMs } as const;
    this.truth.agents.get(id)?.held.add({ agentId: id, frameworkId: to, role, resources, use });
  }

  /** Time passes: tasks end, frameworks answer. Returns how much happened. */
  pass(ms: number): number {
    const { truth } = this;
    truth.nowMs += ms;
    let happened = 0;
    for (const { held } of truth.agents.values()) {
      for (const one of held) {
        const { use } = one;
        if ((use.kind === 'offer' ? use.answeredMs : use.endsMs) > truth.nowMs) continue;
        happened++;
        if (use.kind === 'offer') this.#answer(one);
        else this.#giveBack(one);
      }
    }
    return happened;
  }

  /** Something happens that is nobody's answer. */
  disturb(): void {
    const random = this.#random;
    const framework = pick(random, [...this.truth.frameworks.values()]);
    const agent = pick(random, [...this.truth.agents.values()]);
    const odds: readonly (readonly [number, () => void])[] = [
      [8, () => this.#suppress(framework)],
      [12, () => this.#revive(framework)],
      [4, () => this.#toggle(framework)],
      [4, () => this.#replaceFramework(framework)],
      [4, () => this.#changeWish(framework)],
      [3, () => this.#replaceAgent(agent)],
      [6, () => this.#bar(agent)],
      [4, () => this.#changeAgent(agent)],
      [2, () => this.#changeWeight()],
      [2, () => this.#changeQuota()],
    ];
    let luck = random.below(odds.reduce((sum, [weight]) => sum + weight, 0));
    odds.find(([weight]) => (luck -= weight) < 0)?.[1]();
  }

  #tell(event: AllocatorEvent): void {
    this.#subject.handle(event);
  }

  #addAgent(): void {
    const id = agentId(`agent-${this.#agentsMade++}`);
    const description = anyDescription(this.#random);
    this.truth.agents.set(id, { id, description, bars: new Set(), held: new Set() });
    this.#tell({ kind: 'agent-added', agentId: id, used: [], ...description });
  }

  #addFramework(): void {
    const id = frameworkId(`framework-${this.#frameworksMade++}`);
    const wish = anyWish(this.#random);
    const suppressed = new Set(wish.suppressedRoles);
    this.truth.frameworks.set(id, { id, wish, suppressed, isActive: true, refused: [] });
    this.#tell({ kind: 'framework-added', frameworkId: id, ...wish });
  }

  #answer(offer: Held): void {
    const random = this.#random;
    const used = random.oneIn(2) ? [] : someOf(random, offer.resources);
    if (!isEmpty(used)) {
      const endsMs = this.truth.nowMs + 1 + random.below(this.#options.taskMsMax);
      const task: Held = { ...offer, resources: used, use: { kind: 'task', endsMs } };
      this.truth.agents.get(offer.agentId)?.held.add(task);
    }
    const seconds = pick(random, [0, 1, 5, random.below(this.#options.refuseSecondsMax)]);
    this.#giveBack({ ...offer, resources: subtract(offer.resources, used) }, seconds, offer);
  }

  /** Refused for so long; `whole` is what `part` is left of. */
  #giveBack(part: Held, seconds = 0, whole: Held = part): void {
    const { truth } = this;
    const { frameworkId: holder, agentId: id, resources, role, use } = part;
    truth.agents.get(id)?.held.delete(whole);
    if (use.kind === 'offer') this.#tell({ kind: 'offer-closed', serial: use.serial });
    if (isEmpty(resources)) return;
    const filter = refusalFilter(seconds, truth.nowMs, simulatedAllocatorOptions);
    this.#tell({ kind: 'resources-returned', frameworkId: holder, agentId: id, resources, filter });
    const framework = truth.frameworks.get(holder);
    if (filter === undefined || framework?.isActive !== true) return;
    if (!framework.wish.roles.includes(role)) return;
    const { untilMs } = filter;
    framework.refused = framework.refused.filter((one) => one.untilMs > truth.nowMs);
    framework.refused.push({ agentId: id, role, resources: unallocated(resources), untilMs });
  }

  #suppress(framework: FrameworkTruth): void {
    const roles = some(this.#random, framework.wish.roles, 2);
    for (const role of roles.length > 0 ? roles : framework.wish.roles) {
      framework.suppressed.add(role);
    }
    this.#tell({ kind: 'roles-suppressed', frameworkId: framework.id, roles });
  }

  #revive(framework: FrameworkTruth): void {
    const roles = some(this.#random, framework.wish.roles, 2);
    const revived = roles.length > 0 ? roles : framework.wish.roles;
    for (const role of revived) framework.suppressed.delete(role);
    framework.refused = framework.refused.filter(({ role }) => !revived.includes(role));
    this.#tell({ kind: 'roles-revived', frameworkId: framework.id, roles });
  }

  #toggle(framework: FrameworkTruth): void {
    if (framework.isActive) this.#rescind((held) => held.frameworkId === framework.id);
    framework.isActive = !framework.isActive;
    if (!framework.isActive) framework.refused = [];
    const kind = framework.isActive ? 'framework-activated' : 'framework-deactivated';
    this.#tell({ kind, frameworkId: framework.id });
  }

  #replaceFramework({ id }: FrameworkTruth): void {
    for (const held of this.#heldBy(id)) this.#giveBack(held);
    this.truth.frameworks.delete(id);
    this.#tell({ kind: 'framework-removed', frameworkId: id });
    this.#addFramework();
  }

  #changeWish(framework: FrameworkTruth): void {
    const { id } = framework;
    const wish = anyWish(this.#random);
    this.#rescind((held) => held.frameworkId === id && !wish.roles.includes(held.role));
    framework.wish = wish;
    framework.suppressed.clear();
    for (const role of wish.suppressedRoles) framework.suppressed.add(role);
    framework.refused = framework.refused.filter(({ role }) => wish.roles.includes(role));
    this.#tell({ kind: 'framework-updated', frameworkId: id, ...wish });
  }

  #replaceAgent({ id }: AgentTruth): void {
    this.truth.agents.delete(id);
    this.#forgetRefusals(id);
    this.#tell({ kind: 'agent-removed', agentId: id });
    this.#addAgent();
  }

  #bar(agent: AgentTruth): void {
    const bar = pick(this.#random, ['disconnected', 'deactivated', 'draining'] as AgentBar[]);
    this.#rescind((held) => held.agentId === agent.id);
    // Now and then several bar it at once, and lifting one is not enough.
    const isLifted = agent.bars.has(bar) || (agent.bars.size > 0 && this.#random.oneIn(2));
    const lifted = agent.bars.has(bar) ? bar : ([...agent.bars][0] ?? bar);
    if (isLifted) agent.bars.delete(lifted);
    else agent.bars.add(bar);
    const kind = isLifted ? 'agent-unbarred' : 'agent-barred';
    this.#tell({ kind, agentId: agent.id, bar: isLifted ? lifted : bar });
  }

  /** It comes back with more memory and other attributes. */
  #changeAgent(agent: AgentTruth): void {
    this.#rescind((held) => held.agentId === agent.id);
    const { traits } = anyDescription(this.#random);
    const total = [...agent.description.total, ...amount(`racks:{n${this.#random.below(1e6)}}`)];
    agent.description = { total: merged(total), traits };
    this.#forgetRefusals(agent.id);
    this.#tell({ kind: 'agent-updated', agentId: agent.id, ...agent.description });
  }

  #changeWeight(): void {
    const role = pick(this.#random, clusterRoles);
    const weight = pick(this.#random, [0.5, 1, 2, 5]);
    this.truth.weights.set(role, weight);
    this.#tell({ kind: 'weight-updated', role, weight });
  }

  #changeQuota(): void {
    const role: Role = pick(this.#random, quotaRoles);
    const quota = anyQuota(this.#random, this.#options.agents);
    this.truth.quotas.set(role, quota);
    this.#tell({ kind: 'quota-updated', role, ...quota });
  }

  /** Offers are withdrawn, as the master does when something about them has changed. */
  #rescind(isMeant: (held: Held) => boolean): void {
    for (const { held } of this.truth.agents.values()) {
      for (const one of held) {
        if (one.use.kind === 'offer' && isMeant(one)) this.#giveBack(one);
      }
    }
  }

  #heldBy(id: FrameworkId): readonly Held[] {
    return [...this.truth.agents.values()].flatMap(({ held }) =>
      [...held].filter((one) => one.frameworkId === id),
    );
  }

  #forgetRefusals(id: AgentTruth['id']): void {
    for (const framework of this.truth.frameworks.values()) {
      framework.refused = framework.refused.filter((one) => one.agentId !== id);
    }
  }
}
