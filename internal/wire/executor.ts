/** An executor as a scheduler or an agent describes it, and as the cluster computes with it. */
import { accept, type Result } from '#internal/base/result.ts';
import type { Executor } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { type AgentId, executorId, type FrameworkId } from '#internal/model/ids.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { encode } from './protobuf.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';
import { injectRole } from './task.ts';

/**
 * One that is to run on an agent of which something was offered to `role`; resources that do not say
 * for whom they are get that role (contract 6.4). Refuses resources that are not valid.
 */
export function executorFromWire(
  info: wire.ExecutorInfo,
  {
    role,
    ...ids
  }: { readonly frameworkId: FrameworkId; readonly agentId: AgentId; readonly role: string },
  terms: Pick<Executor, 'launchedMs' | 'endsWith'>,
): Result<Executor, string> {
  const held = resourcesFromWire(injectRole(info.resources ?? [], role));
  if (!held.ok) return held;
  const resources = resourcesToWire(held.value, 'new');
  return accept({
    ...ids,
    ...terms,
    id: executorId(info.executor_id.value),
    info: encoded<'mesos.v1.ExecutorInfo'>(encode('mesos.v1.ExecutorInfo', { ...info, resources })),
    resources: held.value,
  });
}
