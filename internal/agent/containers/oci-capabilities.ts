/**
 * What a container's processes may do that others may not. What the task asks for is what they get;
 * without a word they have what is usual for containers, a root that cannot harm its machine.
 */
import type { CapabilityInfo, LinuxInfo } from '#proto/gen/mesos/v1.ts';
import { ContainerError } from '../containerizer.ts';

/** As the runtime specification lists them, `CAP_CHOWN` and so on. */
export type Capabilities = {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
};

/** Those that Docker gives: enough to be root in a root filesystem of one's own. */
const usual: readonly string[] = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/** Throws `ContainerError` when more shall be in effect than is allowed. */
export function capabilitiesOf(linux: LinuxInfo | undefined, isRoot: boolean): Capabilities {
  // `capability_info` is the old name of what is in effect.
  const effective = listed(linux?.effective_capabilities ?? linux?.capability_info);
  const bounding = listed(linux?.bounding_capabilities);
  if (effective === undefined && !isRoot) {
    // As after a change of the user: nothing is in effect, and what is bounded can be regained.
    const none: readonly string[] = [];
    const bound = bounding ?? usual;
    return { bounding: bound, effective: none, permitted: none, inheritable: none, ambient: none };
  }
  const has = effective ?? bounding ?? usual;
  const bound = bounding ?? has;
  const beyond = has.filter((one) => !bound.includes(one));
  if (beyond.length > 0) {
    throw new ContainerError(
      `Effective capabilities are not a subset of the bounding capabilities: ${beyond.join(', ')}`,
    );
  }
  // Those that a task names it keeps also as a user other than root.
  const kept = effective === undefined ? [] : has;
  return { bounding: bound, effective: has, permitted: has, inheritable: kept, ambient: kept };
}

function listed(info: CapabilityInfo | undefined): readonly string[] | undefined {
  if (info === undefined) return undefined;
  const names = (info.capabilities ?? []).filter((name) => name !== 'UNKNOWN');
  return [...new Set(names)].map((name) => `CAP_${name}`).toSorted();
}
