/**
 * How executors that frameworks bring come to an end: told to, with a grace; by the agent, when they do
 * not subscribe in time; or as they please. Their tasks end with them (contract 9.5).
 */
import { unreachable } from '#internal/base/assert.ts';
import type { ContainerEnd } from '../containerizer.ts';
import {
  endExecutor,
  forgetExecutor,
  keepExecutor,
  keyOf,
  type OwnExecutor,
  tasksIn,
} from './executor-book.ts';
import type { ExecutorTimer } from './input.ts';
import { executorOutcome } from './executor-outcome.ts';
import type { EndCause, Executor, Task } from './state.ts';
import { launchFailed, type Outcome } from './status.ts';
import { act, forget, forgetFramework, note, type Turn } from './turn.ts';
import { report } from './updates.ts';

/** Tells it to end, and sees to it when its grace is over. Nothing new when it ends already. */
export function endGracefully(turn: Turn, executor: OwnExecutor): void {
  if (executor.own.phase.kind === 'terminating') return;
  const ending = keepExecutor(turn, terminating(executor, 'SHUTDOWN'));
  const { connection } = ending.own;
  const event = { type: 'SHUTDOWN' } as const;
  if (connection !== undefined) act(turn, { kind: 'tell-executor', connection, event });
  startGrace(turn, ending);
}

function startGrace(turn: Turn, executor: OwnExecutor): void {
  const delayMs = shutdownGraceMs(turn, executor);
  setTimer(turn, executor, { kind: 'executor-ends', delayMs });
}

/** From being told to end to being killed. */
export function shutdownGraceMs(
  { settings }: Pick<Turn, 'settings'>,
  { info: { shutdown_grace_period: own } }: Pick<Executor, 'info'>,
): number {
  if (own === undefined) return settings.executors.shutdownGraceMs;
  return Math.max(0, Number(own.nanoseconds) / 1e6);
}

function terminating(executor: OwnExecutor, cause: EndCause): OwnExecutor {
  return { ...executor, own: { ...executor.own, phase: { kind: 'terminating', cause } } };
}

/** After a start of the agent: what the one before waited for. */
export function waitAgain(turn: Turn, executor: OwnExecutor): void {
  const { registrationMs, reregistrationMs } = turn.settings.executors;
  switch (executor.own.phase.kind) {
    case 'registering':
      return setTimer(turn, executor, { kind: 'executor-registers', delayMs: registrationMs });
    case 'running':
      return setTimer(turn, executor, { kind: 'executor-returns', delayMs: reregistrationMs });
    case 'terminating':
      return startGrace(turn, executor);
    default:
      return unreachable(executor.own.phase);
  }
}

/**
 * It hung up, and may come back: for as long as an executor looks for its agent, or, if its framework
 * has no checkpoints, until it has killed its tasks and ended itself.
 */
export function waitForReturn(turn: Turn, executor: OwnExecutor): void {
  const framework = turn.state.frameworks.get(executor.frameworkId)?.info;
  const { recoveryMs, shutdownGraceMs: graceMs } = turn.settings.executors;
  const delayMs = framework?.checkpoint === true ? recoveryMs : graceMs;
  setTimer(turn, executor, { kind: 'executor-comes-back', delayMs });
}

export function setTimer(
  turn: Turn,
  executor: OwnExecutor,
  { kind, delayMs }: { readonly kind: ExecutorTimer; readonly delayMs: number },
): void {
  act(turn, { kind: 'set-timer', timer: { kind, executor: keyOf(executor) }, delayMs });
}

export function timeIsUp(turn: Turn, executor: OwnExecutor, timer: ExecutorTimer): void {
  const { phase, connection } = executor.own;
  if (timer === 'executor-ends') {
    if (phase.kind === 'terminating') kill(turn, executor);
  } else if (timer === 'executor-registers') {
    if (phase.kind === 'registering') endAtOnce(turn, executor, 'REGISTRATION_TIMEOUT');
  } else if (phase.kind === 'running' && connection === undefined) {
    endAtOnce(turn, executor, timer === 'executor-returns' ? 'REREGISTRATION_TIMEOUT' : 'LOST');
  }
}

function endAtOnce(turn: Turn, executor: OwnExecutor, cause: EndCause): void {
  note(turn, 'warn', 'executor does not subscribe', { executor: keyOf(executor), cause });
  kill(turn, keepExecutor(turn, terminating(executor, cause)));
}

export function kill(turn: Turn, { containerId }: OwnExecutor): void {
  act(turn, { kind: 'signal', containerId, signal: 'KILL' });
}

/** Its container has ended: so have its tasks, whatever it last said of them. */
export function executorEnded(turn: Turn, executor: OwnExecutor, end: ContainerEnd): void {
  const tasks = tasksIn(turn, executor);
  // The scheduler hears of the executor before it hears of the tasks, as from a real agent.
  forgetExecutor(turn, executor, waitStatus(end));
  for (const task of tasks) endWith(turn, task, executorOutcome(turn, executor, end));
  forgetFramework(turn, executor.frameworkId);
}

/** Its container could not be. */
export function executorRefused(turn: Turn, executor: OwnExecutor, reason: string): void {
  const tasks = tasksIn(turn, executor);
  for (const task of tasks) endWith(turn, task, launchFailed(reason));
  endExecutor(turn, executor, -1);
}

function endWith(turn: Turn, task: Task, outcome: Outcome): void {
  const isWanted = turn.state.frameworks.get(task.frameworkId)?.removed === false;
  if (task.kill?.cause === 'ABANDONED' || !isWanted) {
    forget(turn, { ...task, life: { kind: 'ended' } });
  } else report(turn, task, outcome);
}

/** As `wait` gives it: what schedulers have always been told. */
function waitStatus(end: ContainerEnd): number {
  switch (end.kind) {
    case 'exited':
      return end.status << 8;
    case 'signaled':
      return end.signal;
    case 'limited':
      return 9;
    case 'lost':
      return -1;
    default:
      return unreachable(end);
  }
}
