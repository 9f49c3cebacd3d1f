/** States of an agent for tests of what only reads them. */
import { type AgentSettings, type AgentState, recoveredState, usualTimes } from '../core/state.ts';

const settings: AgentSettings = {
  ...usualTimes,
  masters: ['m:5060'],
  description: {
    agent_info: { hostname: 'h', port: 5051 },
    version: '0.1.0',
    ip: '10.0.0.1',
    capabilities: [],
  },
  endpoint: '10.0.0.1:5051',
  path: '/bin',
};

/** Of an agent `a-1` that runs one task `t` of the framework `f-1`. */
export function stateWith({ containerId }: { readonly containerId: string }): AgentState {
  const info = { name: 't', task_id: { value: 't' }, agent_id: { value: 'a-1' } };
  return recoveredState(
    {
      identity: { registration_uuid: 'r', agent_id: 'a-1' },
      term: 1n,
      frameworks: [],
      tasks: [
        {
          task: { framework_id: 'f-1', info, container_id: containerId },
          progress: { state: 'TASK_RUNNING', next_update: 1n },
          updates: [],
        },
      ],
      resources: undefined,
      operations: [],
      executors: [],
    },
    settings,
    0,
  );
}
