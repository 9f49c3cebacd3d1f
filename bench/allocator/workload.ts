/**
 * The cluster of Mesos's own benchmarks of its allocator: agents of one size with cpus, mem, disk and
 * three ranges of ports, half of them with a part reserved; frameworks evenly spread over some roles.
 */
import {
  role,
  type Role,
  agentId,
  type AgentId,
  frameworkId,
  type FrameworkId,
} from '#internal/model/ids.ts';
import type { AgentTraits } from '#internal/model/offer-constraints.ts';
import { parseResources } from '#internal/resources/parse.ts';
import type { Resources } from '#internal/resources/resource.ts';

export type Shape = {
  readonly agents: number;
  readonly frameworks: number;
  readonly roles: number;
};

export type BenchAgent = {
  readonly id: AgentId;
  readonly total: Resources;
  readonly traits: AgentTraits;
};

export type BenchFramework = { readonly id: FrameworkId; readonly role: Role };

const clusterId = '69535369-ccfd-41c0-a022-436f9c0431ed';

export const nameOf = ({ agents, frameworks, roles }: Shape): string =>
  `${agents}x${frameworks}${roles === 1 ? '-one-role' : ''}`;

export const roleOf = ({ roles }: Shape, index: number): Role => role(`team-${index % roles}`);

export function agentsOf(shape: Shape): readonly BenchAgent[] {
  return Array.from({ length: shape.agents }, (_, index) => ({
    id: agentId(`${clusterId}-S${index}`),
    total: totalOf(shape, index),
    traits: {
      hostname: `agent-${index}.example.org`,
      attributes: [{ name: 'rack', text: `r${index % 40}` }],
      domain: undefined,
    },
  }));
}

export function frameworksOf(shape: Shape): readonly BenchFramework[] {
  return Array.from({ length: shape.frameworks }, (_, index) => ({
    id: frameworkId(`${clusterId}-${String(index).padStart(4, '0')}`),
    role: roleOf(shape, index),
  }));
}

/** What a task takes of an offer that is accepted: a CPU and some memory of it. */
export function taskOf(offered: Resources): Resources {
  return offered.flatMap((one) => {
    const milli = one.name === 'cpus' ? 1000 : one.name === 'mem' ? 1_024_000 : 0;
    return milli === 0 ? [] : [{ ...one, value: { kind: 'scalar' as const, milli } }];
  });
}

function totalOf(shape: Shape, index: number): Resources {
  const open = 'cpus:24;mem:4096;disk:4096;ports:[31000-31999,32100-32199,33000-33099]';
  if (index % 2 === 0) return amount(open);
  const reserved = roleOf(shape, index >> 1);
  return amount(`${open};cpus(${reserved}):4;mem(${reserved}):1024`);
}

function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}
