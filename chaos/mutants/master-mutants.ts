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
    name: 'removed-while-it-is-there',
    about: 'A framework that comes back in time is removed when that time would have been over.',
    from: 1,
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
];
