/** Reservations as masters tell of them, and as people read them. */
import { fieldOf, listOf, textOf } from '#internal/client/fields.ts';
import { agoText, columns } from '../volume/lines.ts';

export type HeldReservation = {
  readonly role: string;
  /** False for one that is in its agent's flags, which stays. */
  readonly isDynamic: boolean;
  readonly principal: string;
  readonly agentId: string;
  readonly hostname: string;
  /** Names of those that have the role. */
  readonly frameworks: readonly string[];
  readonly tasks: readonly string[];
  /** What is reserved. */
  readonly text: string;
  readonly hasVolumes: boolean;
  readonly volumesSinceSeconds: number | undefined;
  readonly volumesUsedSeconds: number | undefined;
  /** As operators' calls have them. */
  readonly resources: readonly unknown[];
};

export function reservationsIn(reply: unknown): readonly HeldReservation[] {
  return listOf(fieldOf(reply, 'reservations')).map((one) => ({
    role: textOf(fieldOf(one, 'role')),
    isDynamic: fieldOf(one, 'is_dynamic') === true,
    principal: textOf(fieldOf(one, 'principal')),
    agentId: textOf(fieldOf(one, 'agent_id')),
    hostname: textOf(fieldOf(one, 'hostname')),
    frameworks: listOf(fieldOf(one, 'frameworks')).map((each) => textOf(fieldOf(each, 'name'))),
    tasks: listOf(fieldOf(one, 'tasks')).map(textOf),
    text: textOf(fieldOf(one, 'text')),
    hasVolumes: fieldOf(one, 'has_volumes') === true,
    volumesSinceSeconds: numberOf(fieldOf(one, 'volumes_since_seconds')),
    volumesUsedSeconds: numberOf(fieldOf(one, 'volumes_used_seconds')),
    resources: listOf(fieldOf(one, 'resources')),
  }));
}

/** Why it stays; undefined when nobody has it and nothing would be lost. */
export function keptFor({
  isDynamic,
  frameworks,
  tasks,
  hasVolumes,
}: HeldReservation): string | undefined {
  if (!isDynamic) return "in its agent's flags";
  if (tasks.length > 0) return `in use by ${tasks.join(' ')}`;
  if (frameworks.length > 0) return `that of ${frameworks.join(' ')}`;
  return hasVolumes ? 'holds volumes, which would have to be destroyed first' : undefined;
}

const header = [
  ['ROLE', 'HOST', 'FRAMEWORKS', 'PRINCIPAL', 'VOLUMES SINCE', 'LAST USE', 'TASKS', 'RESOURCES'],
];

export function linesOf(all: readonly HeldReservation[], nowMs: number): readonly string[] {
  const ago = (seconds: number | undefined): string =>
    seconds === undefined ? '-' : `${agoText(nowMs / 1000 - seconds)} ago`;
  const rows = all.map((one) => [
    one.role,
    one.hostname,
    one.frameworks.join(' ') || (one.isDynamic ? 'nobody' : 'nobody (static)'),
    one.principal || '-',
    ago(one.volumesSinceSeconds),
    ago(one.volumesUsedSeconds),
    one.tasks.join(' ') || '-',
    one.text,
  ]);
  return columns([...header, ...rows]);
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;
