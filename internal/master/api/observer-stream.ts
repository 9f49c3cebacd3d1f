/**
 * The stream of an operator who watches the cluster (contract 11): the state, then what changes. There
 * is no event that could tell a slow reader why it is let go, so its stream just ends; it may come
 * again and is shown the state anew.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Pace } from '#internal/base/steps.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpSink } from '#internal/runtime/http.ts';
import { jsonPieces } from '#internal/wire/json-stream.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { protobufPieces } from '#internal/wire/protobuf-stream.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import { statusToWire } from '#internal/wire/status.ts';
import type { Streamed } from '#internal/wire/streamed.ts';
import { taskStateToWire } from '#internal/wire/task-state.ts';
import { taskToWire } from '#internal/wire/task.ts';
import type { Event, Response_GetFrameworks_Framework } from '#proto/gen/mesos/v1/master.ts';
import type { Happening, MasterView, Observer } from '../door.ts';
import { agentReply, stateSteps } from './operator-replies.ts';
import { hasRoom, type Room } from './reading-desk.ts';
import { newRecordStream, type RecordStreamOptions } from './record-stream.ts';
import { timeInfo } from './time-info.ts';

export type ObserverStreamOptions = RecordStreamOptions & { readonly mediaType: MediaType };

const textEncoder = new TextEncoder();

export type ObserverStreamDependencies = {
  readonly clock: Clock;
  /** The state is written in slices; what happens meanwhile waits, as much of it as may wait for a reader. */
  readonly slicer: Pace;
};

export function newObserverStream(
  sink: HttpSink,
  { clock, slicer }: ObserverStreamDependencies,
  options: ObserverStreamOptions,
): Observer {
  const { mediaType } = options;
  const stream = newRecordStream(sink, clock, options);
  const state: Beginning = { held: [], heldBytes: 0, isOver: false };

  async function begin(view: MasterView, heartbeatIntervalMs: number): Promise<void> {
    const pieces: Uint8Array[] = [];
    for (const piece of subscribedPieces(view, { mediaType, heartbeatIntervalMs })) {
      const pause = slicer.pause();
      if (pause !== undefined) await pause;
      if (stream.closed.aborted) return;
      if (piece !== undefined) pieces.push(piece);
    }
    // However large it is: without it nothing that follows would mean anything.
    for (const piece of framed(pieces)) {
      if (sink.backlogBytes > room.backlogBytesMax && !(await hasRoom(sink, clock, room))) {
        sink.destroy();
        return;
      }
      stream.write(piece);
    }
    for (const record of [recordOf({ kind: 'heartbeat' }, mediaType), ...state.held.splice(0)]) {
      stream.write(record);
    }
    state.isOver = true;
  }

  return {
    closed: stream.closed,
    end: () => stream.end(),
    begin(view, heartbeatIntervalMs) {
      void begin(view, heartbeatIntervalMs);
    },
    tell(happening) {
      const record = recordOf(happening, mediaType);
      if (!stream.hasRoomFor(state.heldBytes + record.length)) stream.end();
      else if (state.isOver) stream.write(record);
      else {
        state.held.push(record);
        state.heldBytes += record.length;
      }
    },
  };
}

/** Records that wait until all of the state is written. */
type Beginning = { readonly held: Uint8Array[]; heldBytes: number; isOver: boolean };

const room: Room = { backlogBytesMax: 1024 * 1024, stallMsMax: 30_000 };

type Beginner = { readonly mediaType: MediaType; readonly heartbeatIntervalMs: number };

/** Undefined where others may get a turn. */
function* subscribedPieces(
  view: MasterView,
  { mediaType, heartbeatIntervalMs }: Beginner,
): Generator<Uint8Array | undefined, void> {
  const heartbeat_interval_seconds = heartbeatIntervalMs / 1000;
  const get_state = yield* stateSteps(view);
  const event: Streamed<Event> = {
    type: 'SUBSCRIBED',
    subscribed: { get_state, heartbeat_interval_seconds },
  };
  const name = 'mesos.v1.master.Event';
  yield* mediaType === 'application/json' ? jsonPieces(name, event) : protobufPieces(name, event);
}

/** A record in one chunk, as readers expect it, unless it is so long that copying it would be felt. */
function framed(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const parts = [textEncoder.encode(`${bytes}\n`), ...pieces];
  return bytes > room.backlogBytesMax ? parts : [Buffer.concat(parts)];
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
