/** Where sandboxes lie (contract 13.3): the paths that people and the web UI know. */
import type { ContainerSpec } from '../containerizer.ts';

export type Sandbox = {
  readonly folder: string;
  /** The link that leads to the newest run of its executor. */
  readonly latest: string;
};

type Place = Pick<ContainerSpec, 'agentId' | 'frameworkId' | 'executorId' | 'containerId'>;

export function sandboxOf(workFolder: string, place: Place): Sandbox {
  const { agentId, frameworkId, executorId, containerId } = place;
  const runs = `${workFolder}/slaves/${agentId}/frameworks/${frameworkId}/executors/${executorId}/runs`;
  return { folder: `${runs}/${containerId}`, latest: `${runs}/latest` };
}
