/** What tasks ask of setrlimit(2), `container.rlimit_info`, checked and in the kernel's words. */
import type { ContainerInfo } from '#proto/gen/mesos/v1.ts';
import { ContainerError } from '../containerizer.ts';

export type Rlimit = {
  /** As the kernel has it, in small letters and without its prefix: `nofile`. */
  readonly name: string;
  /** Undefined: not bounded; then neither is the other. */
  readonly soft: bigint | undefined;
  readonly hard: bigint | undefined;
};

/** Throws `ContainerError`. */
export function rlimitsOf(container: ContainerInfo | undefined): readonly Rlimit[] {
  const { rlimits = [] } = container?.rlimit_info ?? {};
  return rlimits.map(({ type = 'UNKNOWN', hard, soft }) => {
    if (type === 'UNKNOWN') throw new ContainerError('A resource limit has no known type');
    if ((hard === undefined) !== (soft === undefined)) {
      throw new ContainerError(`Limit ${type} has one of 'hard' and 'soft' and lacks the other`);
    }
    if (hard !== undefined && soft !== undefined && soft > hard) {
      throw new ContainerError(`Limit ${type} is soft at ${soft}, above its hard ${hard}`);
    }
    return { name: type.replace('RLMT_', '').toLowerCase(), hard, soft };
  });
}
