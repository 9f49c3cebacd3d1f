/** Bugs of an agent that dies and comes back, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const agentMutants: readonly Mutant[] = [
  {
    name: 'told-before-durable',
    about: 'An agent speaks and acts while what it says is on its way to the disk.',
    from: 5,
    edits: [
      {
        file: 'internal/agent/agent.ts',
        find: `await this.#checkpoint.write(writes);
    this.history`,
        replace: `void this.#checkpoint.write(writes);
    this.history`,
      },
    ],
  },
  {
    name: 'updates-turned-round',
    about: 'After a restart the newest update of a task goes first.',
    edits: [
      {
        file: 'internal/agent/core/state.ts',
        find: 'updates: updates.map(({ number, record }) => ({ number, status: record.status })),',
        replace:
          'updates: updates.map(({ number, record }) => ({ number, status: record.status })).toReversed(),',
      },
    ],
  },
  {
    name: 'end-not-written-down',
    about: 'The end of a task is told and not checkpointed: after a restart the task lives again.',
    edits: [
      {
        file: 'internal/agent/core/updates.ts',
        find: '  keep(turn, next);\n  const counter =',
        replace:
          '  if (isTerminal(next.state)) remember(turn, next);\n  else keep(turn, next);\n  const counter =',
      },
    ],
  },
  {
    name: 'launched-before-written-down',
    about: 'A task is not in the checkpoint before it begins: the next agent does not know it.',
    edits: [
      {
        file: 'internal/agent/core/launch.ts',
        find: '  record(turn, task);\n  const spec',
        replace: '  remember(turn, task);\n  const spec',
      },
    ],
  },
  {
    name: 'term-forgotten',
    about:
      'The term that an agent heeds is not in its checkpoint: a deposed leader is heeded again.',
    from: 2,
    edits: [
      {
        file: 'internal/agent/core/registration.ts',
        find: "    turn.writes.push({ kind: 'term', term: message.term });\n",
        replace: '',
      },
    ],
  },
  {
    name: 'reservations-forgotten',
    about: 'What operations made of the resources is not in the checkpoint.',
    from: 23,
    edits: [
      {
        file: 'internal/agent/core/state.ts',
        find: 'resourcesAsWritten(recovered.resources?.changed)',
        replace: 'resourcesAsWritten([])',
      },
    ],
  },
  {
    name: 'checkpoint-not-synced',
    about: 'What an agent answers for is written and not synced: a power cut takes it back.',
    from: 2,
    edits: [
      {
        file: 'storage/checkpoint/checkpoint.ts',
        find: `claimOf({ number, digest })], { sync: true });`,
        replace: `claimOf({ number, digest })], { sync: false });`,
      },
      {
        file: 'storage/checkpoint/journal.ts',
        find: 'create: true, exclusive: true, durable: true',
        replace: 'create: true, exclusive: true',
      },
    ],
  },
  {
    name: 'running-after-the-end',
    about: 'An agent that comes back hears of an end before it hears of the process that ended.',
    edits: [
      {
        file: 'internal/agent/container-recovery.ts',
        find: `      if (found.process !== undefined) {
        // mark: a container that ended while its agent was away
        finder.post({ kind: 'launched', ...about, process: found.process });
      }
      finder.post({ kind: 'container-ended', ...about, end: found.end });`,
        replace: `      finder.post({ kind: 'container-ended', ...about, end: found.end });
      if (found.process !== undefined) {
        finder.post({ kind: 'launched', ...about, process: found.process });
      }`,
      },
      {
        file: 'internal/agent/core/launch.ts',
        find: `  if (task.life.kind === 'ended') return;
  const startedMs`,
        replace: '  const startedMs',
      },
      {
        file: 'internal/agent/core/updates.ts',
        find: '  assert(!isTerminal(task.state), `Task "${task.key}" is ${task.state} already`);\n',
        replace: '  assert(task.key.length > 0);\n',
      },
    ],
  },
  {
    name: 'launched-again-after-its-end',
    about: 'What ended while its agent was away is taken for what never began.',
    edits: [
      {
        file: 'internal/agent/container-recovery.ts',
        find: `      finder.post({ kind: 'container-ended', ...about, end: found.end });
      return;`,
        replace: `      finder.post({ kind: 'container-absent', ...about });
      return;`,
      },
      {
        file: 'internal/agent/core/launch.ts',
        find: `  if (task.life.kind !== 'launching') return;
  // mark: a launch that a dead agent had begun
  if (task.kill !== undefined) launchRefused(turn, task, '');
  else launch(`,
        replace: '  launch(',
      },
    ],
  },
  {
    name: 'launched-again-unseen',
    about:
      'A launch that its agent did not see through is made again, and nobody asks how far it came.',
    from: 8,
    edits: [
      {
        file: 'internal/agent/container-recovery.ts',
        find: `  const found = await containerizer.recover(specOf(state, settings, task));
  const about`,
        replace: `  const found =
    task.life.kind === 'launching'
      ? ({ kind: 'absent' } as const)
      : await containerizer.recover(specOf(state, settings, task));
  const about`,
      },
    ],
  },
  {
    name: 'volumes-told-too-early',
    about: 'An operation is told to be done while the folders of its volumes are being made.',
    from: 1,
    edits: [
      {
        file: 'internal/agent/core/operations.ts',
        find: `  keep(turn, operation);
  return layOut(`,
        replace: `  conclude(turn, operation, 'OPERATION_FINISHED');
  return layOut(`,
      },
    ],
  },
  {
    name: 'volumes-not-synced',
    about: 'The folder of a volume is made and not synced: a power cut takes it back.',
    from: 1,
    edits: [
      {
        file: 'internal/agent/volumes.ts',
        find: '    await files.syncFolder(above);\n    if (above === root) return;\n',
        replace: '    if (above === root) return;\n',
      },
    ],
  },
  {
    name: 'limitation-untold',
    about: 'A task that was ended for what it ate is told to have failed, and not of what.',
    from: 4,
    edits: [
      {
        file: 'internal/agent/core/status.ts',
        find: `return { state: 'TASK_FAILED', source: 'SOURCE_AGENT', reason, message, limitation };`,
        replace: `return {
      state: 'TASK_FAILED',
      source: 'SOURCE_AGENT',
      ...(resources.length < 0 && { reason, limitation }),
      message,
    };`,
      },
    ],
  },
];
