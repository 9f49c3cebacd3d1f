/** Where sandboxes lie (contract 13.3): the paths that people and the web UI know. */
import type { ContainerSpec } from '../containerizer.ts';

export type Sandbox = {
  readonly folder: string;
  /** That of its executor, which is the same for a task that stands alone. */
  readonly run: string;
  /** The link that leads to the newest run of its executor. */
  readonly latest: string;
  /** The link that leads to it by the name of its task, in the run that it is part of. */
  readonly byTask: string | undefined;
};

type Place = Pick<
  ContainerSpec,
  'agentId' | 'frameworkId' | 'executorId' | 'taskId' | 'containerId' | 'parentId'
>;

export function sandboxOf(workFolder: string, place: Place): Sandbox {
  const { agentId, frameworkId, executorId, taskId, containerId, parentId } = place;
  const runs = `${workFolder}/slaves/${agentId}/frameworks/${frameworkId}/executors/${executorId}/runs`;
  const latest = `${runs}/latest`;
  const run = `${runs}/${parentId ?? containerId}`;
  if (parentId === undefined) return { folder: run, run, latest, byTask: undefined };
  const byTask = taskId === undefined ? undefined : `${run}/tasks/${taskId}`;
  return { folder: `${run}/containers/${containerId}`, run, latest, byTask };
}
