/**
 * Whether an executor may run tasks on an agent (contract 5.5, "executor"), and what a LAUNCH asks of
 * one besides. The order of the rules is that of the contract.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Executor, Framework } from '#internal/model/cluster.ts';
import { parseId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { equals } from '#internal/resources/resources.ts';
import { toJson } from '#internal/wire/json.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import type { ExecutorInfo } from '#proto/gen/mesos/v1.ts';
import { allocationFault, persistenceFault, revocableFault } from './resource-rules.ts';
import { commandFault, containerFault } from './validate-command.ts';
import { masterResourcesFault } from './validate-resources.ts';

export type ExecutorSurroundings = {
  readonly framework: Framework;
  /** The executor's resources, read and allocated to the offer's role. */
  readonly resources: Resources;
  /** What lives on the agent under this id already, or is about to. */
  readonly living: Executor | undefined;
};

/** The text of the first rule that any executor breaks. */
export function executorFault(
  info: ExecutorInfo,
  around: ExecutorSurroundings,
): string | undefined {
  return (
    typeFault(info) ??
    identityFault(info) ??
    processFault(info) ??
    frameworkFault(info, around) ??
    resourcesFault(around) ??
    compatibilityFault(info, around)
  );
}

/** What only the executor of a task that stands alone must be: one that its framework brought. */
export function ownExecutorFault(
  info: ExecutorInfo,
  { resources }: ExecutorSurroundings,
): string | undefined {
  if (info.type !== undefined && info.type !== 'CUSTOM') {
    return "'ExecutorInfo.type' must be 'CUSTOM'";
  }
  if (info.command === undefined) return "'ExecutorInfo.command' must be set";
  if (resources.some(({ shared }) => shared)) {
    return `Executor resources ${format(resources)} should not contain any shared resources`;
  }
  return info.container?.linux_info?.share_cgroups === true
    ? "The 'share_cgroups' field cannot be set to 'true' on executor containers"
    : undefined;
}

/** The same in every member; of resources the amounts count, not their order. */
export function isSameExecutor(
  { resources: _one, ...left }: ExecutorInfo,
  { resources: _other, ...right }: ExecutorInfo,
): boolean {
  const [one, other] = [left, right].map((info) => encode('mesos.v1.ExecutorInfo', info));
  if (one === undefined || other === undefined || one.length !== other.length) return false;
  return one.every((byte, at) => byte === other[at]);
}

function typeFault({ type, command, container }: ExecutorInfo): string | undefined {
  switch (type) {
    case 'UNKNOWN':
      return 'Unknown executor type';
    case 'CUSTOM':
      return command === undefined
        ? "'ExecutorInfo.command' must be set for 'CUSTOM' executor"
        : undefined;
    case 'DEFAULT': {
      if (command !== undefined) {
        return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
      }
      if (container === undefined) return undefined;
      if (container.type !== 'MESOS') {
        return "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor";
      }
      return container.mesos?.image === undefined
        ? undefined
        : "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor";
    }
    case undefined:
      return undefined;
    default:
      return unreachable(type);
  }
}

function identityFault(info: ExecutorInfo): string | undefined {
  const id = parseId(info.executor_id.value);
  if (!id.ok) return id.refusal;
  return (info.shutdown_grace_period?.nanoseconds ?? 0n) < 0n
    ? "ExecutorInfo's 'shutdown_grace_period' must be non-negative"
    : undefined;
}

function processFault(info: ExecutorInfo): string | undefined {
  const command = info.command && commandFault(info.command);
  if (command !== undefined) return `Executor's \`CommandInfo\` is invalid: ${command}`;
  const container = info.container && containerFault(info.container);
  return container === undefined
    ? undefined
    : `Executor's \`ContainerInfo\` is invalid: ${container}`;
}

function frameworkFault(
  { framework_id: named }: ExecutorInfo,
  { framework }: ExecutorSurroundings,
): string | undefined {
  if (named === undefined) return "'ExecutorInfo.framework_id' must be set";
  return named.value === framework.id
    ? undefined
    : 'ExecutorInfo has an invalid FrameworkID ' +
        `(Actual: ${named.value} vs Expected: ${framework.id})`;
}

function resourcesFault({ resources }: ExecutorSurroundings): string | undefined {
  const invalid = masterResourcesFault(resources);
  if (invalid !== undefined) return `Executor uses invalid resources: ${invalid}`;
  const persistence = persistenceFault(resources);
  if (persistence !== undefined) return `Executor uses duplicate persistence ID: ${persistence}`;
  const allocation = allocationFault(resources);
  if (allocation !== undefined) return `Invalid executor resources: ${allocation}`;
  const revocable = revocableFault(resources);
  return revocable === undefined
    ? undefined
    : `Executor mixes revocable and non-revocable resources: ${revocable}`;
}

function compatibilityFault(
  info: ExecutorInfo,
  { living, resources }: ExecutorSurroundings,
): string | undefined {
  if (living === undefined) return undefined;
  const known = decode('mesos.v1.ExecutorInfo', living.info);
  if (isSameExecutor(known, info) && equals(living.resources, resources)) return undefined;
  const rule = '-'.repeat(60);
  return [
    'ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.',
    rule,
    'Existing ExecutorInfo:',
    toJson('mesos.v1.ExecutorInfo', known),
    rule,
    'ExecutorInfo of Task:',
    toJson('mesos.v1.ExecutorInfo', info),
    rule,
    '',
  ].join('\n');
}
