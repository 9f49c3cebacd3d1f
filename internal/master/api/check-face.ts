/**
 * `/check`: the masters' books are compared with those of all connected agents, which takes a moment, and
 * what disagrees is told by both facts (`docs/check.md`). Nothing is changed.
 */
import type { MasterDoor } from '../door.ts';
import { onlyWhileLeading, unsure } from './leadership-gate.ts';
import { bodyResponse, methodNotAllowed } from './response.ts';
import type { Route } from './router.ts';

export function checkRoutes(door: MasterDoor): readonly Route[] {
  return [
    {
      path: '/check',
      isExact: true,
      handler: onlyWhileLeading(door, async ({ method, target }) => {
        if (method !== 'GET') return methodNotAllowed(method, 'GET');
        const report = await door.check();
        if (report === undefined) return unsure(door, target);
        const { atMs, agents, silent, old, isCut } = report;
        const disagreements = report.disagreements.map(({ law, agentId, facts, sinceMs }) => ({
          law,
          agent_id: agentId,
          facts,
          lasts_seconds: (atMs - sinceMs) / 1000,
        }));
        const shown = { agents, silent, old, is_cut: isCut, disagreements };
        return bodyResponse('application/json', JSON.stringify(shown));
      }),
    },
  ];
}

/** What the last check came to, as metrics; none before there was one. */
export function checkGauges(door: MasterDoor): readonly (readonly [string, number])[] {
  const { checks, last } = door.checks();
  if (last === undefined) return [];
  return [
    ['check/made', checks],
    ['check/disagreements', last.disagreements.length],
    ['check/agents_compared', last.agents],
    ['check/agents_not_heard', last.silent.length + last.old.length],
  ];
}
