/** The containers of an agent as its API shows them, with what they use (contract 12.1, 13.3). */
import type { Response_GetContainers_Container } from '#proto/gen/mesos/v1/agent.ts';
import type { ContainerID } from '#proto/gen/mesos/v1.ts';
import { type Place, pathOf, placesOf } from '../container-path.ts';
import type { Containerizer } from '../containerizer.ts';
import type { AgentState } from '../core/state.ts';
import type { OperatorContainers } from '../operator-containers.ts';
import { commandExecutorName } from './state-json.ts';

export type UsageSources = {
  readonly containers: Pick<OperatorContainers, 'list'>;
  readonly usage: Containerizer['usage'];
};

export type Wanted = { readonly nested: boolean; readonly standalone: boolean };

export async function shownContainers(
  sources: UsageSources,
  state: AgentState,
  { nested, standalone }: Wanted,
): Promise<readonly Response_GetContainers_Container[]> {
  const places = placesOf(state).filter(({ id }) => nested || id.parent === undefined);
  const own = sources.containers
    .list()
    .filter(({ record }) => record.end === undefined)
    .filter(({ record: { container_id: id, framework_id: of } }) => {
      if (id.parent !== undefined && !nested) return false;
      return of !== '' || standalone;
    });
  const ofTasks = places.map((place) => shownPlace(sources, place));
  const others = own.map(({ record, pid }) => shown(sources, record.container_id, pid));
  return await Promise.all([...ofTasks, ...others]);
}

async function shownPlace(
  sources: UsageSources,
  place: Place,
): Promise<Response_GetContainers_Container> {
  const { id, containerId, frameworkId, executorId, task, executor } = place;
  const process = task === undefined ? executor?.own?.process : processOf(task);
  const pid = process === undefined ? undefined : Number(process.pid);
  const container = await shown(sources, id, pid, containerId);
  // As Mesos has it, what is nested is nobody's here.
  if (id.parent !== undefined) return container;
  const name = task === undefined ? (executor?.info.name ?? '') : commandExecutorName(task.info);
  return {
    framework_id: { value: frameworkId },
    executor_id: { value: executorId },
    executor_name: name,
    ...container,
  };
}

const processOf = ({ life }: NonNullable<Place['task']>): { readonly pid: bigint } | undefined =>
  life.kind === 'running' ? life.process : undefined;

async function shown(
  { usage }: UsageSources,
  id: ContainerID,
  pid: number | undefined,
  containerId = pathOf(id),
): Promise<Response_GetContainers_Container> {
  const statistics = await usage(containerId);
  return {
    container_id: { value: id.value },
    container_status: { container_id: id, ...(pid !== undefined && { executor_pid: pid }) },
    ...(statistics !== undefined && { resource_statistics: statistics }),
  };
}
