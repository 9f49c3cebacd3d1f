/**
 * The HTTP face of an agent whose containers are simulated, on virtual time: one task of a framework
 * runs, in container `c-1`. Requests are given to the handler as a server gives them.
 */
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import type { RawRequest } from '#internal/testing/malformed-requests.ts';
import { fromJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { agentHandler } from '../api/agent-handler.ts';
import { Verbosity } from '../api/verbosity.ts';
import { ContainerEnds } from '../container-ends.ts';
import { specFor } from '../containers/containerizer.suite.ts';
import { SimulatedContainers } from '../containers/simulated.ts';
import { type AgentState, recoveredState, usualTimes } from '../core/state.ts';
import { History, usualHistory } from '../history.ts';
import { noFigures } from './no-figures.ts';
import { OperatorContainers } from '../operator-containers.ts';

const settings = {
  ...usualTimes,
  masters: ['m:5060'],
  description: {
    agent_info: { hostname: 'h', port: 5051, resources: [] },
    version: '0.1.0',
    ip: '10.0.0.1',
  },
  endpoint: '10.0.0.1:5051',
  path: '/bin',
};

/** A machine without `/proc`: what is read of the real one comes in no virtual time. */
const tellsNothing: FileTree = {
  ...systemFileTree(),
  read: async () => {
    throw new FilesError('ENOENT', 'no such file');
  },
};

const process = { pid: 1000n, start_ticks: 1n, boot_id: 'boot-1' };
const info = {
  name: 't',
  task_id: { value: 't' },
  agent_id: { value: 'a-1' },
  command: { shell: true, value: 'sleep 600' },
  resources: [],
};

/** What the face is asked about. */
function stateOf(): AgentState {
  const running = { state: 'TASK_RUNNING', process, next_update: 1n } as const;
  const task = { framework_id: 'f-1', info, container_id: 'c-1' };
  return recoveredState(
    {
      identity: { registration_uuid: 'r', agent_id: 'a-1' },
      term: 1n,
      frameworks: [{ info: { user: 'root', name: 'f', id: { value: 'f-1' } } }],
      tasks: [{ task, progress: running, updates: [] }],
      resources: undefined,
      operations: [],
      executors: [],
      containers: [],
    },
    settings,
    0,
  );
}

export type Said = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a stream: undefined. */
  readonly text: string;
  readonly sink: MemorySink | undefined;
};

/** Longer than any container of a test lives. */
const withinMs = 3_600_000;
/** Longer than any answer takes that waits for nobody. */
const patienceMs = 1000;

export class FaceStage {
  readonly world: SimulatedWorld;
  readonly #handler: HttpHandler;

  private constructor(world: SimulatedWorld, handler: HttpHandler) {
    this.world = world;
    this.#handler = handler;
  }

  static async open(seed: number | string = 'face'): Promise<FaceStage> {
    const world = new SimulatedWorld({ seed });
    const simulated = new SimulatedContainers({ world, random: world.random('containers') });
    const life = world.boot('agent');
    const clock = simulatedClock({ world, life });
    const ends = new ContainerEnds(simulated.containerizer(life));
    const { containerizer } = ends;
    const { logger } = openLogBook({ nowMs: () => world.nowMs });
    const containers = new OperatorContainers({ containerizer, logger, write: async () => {} });
    const state = stateOf();
    const handler = agentHandler(
      {
        clock,
        fileTree: tellsNothing,
        view: () => state,
        executors: {
          view: () => state,
          hear: () => true,
          subscribe: (_, __, stream) => stream.end(),
        },
        history: new History(usualHistory),
        containers,
        ends,
        containerizer,
        verbosity: new Verbosity({ clock, apply: () => {} }),
        figures: () => noFigures,
      },
      { workFolder: '/nowhere', settings, version: '0.1.0', flags: {}, startedMs: 0 },
    );
    const command = { kind: 'shell', line: info.command.value } as const;
    const spec = specFor(command, { containerId: 'c-1', taskId: 't', frameworkId: 'f-1' });
    await world.settle(containerizer.launch(spec), { withinMs });
    return new FaceStage(world, handler);
  }

  /** A call to the operator API, written in that type. */
  async post(call: object, asked: Asked = {}): Promise<Said> {
    const { mediaType = 'application/json', headers = {} } = asked;
    const { body = bytesOf(call, mediaType) } = asked;
    const all = { 'content-type': mediaType, ...headers };
    return await this.send({ method: 'POST', target: '/api/v1', headers: all, body });
  }

  async send(request: RawRequest, chunks?: AsyncIterable<Uint8Array>): Promise<Said> {
    const { signal } = new AbortController();
    const response = await this.world.settle(this.#give({ ...request, signal }, chunks), {
      withinMs,
    });
    const { status, headers } = response;
    if (response.kind === 'whole') {
      return { status, headers, text: new TextDecoder().decode(response.body), sink: undefined };
    }
    const sink = memorySink({ isSlow: false });
    response.open(sink);
    return { status, headers, text: '', sink };
  }

  /** Somebody who asks, and is gone a moment later. The status; undefined when there was none by then. */
  async suffer(
    request: RawRequest,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<number | undefined> {
    const control = new AbortController();
    let status: number | undefined;
    let fault: unknown;
    const hear = async (): Promise<void> => {
      try {
        const response = await this.#give({ ...request, signal: control.signal }, chunks);
        ({ status } = response);
        if (response.kind !== 'stream') return;
        const sink = memorySink({ isSlow: true });
        response.open(sink);
        control.signal.addEventListener('abort', () => sink.destroy());
      } catch (error) {
        fault = error;
      }
    };
    void hear();
    await this.world.runFor(patienceMs);
    control.abort();
    if (fault !== undefined) throw fault;
    return status;
  }

  #give(request: HttpRequest, chunks?: AsyncIterable<Uint8Array>): Promise<HttpResponse> {
    const asked = { ...request, ...(chunks !== undefined && { stream: chunks }) };
    const answer = async (): Promise<HttpResponse> => await this.#handler(asked);
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    this.world.schedule(0, 'request', () => void answer().then(resolve, reject));
    return promise;
  }
}

export type Asked = {
  readonly mediaType?: MediaType;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the call. */
  readonly body?: Uint8Array;
};

export function bytesOf(call: object, mediaType: MediaType): Uint8Array {
  const text = JSON.stringify(call);
  if (mediaType === 'application/json') return new TextEncoder().encode(text);
  return encode('mesos.v1.agent.Call', fromJson('mesos.v1.agent.Call', text));
}
