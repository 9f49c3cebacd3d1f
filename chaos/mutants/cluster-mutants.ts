/** Bugs that a cluster scheduler is most likely to ship, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const clusterMutants: readonly Mutant[] = [
  {
    name: 'launch-before-decision',
    about: 'A launch leaves for its agent while it is on its way into the log.',
    edits: [
      {
        file: 'internal/master/leader/accept.ts',
        find: 'function proposeLaunches(lead: Lead, launched: readonly Task[]): void {',
        replace: `import { runTask } from './tasks.ts';
function proposeLaunches(lead: Lead, launched: readonly Task[]): void {
  for (const task of launched) runTask(lead, task);`,
      },
    ],
  },
  {
    name: 'fencing-off',
    about: 'An agent heeds whoever says that it leads, in whatever term.',
    edits: [
      {
        file: 'internal/agent/core/registration.ts',
        find: 'if (message.term < term) {',
        replace: 'if (message.term < 0n) {',
      },
    ],
  },
  {
    name: 'ended-task-forgotten',
    about: 'An agent forgets a task when it ends, and not when its end is acknowledged.',
    edits: [
      {
        file: 'internal/agent/core/kill.ts',
        find: 'else report(turn, task, outcomeOf(how, task.kill));',
        replace: `else {
    report(turn, task, outcomeOf(how, task.kill));
    forget(turn, { ...task, life: { kind: 'ended' } });
  }`,
      },
    ],
  },
  {
    name: 'end-told-before-decision',
    about:
      'A task is said to have ended before the log knows: the next leader may call it unreachable.',
    edits: [
      {
        file: 'internal/master/leader/reports.ts',
        find: 'if (isTerminal(report.update.state)) lead.pending.ends.set(report, status);',
        replace: 'if (lead.term < 0) lead.pending.ends.set(report, status);',
      },
    ],
  },
  {
    name: 'resources-freed-by-kill',
    about: 'What a task holds is offered again once it is being killed, while it still runs.',
    edits: [
      {
        file: 'internal/master/leader/tasks.ts',
        find: `  const { policy } = task.kill;
  instruct(`,
        replace: `  const { policy } = task.kill;
  returnResources(lead, task, task.resources);
  instruct(`,
      },
    ],
  },
];
