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
        find: 'else report(turn, task, outcomeOf(how, task.kill, frameworkInfo(turn, task)));',
        replace: `else {
    report(turn, task, outcomeOf(how, task.kill, frameworkInfo(turn, task)));
    forget(turn, { ...task, life: { kind: 'ended' } });
  }`,
      },
    ],
  },
  {
    name: 'acknowledged-before-decision',
    about:
      'An agent is told of an acknowledgement that the log may lose: a new leader starts anew.',
    edits: [
      {
        file: 'internal/master/leader/reports.ts',
        find: `    uuid: uuidText(call.uuid),
  });
  flush(lead);`,
        replace: `    uuid: uuidText(call.uuid),
  });
  for (const each of lead.pending.acknowledgements) updateAcknowledged(lead, each);
  flush(lead);`,
      },
    ],
  },
  {
    name: 'drained-on-request',
    about: 'An agent is called drained as soon as it is to drain, while its tasks still end.',
    edits: [
      {
        file: 'internal/master/leader/operators/deactivation.ts',
        find: 'if (isLaunching || tasksOnAgent(lead.state, agentId).length > 0) continue;',
        replace: 'if (isLaunching) continue;',
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
