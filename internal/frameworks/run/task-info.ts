/** What `run` asks for, whether an offer holds it, and the task that it becomes. */
import type { Offer, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';

export type Need = {
  readonly taskId: string;
  readonly name: string;
  /** Given to `sh -c`. */
  readonly command: string;
  readonly cpus: number;
  readonly memMb: number;
  /** Name and value. */
  readonly environment: readonly (readonly [string, string])[];
  /** The user to run as, when it is not the framework's. */
  readonly user: string | undefined;
};

/** Whether what is free in the offer, reserved for our role or for nobody, covers the need. */
export const fits = (offer: Offer, need: Need): boolean =>
  total(offer, 'cpus') >= milli(need.cpus) && total(offer, 'mem') >= milli(need.memMb);

export function taskInfo(offer: Offer, need: Need): TaskInfo {
  const variables = need.environment.map(([name, value]) => ({ name, value }));
  return {
    name: need.name,
    task_id: { value: need.taskId },
    agent_id: offer.agent_id,
    resources: [...take(offer, 'cpus', need.cpus), ...take(offer, 'mem', need.memMb)],
    command: {
      shell: true,
      value: need.command,
      ...(variables.length === 0 ? {} : { environment: { variables } }),
      ...(need.user === undefined ? {} : { user: need.user }),
    },
  };
}

/** Parts of the offer's own resources that add up to `amount`: each keeps its reservation. */
function take(offer: Offer, name: string, amount: number): readonly Resource[] {
  let missing = milli(amount);
  const parts: Resource[] = [];
  for (const resource of scalars(offer, name)) {
    const part = Math.min(missing, milli(resource.scalar?.value ?? 0));
    if (part <= 0) continue;
    parts.push({ ...resource, scalar: { value: part / 1000 } });
    missing -= part;
  }
  return parts;
}

const total = (offer: Offer, name: string): number =>
  scalars(offer, name).reduce((sum, { scalar }) => sum + milli(scalar?.value ?? 0), 0);

const scalars = (offer: Offer, name: string): readonly Resource[] =>
  (offer.resources ?? []).filter(
    (resource) =>
      resource.name === name && resource.revocable === undefined && resource.disk === undefined,
  );

/** The wire promises three decimal places (contract 6.1). */
const milli = (value: number): number => Math.round(value * 1000);
