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
  // One that stands alone belongs to no framework.
  const runs =
    frameworkId === ''
      ? `${workFolder}/containers`
      : `${workFolder}/slaves/${agentId}/frameworks/${frameworkId}/executors/${executorId}/runs`;
  const latest = `${runs}/latest`;
  // The id of one that an operator nested begins with those of all that it is nested in.
  const [root = '', ...nested] = containerId.split('.');
  const run = `${runs}/${nested.length > 0 ? root : (parentId ?? containerId)}`;
  if (parentId === undefined) return { folder: run, run, latest, byTask: undefined };
  const byTask = taskId === undefined ? undefined : `${run}/tasks/${taskId}`;
  const names = nested.length > 0 ? nested : [containerId];
  const folder = `${run}${names.map((name) => `/containers/${name}`).join('')}`;
  return { folder, run, latest, byTask };
}
