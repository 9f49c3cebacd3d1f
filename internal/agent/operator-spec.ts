/** What the containerizer is asked for when an operator asks for a container. */
import type { ContainerRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { CommandInfo, ContainerID, ContainerInfo } from '#proto/gen/mesos/v1.ts';
import { type Place, findPlace, pathOf } from './container-path.ts';
import { ContainerError, type ContainerSpec } from './containerizer.ts';
import { argvOf, userOf, variables } from './core/command.ts';
import { containerLimits } from './core/container-limits.ts';
import { executorSpecOf } from './core/executor-launch.ts';
import { specOf } from './core/launch.ts';
import type { AgentSettings, AgentState } from './core/state.ts';
import type { OperatorContainers } from './operator-containers.ts';

export type WantedContainer = {
  readonly container_id: ContainerID;
  readonly command?: CommandInfo;
  readonly container?: ContainerInfo;
  readonly resources?: ContainerRecord['resources'];
  readonly limits?: ContainerRecord['limits'];
};

export type Surroundings = {
  readonly state: AgentState;
  readonly settings: AgentSettings;
  readonly containers: OperatorContainers;
};

/** Throws `ContainerError` when it has no place or nothing to run. */
export function recordOf(
  { state, containers }: Surroundings,
  wanted: WantedContainer,
  isSession: boolean,
): ContainerRecord {
  const { container_id: id, command, container, resources, limits } = wanted;
  if (command?.value === undefined) throw new ContainerError('The container has no command');
  const root = findPlace(state, rootOf(id));
  const parent = id.parent === undefined ? undefined : parentIn({ state, containers }, id.parent);
  const framework = root && state.frameworks.get(root.frameworkId)?.info;
  const user = userOf(command, isSession ? undefined : framework);
  return {
    container_id: id,
    agent_id: root === undefined ? '' : (state.agentId ?? ''),
    framework_id: root?.frameworkId ?? '',
    executor_id: root?.executorId ?? '',
    ...(parent !== undefined && { parent }),
    command,
    ...(container !== undefined && { container }),
    ...(resources !== undefined && { resources }),
    ...(limits !== undefined && { limits }),
    ...(user !== undefined && { user }),
    is_session: isSession,
  };
}

const rootOf = (id: ContainerID): ContainerID => (id.parent === undefined ? id : rootOf(id.parent));

/** By which the containerizer knows it. */
function parentIn(
  { state, containers }: Pick<Surroundings, 'state' | 'containers'>,
  id: ContainerID,
): string {
  const path = pathOf(id);
  const place = findPlace(state, id);
  if (place !== undefined) return place.containerId;
  if (containers.isAlive(path)) return path;
  throw new ContainerError(`Parent container ${path} does not exist`);
}

export function operatorSpecOf(
  { state, settings }: Pick<Surroundings, 'state' | 'settings'>,
  record: ContainerRecord,
): ContainerSpec {
  const { container_id: id, command = {}, is_session: isSession } = record;
  const parent = id.parent === undefined ? undefined : findPlace(state, id.parent);
  // A session looks around in its parent's surroundings; any other brings its own.
  const inherited = isSession ? environmentOf(state, settings, parent) : {};
  return {
    containerId: pathOf(id),
    agentId: record.agent_id,
    frameworkId: record.framework_id,
    executorId: record.executor_id,
    taskId: undefined,
    parentId: record.parent,
    nesting: isSession ? 'debug' : 'member',
    io: isSession ? 'attached' : 'files',
    command: argvOf(command),
    environment: { PATH: settings.path, ...inherited, ...variables(command) },
    user: record.user,
    volumes: [],
    uris: command.uris ?? [],
    limits: containerLimits({
      resources: record.resources ?? [],
      ...(record.limits !== undefined && { limits: record.limits }),
    }),
    container: record.container,
  };
}

function environmentOf(
  state: AgentState,
  settings: AgentSettings,
  place: Place | undefined,
): Readonly<Record<string, string>> {
  if (place?.task !== undefined) return specOf(state, settings, place.task).environment;
  const { executor } = place ?? {};
  if (executor?.own === undefined) return {};
  return executorSpecOf(state, settings, { ...executor, own: executor.own }).environment;
}
