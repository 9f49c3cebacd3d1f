/** What the flags of a master mean to the one who leads. */
import { mesosVersion } from '#internal/config/version.ts';
import { masterDefaults, type MasterOptions } from '#internal/master/leader/master.ts';
import type { MasterAddress } from '#internal/model/cluster.ts';
import type { MasterFlags } from './flags.ts';

export function masterOptions(flags: MasterFlags, self: MasterAddress): MasterOptions {
  return {
    self,
    nodeId: flags.nodeId,
    version: mesosVersion,
    allocationIntervalMs: flags.allocationInterval,
    allocator: {
      minAllocatable: flags.minAllocatableResources,
      roleSorter: flags.roleSorter,
      frameworkSorter: flags.frameworkSorter,
      fairSharingExcluded: flags.fairSharingExcludedResourceNames,
      filterGpus: flags.filterGpuResources,
      region: flags.domain?.region,
    },
    domain: flags.domain,
    requireAgentDomain: flags.requireAgentDomain,
    rootSubmissions: flags.rootSubmissions,
    histories: {
      completedFrameworks: flags.maxCompletedFrameworks,
      completedTasks: flags.maxCompletedTasksPerFramework,
      unreachableTasks: flags.maxUnreachableTasksPerFramework,
    },
    patterns: {
      bytesMax: flags.offerConstraintsRe2MaxMem,
      instructionsMax: flags.offerConstraintsRe2MaxProgramSize,
    },
    offerTimeoutMs: flags.offerTimeout === 0 ? undefined : flags.offerTimeout,
    agentPingTimeoutMs: flags.agentPingTimeout,
    agentPingTimeoutsMax: flags.maxAgentPingTimeouts,
    agentReregisterTimeoutMs: flags.agentReregisterTimeout,
    agentRemovalRate: flags.agentRemovalRateLimit,
    recoveryAgentRemovalLimit: flags.recoveryAgentRemovalLimit,
    memory: { ageMsMax: flags.registryMaxAgentAge, agentsMax: flags.registryMaxAgentCount },
    memoryIntervalMs: flags.registryGcInterval,
    checks: { ...masterDefaults.checks, everyMs: flags.checkInterval },
    adoptVolumes: flags.adoptVolumes,
    stores: {
      ...masterDefaults.stores,
      keysMax: flags.frameworkStoreKeys,
      bytesMax: flags.frameworkStoreSize,
      valueBytesMax: flags.frameworkStoreValueSize,
    },
    observersMax: flags.maxOperatorEventStreamSubscribers,
  };
}
