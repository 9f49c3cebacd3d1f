/**
 * Whether the masters and an agent think the same: their tasks, volumes and totals, compared both ways,
 * and whether either of them has given away more than there is. Each disagreement names both facts, and
 * who says each. Nothing is concluded from one comparison: what is on its way may look like one.
 */
import { isTerminal } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, TaskId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { contains, equals, sum, unallocated } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import {
  executorsOnAgent,
  operationsOnAgent,
  type State,
  tasksOnAgent,
} from '#internal/state/state.ts';

export type AgentBooks = {
  readonly tasks: readonly AgentTask[];
  readonly total: Resources;
  /** Held by executors beside their tasks. */
  readonly executors: Resources;
};

export type AgentTask = {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly life: 'lives' | 'ends' | 'ended';
  readonly resources: Resources;
};

export type Law =
  /** A task of the masters runs on its agent. */
  | 'task-on-agent'
  /** What an agent runs is in the masters' books. */
  | 'task-in-books'
  | 'volume-on-agent'
  | 'volume-in-books'
  | 'total'
  /** Nobody has given away more than there is. */
  | 'capacity-in-books'
  | 'capacity-on-agent'
  /** A volume that is not shared is used by one live task. */
  | 'one-user';

export type Disagreement = {
  readonly law: Law;
  readonly agentId: AgentId;
  /** What it is about: the same each time that it is found. */
  readonly subject: string;
  readonly facts: readonly [string, string];
};

/** Longer lists of resources are cut where they are told. */
const textMax = 2000;

/** Of an agent that the masters know. */
export function compareBooks(
  state: State,
  agentId: AgentId,
  told: AgentBooks,
): readonly Disagreement[] {
  const agent = state.agents.get(agentId);
  if (agent === undefined) return [];
  const names = { agent: `agent ${agent.hostname} (${agentId})`, agentId };
  return [
    ...tasks(state, told, names),
    ...(isChanging(state, agentId) ? [] : totals(agent.total, told.total, names)),
    ...capacities(state, agent.total, told, names),
    ...users(told, names),
  ];
}

type Names = { readonly agent: string; readonly agentId: AgentId };

/** Operations that the agent has yet to answer are in the masters' total already, or not at all. */
const isChanging = (state: State, id: AgentId): boolean =>
  operationsOnAgent(state, id).some(({ state: phase }) => phase === 'pending');

function tasks(state: State, told: AgentBooks, { agent, agentId }: Names): readonly Disagreement[] {
  const there = new Set(told.tasks.map(keyOf));
  const booked = tasksOnAgent(state, agentId).filter((task) => !isTerminal(task.state));
  const known = new Set(booked.map((task) => keyOf({ ...task, taskId: task.id })));
  const missing = booked
    .filter((task) => !there.has(keyOf({ ...task, taskId: task.id })))
    .map(({ id, frameworkId, state: phase }): Disagreement => {
      const name = `task "${id}" of framework ${frameworkId}`;
      return {
        law: 'task-on-agent',
        agentId,
        subject: name,
        facts: [`masters: ${name} is ${phase} on ${agent}`, `${agent}: knows no ${name}`],
      };
    });
  const strange = told.tasks
    .filter((task) => task.life === 'lives' && !known.has(keyOf(task)))
    .map(({ taskId, frameworkId }): Disagreement => {
      const name = `task "${taskId}" of framework ${frameworkId}`;
      return {
        law: 'task-in-books',
        agentId,
        subject: name,
        facts: [`masters: no ${name} lives on ${agent}`, `${agent}: runs ${name}`],
      };
    });
  return [...missing, ...strange];
}

const keyOf = ({ frameworkId, taskId }: Pick<AgentTask, 'frameworkId' | 'taskId'>): string =>
  JSON.stringify([frameworkId, taskId]);

function totals(booked: Resources, there: Resources, names: Names): readonly Disagreement[] {
  const { agent, agentId } = names;
  const volumes = [
    ...volumesOnlyIn(booked, there).map((volume): Disagreement => {
      const name = volumeText(volume);
      const facts = [`masters: ${agent} has ${name}`, `${agent}: has no ${name}`] as const;
      return { law: 'volume-on-agent', agentId, subject: name, facts };
    }),
    ...volumesOnlyIn(there, booked).map((volume): Disagreement => {
      const name = volumeText(volume);
      const facts = [`masters: ${agent} has no ${name}`, `${agent}: has ${name}`] as const;
      return { law: 'volume-in-books', agentId, subject: name, facts };
    }),
  ];
  if (volumes.length > 0 || equals(booked, there)) return volumes;
  const facts = [`masters: ${agent} has ${text(booked)}`, `${agent}: has ${text(there)}`] as const;
  return [{ law: 'total', agentId, subject: 'total', facts }];
}

function volumesOnlyIn(one: Resources, other: Resources): readonly Resource[] {
  const names = new Set(other.filter(isVolume).map(volumeName));
  return one.filter((each) => isVolume(each) && !names.has(volumeName(each)));
}

const volumeText = (volume: Resource): string => `volume ${text([volume])}`;

function capacities(
  state: State,
  total: Resources,
  told: AgentBooks,
  { agent, agentId }: Names,
): readonly Disagreement[] {
  const found: Disagreement[] = [];
  const judge = (law: Law, who: string, held: Resources, has: Resources): void => {
    if (contains(withoutShared(has), held)) return;
    const facts = [
      `${who}: ${agent} has ${text(has)}`,
      `${who}: in use are ${text(held)}`,
    ] as const;
    found.push({ law, agentId, subject: 'capacity', facts });
  };
  const running = tasksOnAgent(state, agentId).filter((task) => !isTerminal(task.state));
  const holders = [...running, ...executorsOnAgent(state, agentId)];
  judge('capacity-in-books', 'masters', own(holders.map(({ resources }) => resources)), total);
  const lists = told.tasks.filter(({ life }) => life !== 'ended').map(({ resources }) => resources);
  judge('capacity-on-agent', agent, own([...lists, told.executors]), told.total);
  return found;
}

/** What may be used once only. */
const own = (lists: readonly Resources[]): Resources =>
  unallocated(sum(lists.map((list) => withoutShared(list))));

const withoutShared = (list: Resources): Resources => list.filter(({ shared }) => !shared);

function users(told: AgentBooks, { agent, agentId }: Names): readonly Disagreement[] {
  const first = new Map<string, string>();
  const found: Disagreement[] = [];
  for (const { life, taskId, resources } of told.tasks) {
    if (life === 'ended') continue;
    for (const volume of resources.filter((one) => isVolume(one) && !one.shared)) {
      const name = volumeName(volume);
      const other = first.get(name);
      if (other === undefined) first.set(name, taskId);
      else {
        const uses = (task: string): string =>
          `${agent}: task "${task}" uses ${volumeText(volume)}`;
        const facts = [uses(other), uses(taskId)] as const;
        found.push({ law: 'one-user', agentId, subject: name, facts });
      }
    }
  }
  return found;
}

function text(list: Resources): string {
  const whole = list.length === 0 ? 'nothing' : format(list);
  return whole.length <= textMax ? whole : `${whole.slice(0, textMax)}…`;
}
