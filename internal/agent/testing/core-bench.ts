/** The agent's core with nothing around it: what it wants is kept to be looked at. */
import { assert } from '#internal/base/assert.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { CheckpointWrite, Recovered } from '#storage/checkpoint/records.ts';
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type {
  FrameworkInfo,
  FrameworkInfo_Capability_Type,
  TaskInfo,
} from '#proto/gen/mesos/v1.ts';
import type { Effect, Input } from '../core/input.ts';
import {
  type AgentSettings,
  type AgentState,
  recoveredState,
  taskKey,
  usualTimes,
} from '../core/state.ts';
import { step } from '../core/step.ts';

const resources = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
  { name: 'disk', type: 'SCALAR', scalar: { value: 100 } },
] as const;

export const settings: AgentSettings = {
  ...usualTimes,
  masters: ['m0:1', 'm1:1', 'm2:1'],
  description: { agent_info: { hostname: 'h', resources }, version: '0', ip: '10.0.0.1' },
  endpoint: '10.0.0.1:5051',
  path: '/bin',
};

export const framework = (
  capabilities: readonly FrameworkInfo_Capability_Type[] = [],
): FrameworkInfo => ({
  user: 'u',
  name: 'f',
  id: { value: 'f' },
  capabilities: capabilities.map((type) => ({ type })),
});

const nothingRecovered: Omit<Recovered, 'identity'> = {
  term: 0n,
  frameworks: [],
  tasks: [],
  resources: undefined,
  operations: [],
  executors: [],
};

export class Bench {
  state: AgentState;
  effects: readonly Effect[] = [];
  writes: readonly CheckpointWrite[] = [];
  nowMs = 1_000_000;
  readonly #random: Random;

  /** A later agent has to have another seed: it must not draw the ids of the one before it. */
  constructor(agentId?: string, more: Partial<Recovered> = {}, seed = 'bench') {
    this.#random = randomFromSeed(seed);
    const identity =
      agentId === undefined ? undefined : { registration_uuid: 'r', agent_id: agentId };
    const recovered = { identity, ...nothingRecovered, ...more };
    this.state = recoveredState(recovered, settings, 0);
  }

  take(input: Input): readonly Effect[] {
    const moment = { nowMs: this.nowMs, monotonicMs: this.nowMs, random: this.#random };
    const result = step(this.state, input, { settings, moment });
    this.state = result.state;
    this.writes = result.writes;
    this.effects = result.effects;
    return result.effects;
  }

  hear(message: Omit<MasterMessage, 'term'>, term = 1n): readonly Effect[] {
    const { session } = this.state;
    const link = 'link' in session ? session.link : 0;
    return this.take({ kind: 'message', link, message: { term, ...message } });
  }

  /** Started and registered. */
  register(): this {
    this.take({ kind: 'start' });
    this.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
    return this;
  }

  run(
    id: string,
    more: Partial<TaskInfo> = {},
    info: FrameworkInfo = framework(),
  ): readonly Effect[] {
    const task_info = {
      name: id,
      task_id: { value: id },
      agent_id: { value: 'a' },
      command: { value: 'true' },
      ...more,
    };
    return this.hear({ run_task: { framework_info: info, task_info } });
  }

  /** What happened to the container of a task. */
  container(id: string, what: 'launched' | 'exited'): readonly Effect[] {
    const task = taskKey('f', id);
    const containerId = this.state.tasks.get(task)?.containerId;
    assert(containerId !== undefined, `the agent knows no task ${id}`);
    const process = { pid: 7n, start_ticks: 1n, boot_id: 'b' };
    if (what === 'launched') return this.take({ kind: 'launched', task, containerId, process });
    const end = { kind: 'exited', status: 0 } as const;
    return this.take({ kind: 'container-ended', task, containerId, end });
  }

  sent(): readonly AgentMessage[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
  }

  signals(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.signal] : []));
  }

  dials(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'dial' ? [effect.target] : []));
  }

  delay(kind: string): number | undefined {
    for (const effect of this.effects) {
      if (effect.kind === 'set-timer' && effect.timer.kind === kind) return effect.delayMs;
    }
    return undefined;
  }

  acknowledgeAll(id: string): void {
    for (;;) {
      const first = this.state.tasks.get(taskKey('f', id))?.updates[0];
      const uuid = first?.status.uuid;
      if (uuid === undefined) return;
      this.hear({
        acknowledge_update: {
          framework_id: { value: 'f' },
          task_id: { value: id },
          uuid,
        },
      });
    }
  }
}
