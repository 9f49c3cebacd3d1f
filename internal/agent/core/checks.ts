/**
 * Checks and health checks of tasks that run (contract 5.7, 9.7). Each is a loop of its own: wait, look,
 * judge, tell what changed, wait again. Nothing is looked at, and no result counts, once the task is
 * being killed.
 *
 * A result that an agent's own end cut short counts as none. The next agent knows how many failures
 * there were and when the newest one was, so a restart neither saves a sick task nor hurries its end.
 */
import { unreachable } from '#internal/base/assert.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { CheckStatusInfo } from '#proto/gen/mesos/v1.ts';
import { type CheckKind, type CheckPlan, checkKinds, checkPlan, healthPlan } from './check-plan.ts';
import type { ProbeResult, ProbeTarget } from './input.ts';
import { graceOf, request } from './kill.ts';
import { probeSpecOf } from './launch.ts';
import type { Health, Task } from './state.ts';
import type { Outcome } from './status.ts';
import { act, note, type Turn } from './turn.ts';
import { markUnhealthy } from './unhealthy.ts';
import { report } from './updates.ts';

/** Of a task that runs since now, or that this agent found running. */
export function startChecks(turn: Turn, task: Task): void {
  if (!isWatched(task)) return;
  for (const kind of checkKinds) {
    const plan = checkPlan(task.info, kind);
    if (plan !== undefined) setTimer(turn, task, kind, firstDelayMs(turn, task, kind, plan));
  }
}

/** Its container has ended. */
export function stopChecks(turn: Turn, task: Task): void {
  const kinds = checkKinds.filter((kind) => checkPlan(task.info, kind) !== undefined);
  for (const kind of kinds) act(turn, { kind: 'cancel-timer', timer: { kind, task: task.key } });
  if (kinds.length > 0) act(turn, { kind: 'stop-probes', containerId: task.containerId });
}

/** It is time to look. */
export function look(turn: Turn, task: Task, kind: CheckKind): void {
  const plan = checkPlan(task.info, kind);
  if (plan === undefined || !isWatched(task)) return;
  const { key, containerId } = task;
  const target = probeTarget(turn, task, plan);
  const probe = { target, timeoutMs: plan.timeoutMs };
  act(turn, { kind: 'probe', task: key, containerId, check: kind, probe });
}

export function probed(turn: Turn, task: Task, kind: CheckKind, result: ProbeResult): void {
  const plan = checkPlan(task.info, kind);
  if (plan === undefined || !isWatched(task)) return;
  if (result.kind === 'failed') {
    const { reason } = result;
    note(turn, 'info', 'check failed', { task: task.key, check: kind, reason });
  }
  const after = kind === 'check' ? judgeCheck(turn, task, result) : judgeHealth(turn, task, result);
  if (isWatched(after)) setTimer(turn, after, kind, plan.intervalMs);
}

const isWatched = ({ life, kill }: Task): boolean => life.kind === 'running' && kill === undefined;

function setTimer(turn: Turn, { key }: Task, kind: CheckKind, delayMs: number): void {
  act(turn, { kind: 'set-timer', timer: { kind, task: key }, delayMs });
}

function firstDelayMs(turn: Turn, task: Task, kind: CheckKind, plan: CheckPlan): number {
  const delayMs = Math.max(0, plan.delayMs - aliveMs(turn, task));
  const failedMs = kind === 'health-check' ? task.health?.failedMs : undefined;
  if (failedMs === undefined) return delayMs;
  // Agents that come and go must not count failures faster than the task allowed for.
  return Math.max(delayMs, plan.intervalMs - elapsedMs(turn, failedMs));
}

/** Wall time is all that two lives of an agent share. A clock that was set back makes us patient. */
const elapsedMs = ({ moment }: Turn, sinceMs: number): number =>
  Math.max(0, moment.nowMs - sinceMs);

const aliveMs = (turn: Turn, { life }: Task): number =>
  life.kind === 'running' ? elapsedMs(turn, life.startedMs) : 0;

function probeTarget(turn: Turn, task: Task, { target }: CheckPlan): ProbeTarget {
  if (target.kind !== 'command') return target;
  const containerId = newUuid(turn.moment.random);
  const spec = probeSpecOf(turn.state, turn.settings, { task, containerId, ...target });
  return { kind: 'command', spec };
}

function judgeCheck(turn: Turn, task: Task, result: ProbeResult): Task {
  const { check } = task.info;
  const known = task.status?.check_status;
  const found = check && result.kind !== 'interrupted' ? statusFrom(check.type, result) : undefined;
  if (found === undefined || isSame(known, found)) return task;
  return report(turn, task, {
    ...asItStands(task),
    reason: 'REASON_TASK_CHECK_STATUS_UPDATED',
    check_status: found,
  });
}

function judgeHealth(turn: Turn, task: Task, result: ProbeResult): Task {
  if (result.kind === 'interrupted') return task;
  return isGood(result) ? succeeded(turn, task) : failed(turn, task);
}

/** The first success is told, and the first one after failures. */
function succeeded(turn: Turn, task: Task): Task {
  const isNews = task.health?.hasPassed !== true || task.health.failures > 0;
  if (!isNews) return task;
  const health = { failures: 0, hasPassed: true, failedMs: undefined };
  return tellHealth(turn, { ...task, health }, true);
}

/** Every failure that counts is told; the last one that is allowed kills. */
function failed(turn: Turn, task: Task): Task {
  const { failuresMax, graceMs } = healthPlan(task.info);
  const { failures, hasPassed } = task.health ?? noHealth;
  if (!hasPassed && graceMs > 0 && aliveMs(turn, task) <= graceMs) return task;
  const health = { failures: failures + 1, hasPassed, failedMs: turn.moment.nowMs };
  const told = tellHealth(turn, { ...task, health }, false);
  if (health.failures < failuresMax) return told;
  markUnhealthy(turn, told);
  const killGraceMs = graceOf(task.info.kill_policy) ?? turn.settings.killGraceMs;
  request(turn, told, killGraceMs, 'UNHEALTHY');
  return turn.state.tasks.get(task.key) ?? told;
}

const noHealth: Health = { failures: 0, hasPassed: false, failedMs: undefined };

const tellHealth = (turn: Turn, task: Task, healthy: boolean): Task =>
  report(turn, task, {
    ...asItStands(task),
    reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
    healthy,
  });

/** What was told of it last, from where news go on. */
function asItStands({ status }: Task): Pick<Outcome, 'state' | 'source'> & Partial<Outcome> {
  return {
    state: 'TASK_RUNNING',
    source: 'SOURCE_EXECUTOR',
    ...(status?.healthy !== undefined && { healthy: status.healthy }),
    ...(status?.check_status !== undefined && { check_status: status.check_status }),
  };
}

function isGood(result: Exclude<ProbeResult, { readonly kind: 'interrupted' }>): boolean {
  switch (result.kind) {
    case 'exited':
      return result.status === 0;
    case 'answered':
      return result.status >= 200 && result.status < 400;
    case 'connected':
      return result.succeeded;
    case 'failed':
      return false;
    default:
      return unreachable(result);
  }
}

/** A look that failed, or took too long, leaves it open how things are. */
function statusFrom(
  type: CheckStatusInfo['type'],
  result: Exclude<ProbeResult, { readonly kind: 'interrupted' }>,
): CheckStatusInfo {
  switch (type) {
    case 'COMMAND':
      return { type, command: result.kind === 'exited' ? { exit_code: result.status } : {} };
    case 'HTTP':
      return { type, http: result.kind === 'answered' ? { status_code: result.status } : {} };
    case 'TCP':
      return { type, tcp: result.kind === 'connected' ? { succeeded: result.succeeded } : {} };
    case 'UNKNOWN':
    case undefined:
      return {};
    default:
      return unreachable(type);
  }
}

const isSame = (one: CheckStatusInfo | undefined, other: CheckStatusInfo): boolean =>
  one?.command?.exit_code === other.command?.exit_code &&
  one?.http?.status_code === other.http?.status_code &&
  one?.tcp?.succeeded === other.tcp?.succeeded;
