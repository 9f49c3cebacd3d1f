/** Limits in the kernel's words: which file of a control group gets which text. */
import type { Hierarchy } from './cgroup-layout.ts';

export type CgroupLimits = {
  /** A share when the machine is busy. */
  readonly cpus: number | undefined;
  /** Never more than this; `Infinity` is like undefined. */
  readonly cpusMax: number | undefined;
  readonly memBytes: number | undefined;
  /** With what is swapped out. */
  readonly isSwapLimited: boolean;
  readonly processesMax: number | undefined;
};

/** As Mesos has them (`cgroups/cpu.cpp`, `cgroups/memory.cpp` and their constants). */
const sharesPerCpu = 1024;
const sharesMin = 2;
const cfsPeriodUs = 100_000;
const cfsQuotaUsMin = 1000;
export const memBytesMin: number = 32 * 1024 * 1024;

/** In the order in which they must be written. */
export function ordersFor(
  { version, controllers }: Hierarchy,
  limits: CgroupLimits,
): readonly (readonly [file: string, text: string])[] {
  const orders = version === 1 ? ordersOf1(limits) : ordersOf2(limits);
  return orders.filter(([file]) => [...controllers].some((name) => file.startsWith(`${name}.`)));
}

type Orders = readonly (readonly [string, string])[];

function ordersOf1({ cpus, cpusMax, memBytes, isSwapLimited, processesMax }: CgroupLimits): Orders {
  const memory = memBytes === undefined ? undefined : String(Math.max(memBytes, memBytesMin));
  return [
    ...(cpus === undefined ? [] : [['cpu.shares', String(sharesOf(cpus))] as const]),
    ['cpu.cfs_period_us', String(cfsPeriodUs)],
    ['cpu.cfs_quota_us', cpusMax === undefined ? '-1' : String(quotaUs(cpusMax))],
    ...(memory === undefined ? [] : [['memory.limit_in_bytes', memory] as const]),
    // Never below the limit of memory alone, so written after it.
    ...(memory === undefined || !isSwapLimited
      ? []
      : [['memory.memsw.limit_in_bytes', memory] as const]),
    ...(processesMax === undefined ? [] : [['pids.max', String(processesMax)] as const]),
  ];
}

function ordersOf2({ cpus, cpusMax, memBytes, isSwapLimited, processesMax }: CgroupLimits): Orders {
  const quota = cpusMax === undefined ? 'max' : String(quotaUs(cpusMax));
  return [
    ...(cpus === undefined ? [] : [['cpu.weight', String(weightOf(cpus))] as const]),
    ['cpu.max', `${quota} ${cfsPeriodUs}`],
    ...(memBytes === undefined
      ? []
      : [['memory.max', String(Math.max(memBytes, memBytesMin))] as const]),
    ...(memBytes === undefined || !isSwapLimited ? [] : [['memory.swap.max', '0'] as const]),
    ...(processesMax === undefined ? [] : [['pids.max', String(processesMax)] as const]),
  ];
}

const sharesOf = (cpus: number): number => Math.max(sharesMin, Math.floor(cpus * sharesPerCpu));

/** The kernel's own conversion: 2 to 262144 shares are 1 to 10000. */
const weightOf = (cpus: number): number =>
  Math.min(10_000, 1 + Math.floor(((sharesOf(cpus) - 2) * 9999) / 262_142));

const quotaUs = (cpus: number): number => Math.max(cfsQuotaUsMin, Math.round(cpus * cfsPeriodUs));
