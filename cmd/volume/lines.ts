/** Volumes as masters tell of them, and as people read them. */
import { fieldOf, listOf, textOf } from '#internal/client/fields.ts';

export type Volume = {
  /** `held`, `orphan`, `left` by an agent that is gone, `stale` when another has taken it on. */
  readonly state: string;
  readonly agent_id: string;
  readonly hostname: string;
  readonly role: string;
  readonly id: string;
  readonly megabytes: number;
  readonly origin: string;
  readonly epoch: number;
  readonly used_seconds: number | undefined;
  readonly tasks: readonly string[];
  /** As operators' calls have it. */
  readonly resource: unknown;
};

export function volumesIn(reply: unknown): readonly Volume[] {
  return listOf(fieldOf(reply, 'volumes')).map((one) => ({
    ...(typeof one === 'object' ? one : undefined),
    state: textOf(fieldOf(one, 'state')),
    agent_id: textOf(fieldOf(one, 'agent_id')),
    hostname: textOf(fieldOf(one, 'hostname')),
    role: textOf(fieldOf(one, 'role')),
    id: textOf(fieldOf(one, 'id')),
    megabytes: numberOf(fieldOf(one, 'megabytes')) ?? 0,
    origin: textOf(fieldOf(one, 'origin')),
    epoch: numberOf(fieldOf(one, 'epoch')) ?? 0,
    used_seconds: numberOf(fieldOf(one, 'used_seconds')),
    tasks: listOf(fieldOf(one, 'tasks')).map(textOf),
    resource: fieldOf(one, 'resource'),
  }));
}

export function linesOf(volumes: readonly Volume[], nowMs: number): readonly string[] {
  const rows = volumes.map((one) => [
    one.state,
    one.role,
    one.id,
    `${one.megabytes} MB`,
    one.hostname,
    one.used_seconds === undefined ? 'never' : `${agoText(nowMs / 1000 - one.used_seconds)} ago`,
    one.tasks.join(' ') || '-',
    one.origin,
  ]);
  return columns([['STATE', 'ROLE', 'ID', 'SIZE', 'HOST', 'LAST USE', 'TASKS', 'ORIGIN'], ...rows]);
}

/** Why a volume cannot be destroyed; undefined when it can. */
export function destroyProblem({ state, hostname, tasks }: Volume): string | undefined {
  if (state === 'orphan') return 'its agent does not know it: adopt it first';
  if (state === 'left') return `its agent is gone, and its data lie on ${hostname}`;
  if (state === 'stale') return 'another agent has taken it on, and this is its old copy';
  return tasks.length === 0 ? undefined : `it is in use by ${tasks.join(' ')}`;
}

/** One under the other. */
export function columns(all: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0));
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(width(at)))
      .join('  ')
      .trimEnd(),
  );
}

export function agoText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.round(whole / 60)} min`;
  return whole < 172_800 ? `${Math.round(whole / 3600)} h` : `${Math.round(whole / 86_400)} d`;
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;
