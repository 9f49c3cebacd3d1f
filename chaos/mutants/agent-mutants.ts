/** Bugs of an agent that dies and comes back, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const agentMutants: readonly Mutant[] = [
  {
    name: 'told-before-durable',
    about: 'An agent speaks and acts while what it says is on its way to the disk.',
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
        find: '  keep(turn, next);\n  if (next.updates.length === 1)',
        replace:
          '  if (isTerminal(next.state)) remember(turn, next);\n  else keep(turn, next);\n  if (next.updates.length === 1)',
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
