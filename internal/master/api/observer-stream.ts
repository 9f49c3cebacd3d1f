/**
 * The stream of an operator who watches the cluster (contract 11): the state, then what changes. There
 * is no event that could tell a slow reader why it is let go, so its stream just ends; it may come
 * again and is shown the state anew.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpSink } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import { statusToWire } from '#internal/wire/status.ts';
import { taskStateToWire } from '#internal/wire/task-state.ts';
import { taskToWire } from '#internal/wire/task.ts';
import type { Event, Response_GetFrameworks_Framework } from '#proto/gen/mesos/v1/master.ts';
import type { Happening, Observer } from '../door.ts';
import { agentReply, getState } from './operator-replies.ts';
import { newRecordStream, type RecordStreamOptions } from './record-stream.ts';
import { timeInfo } from './time-info.ts';

export type ObserverStreamOptions = RecordStreamOptions & { readonly mediaType: MediaType };

const textEncoder = new TextEncoder();

export function newObserverStream(
  sink: HttpSink,
  clock: Clock,
  options: ObserverStreamOptions,
): Observer {
  const { mediaType } = options;
  const stream = newRecordStream(sink, clock, options);
  return {
    closed: stream.closed,
    end: () => stream.end(),
    begin(view, heartbeatIntervalMs) {
      const heartbeat_interval_seconds = heartbeatIntervalMs / 1000;
      const subscribed = { get_state: getState(view), heartbeat_interval_seconds };
      // However large it is: without it nothing that follows would mean anything.
      stream.write(eventRecord({ type: 'SUBSCRIBED', subscribed }, mediaType));
      stream.write(recordOf({ kind: 'heartbeat' }, mediaType));
    },
    tell(happening) {
      const record = recordOf(happening, mediaType);
      if (stream.hasRoomFor(record.length)) stream.write(record);
      else stream.end();
    },
  };
}

type Records = Map<MediaType, Uint8Array>;

/** What was made of a happening, for the next operator who is told of it. */
const known = new WeakMap<Happening, Records>();

function recordOf(happening: Happening, mediaType: MediaType): Uint8Array {
  const records = known.get(happening) ?? new Map<MediaType, Uint8Array>();
  known.set(happening, records);
  const before = records.get(mediaType);
  if (before !== undefined) return before;
  const record = eventRecord(eventOf(happening), mediaType);
  records.set(mediaType, record);
  return record;
}

function eventOf(happening: Happening): Event {
  switch (happening.kind) {
    case 'heartbeat':
      return { type: 'HEARTBEAT' };
    case 'task-added':
      return { type: 'TASK_ADDED', task_added: { task: taskToWire(happening.task) } };
    case 'task-updated':
      return { type: 'TASK_UPDATED', task_updated: updateOf(happening) };
    case 'agent-added':
      return { type: 'AGENT_ADDED', agent_added: { agent: agentOf(happening) } };
    case 'agent-removed':
      return { type: 'AGENT_REMOVED', agent_removed: { agent_id: { value: happening.agentId } } };
    case 'framework-added':
      return { type: 'FRAMEWORK_ADDED', framework_added: { framework: frameworkOf(happening) } };
    case 'framework-updated':
      return {
        type: 'FRAMEWORK_UPDATED',
        framework_updated: { framework: frameworkOf(happening) },
      };
    case 'framework-removed': {
      const framework_info = decode('mesos.v1.FrameworkInfo', happening.framework.info);
      return { type: 'FRAMEWORK_REMOVED', framework_removed: { framework_info } };
    }
    default:
      return unreachable(happening);
  }
}

type Told<Kind extends Happening['kind']> = Extract<Happening, { readonly kind: Kind }>;

/** The update as it is known, and the newest state, which may be ahead of it. */
function updateOf({ task, update }: Told<'task-updated'>): NonNullable<Event['task_updated']> {
  return {
    framework_id: { value: task.frameworkId },
    status: statusToWire(update, task),
    state: taskStateToWire(task.state),
  };
}

function agentOf({
  agent,
  isConnected,
  used,
}: Told<'agent-added'>): NonNullable<Event['agent_added']>['agent'] {
  const isActive = isConnected && agent.deactivation === undefined;
  return agentReply(agent, { isActive, used, offered: [] });
}

function frameworkOf({
  framework,
  isConnected,
}: Told<'framework-added' | 'framework-updated'>): Response_GetFrameworks_Framework {
  return {
    framework_info: decode('mesos.v1.FrameworkInfo', framework.info),
    active: isConnected,
    connected: isConnected,
    recovered: false,
    registered_time: timeInfo(framework.registeredMs),
    reregistered_time: timeInfo(framework.reregisteredMs),
    unregistered_time: { nanoseconds: 0n },
  };
}

function eventRecord(event: Event, mediaType: MediaType): Uint8Array {
  const name = 'mesos.v1.master.Event';
  if (mediaType === 'application/x-protobuf') return encodeRecord(encode(name, event));
  return encodeRecord(textEncoder.encode(toJson(name, event)));
}
