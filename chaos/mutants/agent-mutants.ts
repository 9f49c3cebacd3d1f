/** Bugs of an agent that dies and comes back, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const agentMutants: readonly Mutant[] = [
  {
    name: 'told-before-durable',
    about: 'An agent speaks and acts while what it says is on its way to the disk.',
    edits: [
      {
        file: 'internal/agent/agent.ts',
        find: 'await this.#checkpoint.write(writes);',
        replace: 'void this.#checkpoint.write(writes);',
      },
    ],
  },
  {
    name: 'checkpoint-not-synced',
    about: 'A batch counts as durable when LevelDB and the journal have it, on disk or not.',
    edits: [
      {
        file: 'storage/checkpoint/checkpoint.ts',
        find: 'claimOf({ number, digest })], { sync: true });',
        replace: 'claimOf({ number, digest })], { sync: false });',
      },
      {
        file: 'storage/checkpoint/journal.ts',
        find: 'exclusive: true, durable: true });',
        replace: 'exclusive: true });',
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
        find: '  keep(turn, next);\n  if (next.updates.length === 1)',
        replace:
          '  if (isTerminal(next.state)) remember(turn, next);\n  else keep(turn, next);\n  if (next.updates.length === 1)',
      },
    ],
  },
  {
    name: 'launched-again-after-restart',
    about: 'An agent that died while a task began starts it again, though it runs.',
    edits: [
      {
        file: 'internal/agent/container-recovery.ts',
        find: '      finder.attend(task.key, task.containerId, found.container);',
        replace: `      if (task.life.kind === 'launching') finder.post({ kind: 'container-absent', ...about });
      else finder.attend(task.key, task.containerId, found.container);`,
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
    edits: [
      {
        file: 'internal/agent/core/registration.ts',
        find: "    turn.writes.push({ kind: 'term', term: message.term });\n",
        replace: '',
      },
    ],
  },
  {
    name: 'volumes-told-too-early',
    about: 'An operation is said to be done before its volumes are there.',
    edits: [
      {
        file: 'internal/agent/core/operations.ts',
        find: `  keep(turn, operation);
  return act(turn, { kind: 'make-volumes', operation: uuid, volumes: made });`,
        replace: `  act(turn, { kind: 'make-volumes', operation: uuid, volumes: made });
  return conclude(turn, operation, 'OPERATION_FINISHED');`,
      },
    ],
  },
  {
    name: 'reservations-forgotten',
    about: 'What operations made of the resources is not in the checkpoint.',
    edits: [
      {
        file: 'internal/agent/core/state.ts',
        find: 'resourcesAsWritten(recovered.resources?.changed)',
        replace: 'resourcesAsWritten([])',
      },
    ],
  },
];
