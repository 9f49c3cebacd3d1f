/** An operator ends a framework (contract 10.2). */
import { frameworkId } from '#internal/model/ids.ts';
import type { Call_Teardown } from '#proto/gen/mesos/v1/master.ts';
import { badRequest } from '../events.ts';
import { frameworkOf, type Lead } from '../lead.ts';
import { decide, type Reply } from './decide.ts';

export function tearDown(lead: Lead, call: Call_Teardown, reply: Reply): void {
  const id = frameworkId(call.framework_id.value);
  if (frameworkOf(lead, id) === undefined)
    reply(badRequest('No framework found with specified ID'));
  else decide(lead, { kind: 'remove-framework', frameworkId: id }, reply);
}
