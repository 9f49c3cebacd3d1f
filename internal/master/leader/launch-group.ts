/** LAUNCH_GROUP (contract 4.2): all of its tasks or none. */
import type { Offer_Operation } from '#proto/gen/mesos/v1.ts';
import { type Acceptance, refuseTask, tasksOf } from './acceptance.ts';
import type { Lead } from './lead.ts';
import { operationFault } from './operation.ts';

export function launchGroup(
  lead: Lead,
  { framework }: Acceptance,
  operation: Offer_Operation,
): void {
  const message = operationFault(operation);
  if (message === undefined) return;
  for (const info of tasksOf(operation)) {
    const why = { state: 'error', reason: 'task-group-invalid', message } as const;
    refuseTask(lead, framework.id, info, why);
  }
}
