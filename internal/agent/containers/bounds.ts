/** What an agent makes of the limits that its tasks name, and of those that they do not. */
import type { ContainerLimits } from '../containerizer.ts';
import type { LimitWatchOptions } from './limit-watch.ts';

/** For containers of any kind. */
export type Bounds = LimitWatchOptions & {
  /** Processes and threads of one container, where control groups can bound them. */
  readonly processesMax: number;
  /** A request of cpus is also a limit. */
  readonly isCpuRequestLimit: boolean;
  readonly isSwapLimited: boolean;
};

/** Of an agent that was told nothing else. */
export const usualBounds: Bounds = {
  processesMax: 4096,
  isCpuRequestLimit: false,
  isSwapLimited: false,
  memoryWatchMs: 1000,
  disk: { intervalMs: 15_000, isEnforced: false },
};

/** As they hold on an agent that was told so: infinite is none, and a request of cpus may be one. */
export function boundedBy(
  { isCpuRequestLimit }: Pick<Bounds, 'isCpuRequestLimit'>,
  limits: ContainerLimits,
): ContainerLimits {
  const { cpus, cpusMax = isCpuRequestLimit ? cpus : undefined } = limits;
  return { ...limits, cpusMax: cpusMax === Infinity ? undefined : cpusMax };
}
