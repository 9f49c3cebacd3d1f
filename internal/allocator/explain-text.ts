/**
 * Why a framework is not offered something, in sentences for the one who waits. Agents with the same
 * reasons are told together, so that the answer stays readable on ten thousand of them.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { formatQuantities, type Quantities } from '#internal/resources/quantities.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { unallocated } from '#internal/resources/resources.ts';
import { describeConstraint } from './constraints.ts';
import type { AgentBar } from './event.ts';
import type {
  AgentExplanation,
  Explanation,
  Holding,
  Reason,
  Remedy,
  RoleExplanation,
} from './explanation.ts';

/** How agents and frameworks are called, for those who know them by other names than their ids. */
export type Names = {
  agent(id: AgentId): string;
  framework(id: FrameworkId): string;
};

const ids: Names = { agent: (id) => id, framework: (id) => id };

const agentsNamedMax = 5;
const remediesMax = 5;
const lineWidth = 100;

/** Ends with a line break. */
export function explanationText(explanation: Explanation, names: Names = ids): string {
  const { frameworkId, roles, nowMs } = explanation;
  const name = names.framework(frameworkId);
  if (roles.length === 0) return `There is no framework ${name}.\n`;
  const told: Telling = { names, nowMs };
  const parts = roles.map((role) => roleText(name, role, told));
  return `${parts.map((lines) => lines.flatMap(wrapped).join('\n')).join('\n\n')}\n`;
}

type Telling = { readonly names: Names; readonly nowMs: number };

function roleText(framework: string, { role, agents, remedies }: RoleExplanation, told: Telling) {
  const offered = agents.filter((one) => one.kind === 'offered').length;
  const about =
    agents.length === 0
      ? 'there is no agent that could be offered'
      : `${offered === 0 ? 'none' : offered} of ${agentCount(agents.length)} ` +
        `will be offered in the next run`;
  return [
    `Framework ${framework}, role ${role}: ${about}.`,
    ...remedyLines(remedies, told),
    ...groupsOf(agents, told).flatMap(({ ids: members, lines }) => [
      `${namesOf(members, told)}:`,
      ...lines.map((line) => `  - ${line}`),
    ]),
  ];
}

function remedyLines(remedies: readonly Remedy[], told: Telling): readonly string[] {
  if (remedies.length === 0) return [];
  const lines = remedies.slice(0, remediesMax).map(({ reasons, agents }) => {
    const steps = reasons.map((reason) => remedyOf(reason, told)).join(', and ');
    return `  - ${steps} (${agentCount(agents.length)})`;
  });
  const rest = remedies.length - lines.length;
  return ['What would help:', ...lines, ...(rest > 0 ? [`  - and ${rest} other ways`] : [])];
}

type Group = { readonly ids: AgentId[]; readonly lines: readonly string[] };

/** In the order of the agents; those that are told the same are together. */
function groupsOf(agents: readonly AgentExplanation[], told: Telling): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const agent of agents) {
    const lines = linesOf(agent, told);
    const key = lines.join('\n');
    const group = groups.get(key) ?? { ids: [], lines };
    group.ids.push(agent.agentId);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function linesOf(agent: AgentExplanation, told: Telling): readonly string[] {
  switch (agent.kind) {
    case 'offered':
      return [`will be offered ${format(unallocated(agent.resources))}`];
    case 'withheld':
      return agent.reasons.flatMap((reason) => reasonLines(reason, told));
    default:
      return unreachable(agent);
  }
}

const bars: Readonly<Record<AgentBar, string>> = {
  disconnected: 'the agent is disconnected',
  unreachable: 'the agent is unreachable',
  deactivated: 'the agent is deactivated',
  draining: 'the agent is being drained',
};

function reasonLines(reason: Reason, told: Telling): readonly string[] {
  return reason.kind === 'held'
    ? reason.holdings.map((holding) => holdingText(holding, told))
    : [reasonText(reason, told)];
}

function reasonText(reason: Exclude<Reason, { kind: 'held' }>, { names }: Telling): string {
  switch (reason.kind) {
    case 'framework-inactive':
      return 'the framework is not connected';
    case 'role-not-subscribed':
      return 'the framework has not subscribed to the role';
    case 'role-suppressed':
      return 'the framework has suppressed offers for the role';
    case 'agent-barred':
      return bars[reason.bar];
    case 'other-region':
      return `the agent is in region ${reason.region}, and the framework lacks REGION_AWARE`;
    case 'gpus-not-wanted':
      return 'the agent has GPUs, and the framework lacks GPU_RESOURCES';
    case 'constraint': {
      const failed = reason.failed.map(describeConstraint).join(', or ');
      return `the framework's offer constraints do not hold: ${failed}`;
    }
    case 'reserved':
      return `${bare(reason.resources)} is reserved to ${rolesText(reason.roles)}`;
    case 'capability':
      return `${bare(reason.resources)} is for frameworks with ${reason.capability}`;
    case 'quota-limit':
      return `the quota of role ${reason.role} is short by ${formatQuantities(reason.short)}`;
    case 'quota-headroom':
      return (
        `${formatQuantities(reason.short)} is kept for the quota guarantees of ` +
        rolesText(reason.roles)
      );
    case 'below-minimum':
      return `what is left, ${format(reason.resources)}, is less than ${anyOf(reason.minimum)}`;
    case 'below-need':
      return `what is left is short of the need by ${formatQuantities(reason.short)}`;
    case 'refused':
      return `the framework refused as much or more; the filter ${expiry(reason.remainingMs)}`;
    case 'outranked': {
      const rivals = reason.by.map((one) => `${names.framework(one.frameworkId)} (${one.role})`);
      return `others go first in the next run: ${rivals.join(', ')}`;
    }
    default:
      return unreachable(reason);
  }
}

function holdingText(
  { frameworkId, role, resources, offeredMs }: Holding,
  { names, nowMs }: Telling,
): string {
  const what = format(unallocated(resources));
  const who = `framework ${names.framework(frameworkId)} for role ${role}`;
  return offeredMs === undefined
    ? `${what} is used by ${who}`
    : `${what} is on offer to ${who}, for ${duration(nowMs - offeredMs)} now`;
}

function remedyOf(reason: Reason, told: Telling): string {
  switch (reason.kind) {
    case 'framework-inactive':
      return 'the framework connects again';
    case 'role-not-subscribed':
      return 'the framework subscribes to the role';
    case 'role-suppressed':
      return 'the framework revives the role';
    case 'agent-barred':
      return `the agent comes back into service (${reason.bar})`;
    case 'other-region':
      return 'the framework takes the capability REGION_AWARE';
    case 'gpus-not-wanted':
      return 'the framework takes the capability GPU_RESOURCES';
    case 'constraint':
      return `a constraint is met or dropped: ${reason.failed.map(describeConstraint).join(', or ')}`;
    case 'held':
      return releaseText(reason.holdings, told);
    case 'reserved':
      return `a reservation to ${rolesText(reason.roles)} is given up`;
    case 'capability':
      return `the framework takes the capability ${reason.capability}`;
    case 'quota-limit':
      return `the quota of role ${reason.role} is raised by ${formatQuantities(reason.short)}`;
    case 'quota-headroom':
      return `the guarantees of ${rolesText(reason.roles)} are met or lowered`;
    case 'below-minimum':
      return 'more of the agent becomes free, or the minimum of an offer is smaller';
    case 'below-need':
      return `${formatQuantities(reason.short)} more becomes free, or the need is smaller`;
    case 'refused':
      return `the filter ${expiry(reason.remainingMs)}, or REVIVE drops it`;
    case 'outranked':
      return 'those who go first have got their share';
    default:
      return unreachable(reason);
  }
}

function releaseText(holdings: readonly Holding[], { names }: Telling): string {
  const ways = holdings.map(({ frameworkId, offeredMs }) => {
    const name = names.framework(frameworkId);
    return offeredMs === undefined
      ? `a task of framework ${name} ends`
      : `framework ${name} answers its offer`;
  });
  return [...new Set(ways)].join(' or ');
}

/** Without saying for whom it is: that is said beside it. */
const bare = (list: Resources): string =>
  format(list.map((one) => ({ ...one, allocationRole: undefined, reservations: [] })));

const rolesText = (roles: readonly string[]): string =>
  `${roles.length === 1 ? 'role' : 'roles'} ${roles.join(', ')}`;

const anyOf = (minimum: readonly Quantities[]): string =>
  minimum.map((one) => formatQuantities(one)).join(' or ');

const agentCount = (count: number): string => (count === 1 ? '1 agent' : `${count} agents`);

function namesOf(agents: readonly AgentId[], { names }: Telling): string {
  const named = agents.slice(0, agentsNamedMax).map((id) => names.agent(id));
  const rest = agents.length - named.length;
  return rest > 0 ? `${named.join(', ')} and ${rest} more` : named.join(', ');
}

const expiry = (remainingMs: number): string =>
  remainingMs === Infinity ? 'does not expire' : `expires in ${duration(remainingMs)}`;

const second = 1000;
const units = [
  ['d', 86_400 * second],
  ['h', 3600 * second],
  ['min', 60 * second],
] as const;

/** Two units at most: `3.2 s`, `5 min 20 s`, `2 d 3 h`. */
function duration(ms: number): string {
  const at = units.findIndex(([, unitMs]) => ms >= unitMs);
  const [unit, unitMs] = units[at] ?? [];
  if (unit === undefined || unitMs === undefined) return `${Math.ceil(ms / 100) / 10} s`;
  const [smaller, smallerMs] = units[at + 1] ?? (['s', second] as const);
  const rest = Math.floor((ms % unitMs) / smallerMs);
  return `${Math.floor(ms / unitMs)} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ''}`;
}

/** What is too long goes on in the next line, further in. */
function wrapped(line: string): readonly string[] {
  if (line.length <= lineWidth) return [line];
  const cut = line.lastIndexOf(' ', lineWidth);
  const indent = /^ *(?:- )?/.exec(line)?.[0].length ?? 0;
  if (cut <= indent) return [line];
  return [line.slice(0, cut), ...wrapped(`${' '.repeat(indent + 2)}${line.slice(cut + 1)}`)];
}
