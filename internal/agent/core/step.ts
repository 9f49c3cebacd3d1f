/**
 * The agent's whole mind: one input in; the next state, what to write down, and what to do, out. No
 * clock, disk, socket or process here, so a run is a fold of `step` over its inputs and replays from
 * its seed. In return the driver makes `writes` durable before it carries out any of `effects`, and
 * hands over every input that an effect leads to.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { ExecutorMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import { booksOf } from './books.ts';
import { look, probed, startChecks, stopChecks } from './checks.ts';
import { drain, tellDrained } from './drain.ts';
import { isOwn, ownExecutor } from './executor-book.ts';
import {
  executorHungUp,
  executorSpoke,
  executorSubscribed,
  executorUpdated,
  tellMessage,
} from './executor-calls.ts';
import { executorEnded, executorRefused, timeIsUp, waitAgain } from './executor-end.ts';
import { executorAbsent, executorLaunched } from './executor-launch.ts';
import { introduction } from './introduction.ts';
import type { Input, Moment, Step, TimerId } from './input.ts';
import {
  containerEnded,
  end,
  escalate,
  killTask,
  overtime,
  shutdownFramework,
  stopWhenEmpty,
} from './kill.ts';
import { adopt, launchAgain, launchRefused, launched, runTask } from './launch.ts';
import {
  acknowledgeOperation,
  applyOperation,
  retryOperation,
  volumesMade,
  volumesRemoved,
} from './operations.ts';
import { volumesSurveyed, volumesUsed } from './volumes.ts';
import { endIdleExecutors, runGroup, shareFate, shutdownExecutor } from './pods.ts';
import * as registration from './registration.ts';
import {
  type AgentSettings,
  type AgentState,
  executorKey,
  type ExecutorKey,
  type Task,
  type TaskKey,
} from './state.ts';
import { type Turn, act, count, getTask, tell } from './turn.ts';
import { acknowledge, resend, retry } from './updates.ts';

export function step(
  state: AgentState,
  input: Input,
  { settings, moment }: { readonly settings: AgentSettings; readonly moment: Moment },
): Step {
  const turn: Turn = { state, writes: [], effects: [], settings, moment };
  take(turn, input);
  assert(turn.state.term >= state.term, 'The term of the agent fell');
  return { state: turn.state, writes: turn.writes, effects: turn.effects };
}

function take(turn: Turn, input: Input): void {
  if (isOfVolumes(input)) return ofVolumes(turn, input);
  if ('executor' in input) {
    ofExecutor(turn, input);
    endIdleExecutors(turn);
    tellDrained(turn);
    return stopWhenEmpty(turn);
  }
  switch (input.kind) {
    case 'start':
      for (const executor of turn.state.executors.values()) {
        if (isOwn(executor)) waitAgain(turn, executor);
      }
      return registration.start(turn);
    case 'message':
      if (registration.heeds(turn, input.link, input.message))
        hear(turn, input.link, input.message);
      return undefined;
    case 'link-closed':
      return registration.closed(turn, input.link, input.reason);
    case 'timer':
      return wake(turn, input.timer);
    case 'launched': {
      const task = find(turn, input);
      if (task === undefined) return undefined;
      launched(turn, task, input.process);
      return startChecks(turn, getTask(turn, task.key) ?? task);
    }
    case 'probed': {
      const task = find(turn, input);
      return task && probed(turn, task, input.check, input.result);
    }
    case 'launch-failed': {
      const task = find(turn, input);
      if (task !== undefined) {
        count(turn, 'container_launch_errors');
        launchRefused(turn, task, input.reason);
        shareFate(turn, task);
        tellDrained(turn);
      }
      return stopWhenEmpty(turn);
    }
    case 'container-absent': {
      const task = find(turn, input);
      if (task === undefined) return undefined;
      launchAgain(turn, task);
      shareFate(turn, task);
      return tellDrained(turn);
    }
    case 'container-ended': {
      const task = find(turn, input);
      if (task !== undefined) {
        stopChecks(turn, task);
        containerEnded(turn, task, input.end);
        shareFate(turn, task);
        tellDrained(turn);
      }
      return stopWhenEmpty(turn);
    }
    case 'close':
    case 'clean-up':
      end(turn, { kind: input.kind === 'close' ? 'closing' : 'cleaning' });
      return endIdleExecutors(turn);
    default:
      return unreachable(input);
  }
}

type OfVolumes = Extract<Input, { readonly kind: `volumes-${string}` }>;

const isOfVolumes = (input: Input): input is OfVolumes => input.kind.startsWith('volumes-');

function ofVolumes(turn: Turn, input: OfVolumes): void {
  switch (input.kind) {
    case 'volumes-surveyed':
      return volumesSurveyed(turn, input);
    case 'volumes-used':
      return volumesUsed(turn, input.used);
    case 'volumes-made':
      return volumesMade(turn, input);
    case 'volumes-removed':
      return volumesRemoved(turn, input.volumes);
    default:
      return unreachable(input);
  }
}

type OfExecutor = Extract<Input, { readonly executor: ExecutorKey }>;

/** What happens to an executor that its framework brought; nothing when it is not that one any more. */
function ofExecutor(turn: Turn, input: OfExecutor): void {
  const executor = ownExecutor(turn, input.executor);
  if (executor === undefined) return ofStranger(turn, input);
  if ('containerId' in input && input.containerId !== executor.containerId) return undefined;
  switch (input.kind) {
    case 'executor-launched':
      return executorLaunched(turn, executor, input.process);
    case 'executor-launch-failed':
      count(turn, 'container_launch_errors');
      return executorRefused(turn, executor, input.reason);
    case 'executor-ended':
      return executorEnded(turn, executor, input.end);
    case 'executor-absent':
      return executorAbsent(turn, executor);
    case 'executor-subscribed':
      return executorSubscribed(turn, executor, input);
    case 'executor-hung-up':
      return executorHungUp(turn, executor, input.connection);
    case 'executor-updated':
      return executorUpdated(turn, executor, input.status);
    case 'executor-spoke':
      return executorSpoke(turn, executor, input.data);
    default:
      return unreachable(input);
  }
}

/** The same, when it is not here any more. */
function ofStranger(turn: Turn, input: OfExecutor): void {
  if (input.kind === 'executor-subscribed') {
    act(turn, { kind: 'close-executor', connection: input.connection });
  } else if (input.kind === 'executor-updated') count(turn, 'invalid_status_updates');
  else if (input.kind === 'executor-spoke') count(turn, 'invalid_framework_messages');
}

/** One message of a master that we heed. */
function hear(turn: Turn, link: number, message: MasterMessage): void {
  if (message.not_leading !== undefined) registration.notLeading(turn, link, message.not_leading);
  if (message.registered !== undefined) registration.registered(turn, link, message.registered);
  if (message.ping !== undefined) {
    registration.heardFrom(turn);
    tell(turn, { pong: { sequence: message.ping.sequence } });
  }
  if (message.run_task !== undefined) runTask(turn, message.run_task);
  if (message.run_tasks !== undefined) {
    const { framework_info, task_infos = [] } = message.run_tasks;
    for (const task_info of task_infos) runTask(turn, { framework_info, task_info });
  }
  if (message.run_group !== undefined) runGroup(turn, message.run_group);
  if (message.shutdown_executor !== undefined) shutdownExecutor(turn, message.shutdown_executor);
  if (message.executor_message !== undefined) messageExecutor(turn, message.executor_message);
  if (message.kill_task !== undefined) killTask(turn, message.kill_task);
  if (message.acknowledge_update !== undefined) acknowledge(turn, message.acknowledge_update);
  if (message.shutdown_framework !== undefined) {
    shutdownFramework(turn, message.shutdown_framework.framework_id.value);
  }
  if (message.update_framework !== undefined) {
    updateFramework(turn, message.update_framework.framework_info);
  }
  if (message.apply_operation !== undefined) applyOperation(turn, message.apply_operation);
  if (message.acknowledge_operation !== undefined) {
    acknowledgeOperation(turn, message.acknowledge_operation);
  }
  if (message.drain !== undefined) drain(turn, message.drain);
  if (message.introduce_yourself !== undefined) tell(turn, introduction(turn));
  if (message.tell_books !== undefined) {
    tell(turn, { books: booksOf(turn.state, message.tell_books.sequence) });
  }
  if (message.shutdown !== undefined) {
    end(turn, { kind: 'expelled', reason: message.shutdown.message });
  }
  endIdleExecutors(turn);
}

/** Whom it is for may not be here, or not listen: it is lost then. */
function messageExecutor(turn: Turn, { framework_id, executor_id, data }: ExecutorMessage): void {
  const executor = ownExecutor(turn, executorKey(framework_id.value, executor_id.value));
  if (executor === undefined) count(turn, 'invalid_framework_messages');
  else tellMessage(turn, executor, data);
}

/** Its scheduler is back, perhaps elsewhere: what it has not acknowledged it hears again. */
function updateFramework(
  turn: Turn,
  info: NonNullable<MasterMessage['update_framework']>['framework_info'],
): void {
  const id = info.id?.value;
  const known = id === undefined ? undefined : turn.state.frameworks.get(id);
  if (id === undefined || known === undefined || known.removed) return;
  adopt(turn, id, { info, removed: false });
  resend(turn, turn.state.tasks.filter(({ frameworkId }) => frameworkId === id).values());
}

function wake(turn: Turn, timer: TimerId): void {
  if (timer.kind === 'silence') return registration.silence(turn);
  if (timer.kind === 'dial') {
    if (turn.state.session.kind === 'waiting') registration.dialNext(turn);
    return undefined;
  }
  if ('executor' in timer) {
    const executor = ownExecutor(turn, timer.executor);
    return executor && timeIsUp(turn, executor, timer.kind);
  }
  if (timer.kind === 'retry-operation') return retryOperation(turn, timer.operation);
  const task = getTask(turn, timer.task);
  if (task === undefined) return undefined;
  switch (timer.kind) {
    case 'retry':
      return retry(turn, task);
    case 'escalate':
      return escalate(turn, task);
    case 'overtime':
      return overtime(turn, task);
    case 'check':
    case 'health-check':
      return look(turn, task, timer.kind);
    default:
      return unreachable(timer);
  }
}

/** The task whose container this is about; undefined when it was forgotten or launched anew. */
function find(
  turn: Turn,
  { task: key, containerId }: { readonly task: TaskKey; readonly containerId: string },
): Task | undefined {
  const task = getTask(turn, key);
  return task?.containerId === containerId ? task : undefined;
}
