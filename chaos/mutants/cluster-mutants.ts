/**
 * Bugs that a cluster scheduler is most likely to ship, for the simulation of the cluster to find. Two of
 * them want a leader to die within a hair's breadth: it met both, at seeds that later worlds moved
 * elsewhere, and meets neither within 200 seeds. Tests of the master's core catch them at once.
 */
import { agentMutants } from './agent-mutants.ts';
import { allocatorMutants } from './allocator-mutants.ts';
import { test, type TestKiller } from './bug.ts';
import { masterMutants } from './master-mutants.ts';
import type { Mutant } from './mutant.ts';
import { serviceMutants } from './service-mutants.ts';
import { volumeMutants } from './volume-mutants.ts';

/** Without tests it is for the simulation. */
export type ClusterMutant = Mutant & { readonly tests?: readonly TestKiller[] };

const reports = 'internal/master/leader/reports';

/** Of those that the judged clusters of the allocator's tests find, these break a promise of the whole. */
const ofAllocator: ReadonlySet<string> = new Set([
  'drained-agent-offered',
  'given-and-still-free',
  'reservation-leaked',
]);

export const clusterMutants: readonly ClusterMutant[] = [
  ...agentMutants,
  ...allocatorMutants.filter(({ name }) => ofAllocator.has(name)),
  ...masterMutants,
  ...serviceMutants,
  ...volumeMutants,
  {
    name: 'stored-before-decision',
    about: 'A framework hears that something is kept while it is on its way into the log.',
    edits: [
      {
        file: 'internal/master/leader/stores.ts',
        find: 'storing.waiting.push({ key, bytes, reply });',
        replace: `if (write.kind === 'put') reply({ kind: 'put', version: 1 });
  storing.waiting.push({ key, bytes, reply: write.kind === 'put' ? () => {} : reply });`,
      },
    ],
  },
  {
    name: 'launch-before-decision',
    about: 'A launch leaves for its agent while it is on its way into the log.',
    edits: [
      {
        file: 'internal/master/leader/acceptance.ts',
        find: 'export function proposeLaunches(lead: Lead, acceptance: Acceptance): void {',
        replace: `import { runTask } from './tasks.ts';
export function proposeLaunches(lead: Lead, acceptance: Acceptance): void {
  for (const task of acceptance.launching) runTask(lead, task);`,
      },
    ],
  },
  {
    name: 'first-of-many-launched',
    about: 'Of tasks that an agent is told to launch in one message it launches the first.',
    edits: [
      {
        file: 'internal/agent/core/step.ts',
        find: 'for (const task_info of task_infos) runTask(turn',
        replace: 'for (const task_info of task_infos.slice(0, 1)) runTask(turn',
      },
    ],
  },
  {
    name: 'launch-sent-again-as-new',
    about:
      'A leader sends again what its log does not know to have begun, and the agent begins it anew.',
    edits: [
      {
        file: 'internal/master/leader/agents.ts',
        find: "task.state === 'staging' && !isKnown(task)",
        replace: '!isTerminal(task.state)',
      },
      {
        file: 'internal/agent/core/launch.ts',
        find: 'if (getTask(turn, key) !== undefined) {',
        replace: "if (getTask(turn, key)?.life.kind === 'launching') {",
      },
    ],
  },
  {
    name: 'offer-survives-its-agent',
    about: 'What was offered of an agent stays on offer when its link breaks.',
    edits: [
      {
        file: 'internal/master/leader/agents.ts',
        find: `  bar(lead, peer.id);
  rescindOffersOfAgent(lead, peer.id);`,
        replace: '  bar(lead, peer.id);',
      },
    ],
  },
  {
    name: 'failover-time-restarted',
    about: 'A new leader grants frameworks that had left all their time once more.',
    edits: [
      {
        file: 'internal/master/leader/takeover.ts',
        find: "if (connection.kind === 'disconnected') {",
        replace: "if (connection.kind === 'disconnected' && failoverTimeoutMs < 0) {",
      },
    ],
  },
  {
    name: 'failover-timer-restarted',
    about:
      'The log keeps the deadline of a framework, and a new leader waits from its own beginning.',
    edits: [
      {
        file: 'internal/master/leader/schedulers.ts',
        find: 'const delayMs = Math.max(0, connection.deadlineMs - lead.clock.now());',
        replace: 'const delayMs = connection.deadlineMs - connection.sinceMs;',
      },
    ],
  },
  {
    name: 'update-acknowledged-twice',
    about:
      'An acknowledgement that comes twice takes the next update along, which nobody has heard.',
    edits: [
      {
        file: 'internal/agent/core/updates.ts',
        find: '|| !equal(first.status.uuid, message.uuid)) {',
        replace: '|| !equal(first.status.uuid, first.status.uuid ?? message.uuid)) {',
      },
    ],
  },
  {
    name: 'end-told-before-decision',
    about:
      'A task is said to have ended before the log knows: the next leader may call it unreachable.',
    tests: test(
      reports,
      'the end of a task is told when the log has it: no leader can say otherwise then',
    ),
    edits: [
      {
        file: 'internal/master/leader/reports.ts',
        find: 'if (isTerminal(report.update.state)) lead.pending.ends.set(report, status);',
        replace: 'if (lead.term < 0) lead.pending.ends.set(report, status);',
      },
    ],
  },
  {
    name: 'deaf-at-the-door',
    about: 'An agent that comes back does not hear that it is not wanted, and its tasks run on.',
    edits: [
      {
        file: 'internal/agent/core/registration.ts',
        find: 'message.registered !== undefined || message.shutdown !== undefined;',
        replace: 'message.registered !== undefined;',
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
        find: '    report(turn, task, seenUnhealthy(turn, task, outcome));',
        replace: `    report(turn, task, seenUnhealthy(turn, task, outcome));
    forget(turn, { ...task, life: { kind: 'ended' } });`,
      },
    ],
  },
  {
    name: 'acknowledged-before-decision',
    about:
      'An agent is told of an acknowledgement that the log may lose: a new leader starts anew.',
    tests: test(
      reports,
      'the agent may forget an update only when its acknowledgement is in the log',
    ),
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
        find: `    if (isLaunching || tasksOnAgent(lead.state, agentId).length > 0) continue;
    if (isOperating(lead, agentId) || !saysEmpty(lead, agentId)) continue;`,
        replace: '    if (isLaunching) continue;',
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
  {
    name: 'recovery-not-noticed',
    about: 'A success does not make up for the failures before it: who is ill twice is killed.',
    edits: [
      {
        file: 'internal/agent/core/checks.ts',
        find: 'const health = { failures: 0, hasPassed: true, failedMs: undefined };',
        replace:
          'const health = { failures: task.health?.failures ?? 0, hasPassed: true, failedMs: undefined };',
      },
    ],
  },
];
