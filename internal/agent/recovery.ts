/**
 * What a starting agent makes of the checkpoint it finds: the same agent again, a new one, or nothing,
 * with words for whoever started it.
 *
 * Who comes back under its id must be what masters and frameworks know (`--reconfiguration_policy`).
 * After a reboot of the machine one that is not becomes a new agent, as Mesos has it; but not when
 * reservations or volumes would go with the id.
 */
import {
  type Checkpoint,
  type CheckpointPlace,
  type Findings,
  openCheckpoint,
} from '#storage/checkpoint/checkpoint.ts';
import {
  type CheckpointWrite,
  nothingRecovered,
  type Recovered,
} from '#storage/checkpoint/records.ts';
import { incompatibilities, type ReconfigurationPolicy } from './core/reconfiguration.ts';
import { type AgentSettings, type AgentState, recoveredState } from './core/state.ts';

export type RecoveryOptions = {
  /** `cleanup`: end what runs, forget all, and stop. */
  readonly mode: 'reconnect' | 'cleanup';
  /** Do not start on a checkpoint of which parts are lost. */
  readonly strict: boolean;
  readonly policy: ReconfigurationPolicy;
};

export const usualRecovery: RecoveryOptions = { mode: 'reconnect', strict: true, policy: 'equal' };

/** The agent is not what its checkpoint says. The message lists what differs, and the ways on. */
export class RecoveryError extends Error {
  override readonly name: string = 'RecoveryError';
  readonly code = 'INCOMPATIBLE';
}

export type Recovery = {
  readonly checkpoint: Checkpoint;
  readonly state: AgentState;
  readonly findings: Findings;
  /** Those that no task asked for; they are the machine's, also of an agent that is a new one. */
  readonly containers: Recovered['containers'];
  /** Why it is a new agent although there was an old one; undefined when it is not. */
  readonly renewal: string | undefined;
};

/**
 * Throws `CheckpointError`, `RecoveryError`, `StoreError`, `FilesError`, or `ResourcesError` when the
 * machine has less than what was made of it.
 */
export async function recoverAgent(
  place: CheckpointPlace,
  settings: AgentSettings,
  { mode, strict, policy }: RecoveryOptions,
  monotonicMs: number,
): Promise<Recovery> {
  const { checkpoint, recovered, findings } = await openCheckpoint(place, { strict });
  try {
    const renewal = mode === 'cleanup' ? undefined : renewalOf(recovered, settings, policy);
    if (renewal !== undefined) await checkpoint.write(removalsOf(recovered));
    const known = renewal === undefined ? recovered : { ...nothingRecovered, term: recovered.term };
    const { containers } = recovered;
    const state = recoveredState(known, settings, monotonicMs);
    return { checkpoint, state, findings, containers, renewal };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

function renewalOf(
  recovered: Recovered,
  { description, bootId }: AgentSettings,
  policy: ReconfigurationPolicy,
): string | undefined {
  const { identity, tasks, resources } = recovered;
  if (identity?.agent_id === undefined) {
    return tasks.length === 0 ? undefined : 'the checkpoint has lost who the agent is';
  }
  if (identity.agent_info === undefined) return undefined;
  const lines = incompatibilities(identity.agent_info, description.agent_info, policy);
  if (lines.length === 0) return undefined;
  const isRebooted = identity.boot_id !== undefined && identity.boot_id !== bootId;
  const hasBelongings = (resources?.changed ?? []).length > 0;
  if (isRebooted && !hasBelongings) return `after a reboot it is another: ${lines.join('; ')}`;
  throw new RecoveryError(refusalText(identity.agent_id, lines, policy));
}

function refusalText(
  agentId: string,
  lines: readonly string[],
  policy: ReconfigurationPolicy,
): string {
  const differences = lines.map((line) => `\n  ${line}`).join('');
  const other = policy === 'equal' ? ', permit more with --reconfiguration_policy=additive,' : '';
  return (
    `Configuration change not permitted under '${policy}' policy: agent ${agentId} is not what ` +
    `it was:${differences}\nStart it as it was${other} or begin as a new agent: ` +
    `--recover=cleanup ends all tasks and forgets the agent, and the start after it is a new one`
  );
}

/** Everything but the term: deposed leaders stay deposed. */
function removalsOf(recovered: Recovered): readonly CheckpointWrite[] {
  const { frameworks, tasks, operations, executors } = recovered;
  return [
    { kind: 'remove-identity' },
    ...frameworks.map(({ info }): CheckpointWrite => ({
      kind: 'remove-framework',
      frameworkId: info.id?.value ?? '',
    })),
    ...tasks.flatMap(({ task, updates }): readonly CheckpointWrite[] => {
      const name = { frameworkId: task.framework_id, taskId: task.info.task_id.value };
      return [
        ...updates.map(({ number }) => ({ kind: 'remove-update', name, number }) as const),
        { kind: 'remove-task', name },
      ];
    }),
    { kind: 'resources', record: {} },
    ...operations.map(({ uuid }) => ({ kind: 'remove-operation', uuid }) as const),
    ...executors.map(({ framework_id: frameworkId, info }): CheckpointWrite => ({
      kind: 'remove-executor',
      name: { frameworkId, executorId: info.executor_id.value },
    })),
  ];
}
