/** What an agent says of itself to a leader, with all that it runs and still has to report. */
import { resourcesToWire } from '#internal/wire/resources.ts';
import { foundVolumeToWire } from '#internal/wire/volume.ts';
import type { AgentMessage, Description } from '#proto/gen/altiplano/agent/v1.ts';
import type { Turn } from './turn.ts';

export function introduction({ state, settings }: Pick<Turn, 'state' | 'settings'>): AgentMessage {
  const { registration, agentId, frameworks, tasks, executors, total, operations } = state;
  const description: Description = {
    ...settings.description,
    takes_run_tasks: true,
    tells_books: true,
  };
  const found_volumes = state.found.map(foundVolumeToWire);
  if (agentId === undefined) {
    return { register: { description, registration_uuid: registration, found_volumes } };
  }
  return {
    reregister: {
      description: withId(description, agentId),
      registration_uuid: registration,
      frameworks: [...frameworks.values()].map(({ info }) => info),
      tasks: [...tasks.values()]
        .filter(({ isStray }) => !isStray)
        .map((task) => ({
          framework_id: { value: task.frameworkId },
          task_info: task.info,
          state: task.state,
          ...(task.status === undefined ? {} : { status: task.status }),
        })),
      total: resourcesToWire(total, 'new'),
      operations: [...operations.values()].map(({ uuid, status }) => ({
        uuid,
        state: status.state,
      })),
      executors: [...executors.values()].map(({ frameworkId, info }) => ({
        framework_id: { value: frameworkId },
        executor_info: info,
      })),
      found_volumes,
      volumes: [...state.held.values()].map(foundVolumeToWire),
    },
  };
}

const withId = (description: Description, agentId: string): Description => ({
  ...description,
  agent_info: { ...description.agent_info, id: { value: agentId } },
});
