/**
 * What a task asks to be looked at, and how often, with the contract's defaults filled in (5.7). Both
 * kinds of checks are looked at in the same way; only what is made of the result differs.
 */
import { unreachable } from '#internal/base/assert.ts';
import type {
  CheckInfo,
  CheckStatusInfo,
  CommandInfo,
  HealthCheck,
  TaskInfo,
} from '#proto/gen/mesos/v1.ts';

/** `check` only tells; `health-check` may have the task killed. */
export type CheckKind = 'check' | 'health-check';

export const checkKinds: readonly CheckKind[] = ['check', 'health-check'];

export type CheckPlan = {
  readonly target: CheckTarget;
  /** From the start of the task to the first look. */
  readonly delayMs: number;
  /** From one result to the next look. */
  readonly intervalMs: number;
  /** Undefined: it may take as long as it likes. */
  readonly timeoutMs: number | undefined;
};

export type CheckTarget =
  /** Run beside the task; 0 is good. */
  | { readonly kind: 'command'; readonly command: CommandInfo }
  /** Good is what a browser would call so: 200 to 399. */
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export type HealthPlan = {
  readonly failuresMax: number;
  /** From the start of the task: failures before its first success do not count. */
  readonly graceMs: number;
};

/** An interval of 0 must not keep the agent busy with one task. */
const intervalMsMin = 100;

/** Undefined when the task asks for none. */
export function checkPlan(info: TaskInfo, kind: CheckKind): CheckPlan | undefined {
  const asked = kind === 'check' ? info.check : info.health_check;
  if (asked === undefined) return undefined;
  const { delay_seconds = 15, interval_seconds = 10, timeout_seconds = 20 } = asked;
  const target =
    kind === 'check' ? checkTarget(info.check ?? {}) : healthTarget(info.health_check ?? {});
  // A master that knows types which we do not: it is not ours to judge the task by them.
  if (target === undefined) return undefined;
  return {
    target,
    delayMs: delay_seconds * 1000,
    intervalMs: Math.max(intervalMsMin, interval_seconds * 1000),
    timeoutMs: timeout_seconds > 0 ? timeout_seconds * 1000 : undefined,
  };
}

export function healthPlan({ health_check: asked = {} }: TaskInfo): HealthPlan {
  const { consecutive_failures = 3, grace_period_seconds = 10 } = asked;
  return { failuresMax: Math.max(1, consecutive_failures), graceMs: grace_period_seconds * 1000 };
}

function checkTarget({ type, command, http, tcp }: CheckInfo): CheckTarget | undefined {
  if (type === 'COMMAND' && command !== undefined) {
    return { kind: 'command', command: command.command };
  }
  if (type === 'HTTP' && http !== undefined) {
    return { kind: 'http', url: urlOf({ ...http, host: loopback.IPv4 }) };
  }
  if (type === 'TCP' && tcp !== undefined) {
    return { kind: 'tcp', host: loopback.IPv4, port: tcp.port };
  }
  return undefined;
}

function healthTarget({ type, command, http, tcp }: HealthCheck): CheckTarget | undefined {
  if (type === 'COMMAND' && command !== undefined) return { kind: 'command', command };
  if (type === 'HTTP' && http !== undefined) {
    const host = http.protocol === 'IPv6' ? `[${loopback.IPv6}]` : loopback.IPv4;
    return { kind: 'http', url: urlOf({ ...http, host }) };
  }
  if (type === 'TCP' && tcp !== undefined) {
    const host = tcp.protocol === 'IPv6' ? loopback.IPv6 : loopback.IPv4;
    return { kind: 'tcp', host, port: tcp.port };
  }
  return undefined;
}

/** Tasks share the network of their machine. */
const loopback = { IPv4: '127.0.0.1', IPv6: '::1' } as const;

type Place = {
  readonly scheme?: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
};

const urlOf = ({ scheme = 'http', host, port, path = '' }: Place): string =>
  `${scheme}://${host}:${port}${path}`;

/** What is told before there is a result: of which type it will be (contract 9.7). */
export function emptyCheckStatus({ type }: CheckInfo): CheckStatusInfo {
  switch (type) {
    case 'COMMAND':
      return { type, command: {} };
    case 'HTTP':
      return { type, http: {} };
    case 'TCP':
      return { type, tcp: {} };
    case undefined:
    case 'UNKNOWN':
      return {};
    default:
      return unreachable(type);
  }
}
