/**
 * The `config.json` of a container (OCI runtime specification 1.0) from what is asked for. Nothing is
 * looked up here: users, folders and images are found before.
 */
import type { ImageConfig } from '../images/image.ts';
import type { ContainerLimits, ContainerSpec } from '../containerizer.ts';
import { memBytesMin } from './cgroup-orders.ts';
import { type Bounds, boundedBy } from './bounds.ts';
import { type Capabilities, capabilitiesOf } from './oci-capabilities.ts';
import { argumentsOf } from './oci-command.ts';
import type { InitShell } from './oci-init.ts';
import type { ContainerUser } from './oci-user.ts';
import { type Rlimit, rlimitsOf } from './rlimits.ts';

export type Bundle = {
  readonly spec: ContainerSpec;
  /** Undefined: it sees the root filesystem of the machine. */
  readonly image: ImageConfig | undefined;
  readonly user: ContainerUser;
  readonly rootFolder: string;
  readonly sandbox: SandboxPlace;
  readonly init: InitShell;
  readonly mounts: readonly BundleMount[];
  readonly cgroup: string;
  /** The PATH that the agent gives to commands that bring none: an image's own is better. */
  readonly usualPath: string;
  readonly bounds: Pick<Bounds, 'isCpuRequestLimit' | 'isSwapLimited' | 'processesMax'>;
};

export type SandboxPlace = {
  /** On the machine. */
  readonly folder: string;
  /** As the container sees it. */
  readonly path: string;
};

/** A folder or file of the machine that the container sees. Paths are absolute. */
export type BundleMount = {
  readonly source: string;
  readonly destination: string;
  readonly isReadOnly: boolean;
};

export type RuntimeSpec = {
  readonly ociVersion: string;
  readonly process: RuntimeProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname?: string;
  readonly mounts: readonly RuntimeMount[];
  readonly linux: RuntimeLinux;
};

export type RuntimeProcess = {
  readonly terminal: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids: readonly number[];
  };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Capabilities;
  readonly rlimits: readonly RuntimeRlimit[];
  readonly noNewPrivileges: boolean;
};

type RuntimeRlimit = { readonly type: string; readonly hard: number; readonly soft: number };

export type RuntimeMount = {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
};

type RuntimeLinux = {
  readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
  readonly cgroupsPath: string;
  readonly resources: RuntimeResources;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
};

export type RuntimeResources = {
  readonly devices?: readonly { readonly allow: boolean; readonly access: string }[];
  /** `swap` is of both together. */
  readonly memory?: { readonly limit: number; readonly swap?: number };
  readonly cpu?: { readonly shares?: number; readonly quota?: number; readonly period?: number };
  readonly pids?: { readonly limit: number };
};

/** Throws `ContainerError` when what is asked for cannot be. */
export function runtimeSpec(bundle: Bundle): RuntimeSpec {
  const { spec, rootFolder, cgroup, bounds } = bundle;
  const hostname = spec.container?.hostname;
  return {
    ociVersion: '1.0.2',
    process: processOf(bundle),
    root: { path: rootFolder, readonly: false },
    ...(hostname !== undefined && { hostname }),
    mounts: mountsOf(bundle),
    linux: {
      namespaces: namespacesOf(bundle),
      cgroupsPath: cgroup,
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        ...resourcesOf(spec.limits, bounds),
        pids: { limit: bounds.processesMax },
      },
      maskedPaths,
      readonlyPaths,
    },
  };
}

function processOf({ spec, image, user, sandbox, init, usualPath }: Bundle): RuntimeProcess {
  const { tty_info: terminal, linux_info: linux } = spec.container ?? {};
  const size = terminal?.window_size;
  const { PATH: path, ...asked } = spec.environment;
  const environment: Readonly<Record<string, string>> = {
    ...(terminal !== undefined && { TERM: 'xterm' }),
    ...(user.home !== undefined && image !== undefined && { HOME: user.home }),
    ...(path !== undefined && { PATH: path }),
    ...image?.environment,
    ...(path !== undefined && path !== usualPath && { PATH: path }),
    ...asked,
    MESOS_DIRECTORY: sandbox.folder,
    MESOS_SANDBOX: sandbox.path,
  };
  return {
    terminal: terminal !== undefined,
    ...(size !== undefined && { consoleSize: { height: size.rows, width: size.columns } }),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.groups },
    args: [...init.command, ...argumentsOf(spec.command, image)],
    env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    cwd: image === undefined || image.workingFolder === '' ? sandbox.path : image.workingFolder,
    capabilities: capabilitiesOf(linux, user.uid === 0),
    rlimits: rlimitsOf(spec.container).map(rlimitOf),
    noNewPrivileges: true,
  };
}

/** Network stays the machine's, as Mesos has it where no network is named. */
function namespacesOf({ spec }: Bundle): RuntimeLinux['namespaces'] {
  return [
    { type: 'mount' },
    { type: 'uts' },
    ...(spec.container?.linux_info?.share_pid_namespace === true ? [] : [{ type: 'pid' }]),
    ...(ipcOf(spec) === 'own' ? [{ type: 'ipc' }] : []),
  ];
}

/**
 * Whose IPC namespace a container has, in which its launcher is but for its own: members of a pod share
 * one unless they ask for one of their own, others have one unless they ask for the machine's.
 */
export function ipcOf({ parentId, container }: ContainerSpec): 'own' | 'pod' | 'machine' {
  const mode = container?.linux_info?.ipc_mode;
  if (mode === 'PRIVATE') return 'own';
  if (parentId !== undefined) return 'pod';
  return mode === 'SHARE_PARENT' ? 'machine' : 'own';
}

/** Of what may be changed while it runs. */
export function resourcesOf(
  limits: ContainerLimits,
  bounds: Pick<Bounds, 'isCpuRequestLimit' | 'isSwapLimited'>,
): RuntimeResources {
  const { cpus, cpusMax, memBytes } = boundedBy(bounds, limits);
  const limit = memBytes === undefined ? undefined : Math.max(memBytes, memBytesMin);
  return {
    ...(limit !== undefined && {
      memory: { limit, ...(bounds.isSwapLimited && { swap: limit }) },
    }),
    ...((cpus ?? cpusMax) !== undefined && {
      cpu: {
        // The kernel takes no fewer than two shares, and no quota below a millisecond.
        ...(cpus !== undefined && { shares: Math.max(2, Math.round(cpus * 1024)) }),
        ...(cpusMax !== undefined && {
          period: cpuPeriodUs,
          quota: Math.max(1000, Math.round(cpusMax * cpuPeriodUs)),
        }),
      },
    }),
  };
}

const cpuPeriodUs = 100_000;

function rlimitOf({ name, hard, soft }: Rlimit): RuntimeRlimit {
  // Infinity has no number of its own; what runc is given is read as 64 bits without a sign.
  const unlimited = 0xffff_ffff_ffff_f800;
  const number = (limit: bigint | undefined): number =>
    limit === undefined ? unlimited : Number(limit);
  return { type: `RLIMIT_${name.toUpperCase()}`, hard: number(hard), soft: number(soft) };
}

const machineShm: BundleMount = {
  source: '/dev/shm',
  destination: '/dev/shm',
  isReadOnly: false,
};

function mountsOf({ spec, image, sandbox, init, mounts }: Bundle): readonly RuntimeMount[] {
  const shm = spec.container?.linux_info?.shm_size;
  const shmBytes = shm === undefined ? '65536k' : `${shm}m`;
  const ownShm: RuntimeMount = {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmBytes}`],
  };
  const ofImage: readonly RuntimeMount[] = [
    {
      destination: '/sys',
      type: 'sysfs',
      source: 'sysfs',
      options: ['nosuid', 'noexec', 'nodev', 'ro'],
    },
    bind({ source: sandbox.folder, destination: sandbox.path, isReadOnly: false }),
  ];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    ipcOf(spec) === 'machine' ? bind(machineShm) : ownShm,
    {
      destination: '/dev/mqueue',
      type: 'mqueue',
      source: 'mqueue',
      options: ['nosuid', 'noexec', 'nodev'],
    },
    ...(image === undefined ? [] : ofImage),
    ...init.mounts.map(bind),
    ...mounts.map(bind),
  ];
}

const bind = ({ source, destination, isReadOnly }: BundleMount): RuntimeMount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rprivate', isReadOnly ? 'ro' : 'rw'],
});

/** As runtimes have them: what of /proc and /sys tells of the machine, or changes it. */
const maskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/sys/firmware',
  '/proc/scsi',
];
const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
