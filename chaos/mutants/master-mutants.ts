/** Bugs of the masters, their state and their allocator, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const masterMutants: readonly Mutant[] = [
  {
    name: 'offer-accepted-twice',
    about: 'An offer stays in the books when it is accepted.',
    edits: [
      {
        file: 'internal/master/leader/offers.ts',
        find: `  lead.offers.delete(offer.id);
  lead.peers.get(offer.agentId)?.offers.delete(offer.id);`,
        replace: '  if (lead.term < 0) lead.offers.delete(offer.id);',
      },
    ],
  },
  {
    name: 'launch-on-anything',
    about: 'The log takes every launch, also what nobody can hold any more.',
    edits: [
      {
        file: 'internal/state/apply-task.ts',
        find: `  const isStale = wanted.some((each) => isStaleOn(state, agentId, each));
  return !isStale && areAvailable(state, agent, wanted.map(unallocated))`,
        replace: `  return wanted.every((each) => !isStaleOn(state, agentId, unallocated(each)) || agent.id !== '') ||
    areAvailable(state, agent, wanted)`,
      },
    ],
  },
  {
    name: 'removed-while-it-is-there',
    about: 'A framework that comes back in time is removed when that time would have been over.',
    edits: [
      {
        file: 'internal/master/leader/schedulers.ts',
        find: `  assert(framework !== undefined, \`framework \${id} subscribed and is in no book\`);
  cancelFailover(lead, id);`,
        replace: `  assert(framework !== undefined, \`framework \${id} subscribed and is in no book\`);`,
      },
    ],
  },
  {
    name: 'version-not-looked-at',
    about: 'A value is put whatever version is expected.',
    edits: [
      {
        file: 'internal/state/apply-store.ts',
        find: 'if (expected !== undefined && expected !== actual) {',
        replace: 'if (expected !== undefined && expected > actual) {',
      },
    ],
  },
  {
    name: 'version-of-each-master',
    about: 'The version of a value is counted by each master for itself.',
    edits: [
      {
        file: 'internal/state/apply-store.ts',
        find: '  const version = store.version + 1;',
        replace: '  const version = store.version + 1 + (applied++ % 3 === 2 ? 1 : 0);',
      },
      {
        file: 'internal/state/apply-store.ts',
        find: 'type Put = Extract',
        replace: 'let applied = 0;\ntype Put = Extract',
      },
    ],
  },
  {
    name: 'update-after-the-end',
    about: 'A task that was said to have ended may be said to have ended otherwise.',
    edits: [
      {
        file: 'internal/master/leader/reports.ts',
        find: 'return task !== undefined && !(isLogged && task.state === report.state);',
        replace: 'return task !== undefined;',
      },
    ],
  },
  {
    name: 'unknown-agent-drained',
    about: 'A drain of an agent that nobody knows is said to have begun.',
    edits: [
      {
        file: 'internal/master/leader/operators/deactivation.ts',
        find: `    reply(badRequest('Unknown agent'));
    return;`,
        replace: `    reply({ status: 200, text: '' });
    return;`,
      },
    ],
  },
  {
    name: 'reconciled-from-nothing',
    about: 'A leader that has just begun calls tasks lost whose agents are on their way back.',
    edits: [
      {
        file: 'internal/master/leader/reconcile.ts',
        find: `  if (task !== undefined) {
    latest(lead, task, unlogged);
    return;`,
        replace: `  if (task !== undefined && lead.peers.get(task.agentId)?.presence.kind !== 'recovered') {
    latest(lead, task, unlogged);
    return;`,
      },
    ],
  },
  {
    name: 'orphans-live-on',
    about: 'A task that its framework was told had ended runs on when its agent is back.',
    edits: [
      {
        file: 'internal/master/leader/agents.ts',
        find: '  for (const task of visitor.reported) killOrphan(lead, id, task);\n',
        replace:
          '  if (lead.term < 0) for (const task of visitor.reported) killOrphan(lead, id, task);\n',
      },
    ],
  },
];
