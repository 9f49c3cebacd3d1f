/** The calls of the agent operator API that act on containers (contract 12.1, 12.3). */
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpResponse } from '#internal/runtime/http.ts';
import { signalOf } from '#internal/runtime/signal.ts';
import type { ContainerEndRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { Call, Response_WaitContainer } from '#proto/gen/mesos/v1/agent.ts';
import type { ContainerID } from '#proto/gen/mesos/v1.ts';
import { findPlace, pathOf } from '../container-path.ts';
import { ContainerError, type ContainerIo, type Containerizer } from '../containerizer.ts';
import type { AgentSettings, AgentState } from '../core/state.ts';
import type { ContainerEnds } from '../container-ends.ts';
import { endRecordOf, type OperatorContainers } from '../operator-containers.ts';
import { type WantedContainer, operatorSpecOf, recordOf } from '../operator-spec.ts';
import { outputResponse, takeInput } from './container-streams.ts';
import type { AskedCall, ReplyMedia } from './parse-call.ts';
import { replyTo } from './reply.ts';
import { emptyResponse, errorResponse } from './response.ts';

export type ContainersDesk = {
  readonly clock: Clock;
  readonly settings: AgentSettings;
  readonly containers: OperatorContainers;
  readonly containerizer: Pick<Containerizer, 'attach' | 'signal'>;
  /** Of tasks and executors too. */
  readonly ends: Pick<ContainerEnds, 'wait'>;
  /** Paths of containers that have somebody at their input. */
  readonly inputs: Set<string>;
};

type Asked = {
  readonly desk: ContainersDesk;
  readonly state: AgentState;
  readonly reply: ReplyMedia;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
};

/** Undefined for a call that is about something else. */
export async function answerContainers(
  asked: Asked,
  { call, followers }: AskedCall,
): Promise<HttpResponse | undefined> {
  const { type } = call;
  if (type === 'LAUNCH_CONTAINER' || type === 'LAUNCH_NESTED_CONTAINER') {
    const launched = call.launch_container ?? call.launch_nested_container;
    return launched && (await launchOne(asked, launched));
  }
  if (type === 'WAIT_CONTAINER' || type === 'WAIT_NESTED_CONTAINER') {
    return await waitFor(asked, call);
  }
  if (type === 'KILL_CONTAINER' || type === 'KILL_NESTED_CONTAINER') {
    const kill = call.kill_container ?? call.kill_nested_container;
    return kill && (await killOne(asked, kill));
  }
  if (type === 'REMOVE_CONTAINER' || type === 'REMOVE_NESTED_CONTAINER') {
    const remove = call.remove_container ?? call.remove_nested_container;
    return remove && (await removeOne(asked, remove.container_id));
  }
  return await answerStreams(asked, call, followers);
}

async function answerStreams(
  asked: Asked,
  call: Call,
  followers: AskedCall['followers'],
): Promise<HttpResponse | undefined> {
  if (call.type === 'LAUNCH_NESTED_CONTAINER_SESSION') {
    const wanted = call.launch_nested_container_session;
    return wanted && (await openSession(asked, wanted));
  }
  if (call.type === 'ATTACH_CONTAINER_OUTPUT') {
    const id = call.attach_container_output?.container_id;
    return id && (await attachOutput(asked, id));
  }
  if (call.type !== 'ATTACH_CONTAINER_INPUT') return undefined;
  const id = call.attach_container_input?.container_id;
  return id && followers && (await attachInput(asked, id, followers));
}

async function launchOne({ desk, state }: Asked, wanted: WantedContainer): Promise<HttpResponse> {
  try {
    const known = await launch(desk, state, { wanted, isSession: false });
    return emptyResponse(known === 'known' ? 202 : 200);
  } catch (error) {
    return refusalOf(error);
  }
}

async function launch(
  desk: ContainersDesk,
  state: AgentState,
  { wanted, isSession }: { readonly wanted: WantedContainer; readonly isSession: boolean },
): Promise<'launched' | 'known'> {
  const { settings, containers } = desk;
  if (findPlace(state, wanted.container_id) !== undefined) return 'known';
  if (containers.has(pathOf(wanted.container_id))) return 'known';
  const { container } = wanted;
  if (container?.type === 'DOCKER') {
    throw new ContainerError('The provided ContainerInfo is not supported');
  }
  const record = recordOf({ state, settings, containers }, wanted, isSession);
  return await containers.launch({ record, spec: operatorSpecOf({ state, settings }, record) });
}

function refusalOf(error: unknown): HttpResponse {
  if (error instanceof ContainerError) return errorResponse(400, error.message);
  throw error;
}

/** Answers when the container has ended. */
async function waitFor({ desk, state, reply }: Asked, call: Call): Promise<HttpResponse> {
  const isNested = call.type === 'WAIT_NESTED_CONTAINER';
  const id = (call.wait_container ?? call.wait_nested_container)?.container_id;
  const path = id === undefined ? '' : pathOf(id);
  const ended = desk.containers.wait(path) ?? endOfPlace(desk, state, id);
  if (ended === undefined) return errorResponse(404, `Container ${path} cannot be found`);
  const how = endOf(await ended);
  return isNested
    ? replyTo(reply.type, { type: 'WAIT_NESTED_CONTAINER', wait_nested_container: how })
    : replyTo(reply.type, { type: 'WAIT_CONTAINER', wait_container: how });
}

/** Of a task or an executor; its last part is its own name when it has ended. */
function endOfPlace(
  { ends }: ContainersDesk,
  state: AgentState,
  id: ContainerID | undefined,
): Promise<ContainerEndRecord> | undefined {
  const containerId = id === undefined ? '' : (findPlace(state, id)?.containerId ?? id.value);
  return ends.wait(containerId)?.then(endRecordOf);
}

function endOf({ wait_status, reason, message }: ContainerEndRecord): Response_WaitContainer {
  return {
    ...(wait_status !== undefined && { exit_status: wait_status }),
    ...(reason !== undefined && { state: 'TASK_FAILED', reason }),
    ...(message !== undefined && { message }),
  };
}

const killSignal = 9;

async function killOne(
  { desk, state }: Asked,
  { container_id: id, signal = killSignal }: KillCall,
): Promise<HttpResponse> {
  const name = signalOf(signal);
  if (name === undefined) return errorResponse(400, `Signal ${signal} is not supported`);
  const path = pathOf(id);
  const place = findPlace(state, id);
  const isDone =
    place === undefined
      ? await desk.containers.kill(path, name)
      : await desk.containerizer.signal(place.containerId, name).then(() => true);
  if (isDone) return emptyResponse(200);
  return errorResponse(404, `Container '${path}' cannot be found (or is already killed)`);
}

type KillCall = { readonly container_id: ContainerID; readonly signal?: number };

async function removeOne({ desk, state }: Asked, id: ContainerID): Promise<HttpResponse> {
  const path = pathOf(id);
  const isGone = findPlace(state, id) === undefined && (await desk.containers.remove(path));
  if (isGone) return emptyResponse(200);
  return errorResponse(500, `Failed to remove container '${path}': it has not terminated yet`);
}

async function openSession(asked: Asked, wanted: WantedContainer): Promise<HttpResponse> {
  const { desk, state, reply, signal } = asked;
  const path = pathOf(wanted.container_id);
  try {
    if ((await launch(desk, state, { wanted, isSession: true })) === 'known') {
      return emptyResponse(202);
    }
  } catch (error) {
    return refusalOf(error);
  }
  const io = await desk.containers.attach(path);
  const onClosed = (): void => {
    void endSession(desk, path);
  };
  if (io === undefined || signal.aborted) {
    onClosed();
    return errorResponse(500, `Failed to attach to the output of container '${path}'`);
  }
  return outputResponse(desk.clock, io, { media: reply, onClosed });
}

/** Kills what runs of it. How it ended can be asked afterwards. */
async function endSession({ containers }: ContainersDesk, path: string): Promise<void> {
  if (await containers.kill(path, 'KILL')) await containers.wait(path);
  await containers.retire(path);
}

async function attachOutput({ desk, state, reply }: Asked, id: ContainerID): Promise<HttpResponse> {
  const io = await ioOf(desk, state, id);
  if ('kind' in io) return io;
  return outputResponse(desk.clock, io, { media: reply, onClosed: () => {} });
}

async function attachInput(
  { desk, state }: Asked,
  id: ContainerID,
  followers: AsyncIterable<Call>,
): Promise<HttpResponse> {
  const io = await ioOf(desk, state, id);
  if ('kind' in io) return io;
  const path = pathOf(id);
  if (desk.inputs.has(path)) {
    return errorResponse(409, 'Multiple input connections are not allowed');
  }
  desk.inputs.add(path);
  try {
    return await takeInput(io, followers);
  } finally {
    desk.inputs.delete(path);
  }
}

/** The ends of a container's streams, or why there are none. */
async function ioOf(
  desk: ContainersDesk,
  state: AgentState,
  id: ContainerID,
): Promise<ContainerIo | HttpResponse> {
  const path = pathOf(id);
  const place = findPlace(state, id);
  if (place === undefined && !desk.containers.has(path)) {
    return errorResponse(404, `Container ${path} cannot be found`);
  }
  const io = await desk.containerizer.attach(place?.containerId ?? path);
  return io ?? errorResponse(500, 'I/O switchboard server was disabled for this container');
}
