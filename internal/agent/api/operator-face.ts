/**
 * `POST /api/v1` of an agent (contract 12): the calls that say how it is, what runs on it and what lies
 * in its sandboxes. Checks come in the order of contract 1.7; calls that this agent does not serve are
 * answered 501.
 */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import { type MediaType, negotiateMediaType, parseContentType } from '#internal/wire/media-type.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call, Call_ReadFile, Response } from '#proto/gen/mesos/v1/agent.ts';
import type { Task as WireTask } from '#proto/gen/mesos/v1.ts';
import type { AgentSettings, AgentState, Task } from '../core/state.ts';
import {
  type FilesDependencies,
  type FilesOptions,
  listFolder,
  readBytesMax,
  withPath,
} from './files-face.ts';
import { bodyResponse, errorResponse } from './response.ts';

export type OperatorOptions = FilesOptions & {
  readonly settings: AgentSettings;
  readonly version: string;
  readonly flags: Readonly<Record<string, string>>;
};

type Sources = FilesDependencies & OperatorOptions;

export async function answerOperator(
  sources: Sources,
  request: HttpRequest,
): Promise<HttpResponse> {
  const state = sources.view();
  if (state === undefined) return errorResponse(503, 'Agent has not finished recovery');
  const parsed = parseCall(request);
  if (!parsed.ok) return parsed.refusal;
  const wrong = structuralFault(parsed.value);
  if (wrong !== undefined) {
    return errorResponse(400, `Failed to validate agent::Call: ${wrong}`);
  }
  const type = negotiateMediaType(request.headers['accept']);
  if (type === undefined) {
    const expected = 'application/json or application/x-protobuf or application/recordio';
    return errorResponse(406, `Expecting 'Accept' to allow ${expected}`);
  }
  return await answer({ sources, state, type }, parsed.value);
}

/** Rows 6 to 9 of contract 1.7. */
function parseCall({ method, headers, body }: HttpRequest): Result<Call, HttpResponse> {
  if (method !== 'POST') {
    const text = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`;
    return refuse(errorResponse(405, text, { allow: 'POST' }));
  }
  const header = headers['content-type'];
  if (header === undefined) {
    return refuse(errorResponse(400, "Expecting 'Content-Type' to be present"));
  }
  const type = parseContentType(header);
  if (type === undefined) {
    const known = 'application/json or application/x-protobuf or application/recordio';
    return refuse(errorResponse(415, `Expecting 'Content-Type' of ${known}`));
  }
  try {
    if (type === 'application/x-protobuf') return accept(decode('mesos.v1.agent.Call', body));
    return accept(fromJson('mesos.v1.agent.Call', new TextDecoder().decode(body)));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const isJson = type === 'application/json';
    const text = isJson ? error.message : 'Failed to parse body into Call protobuf';
    return refuse(errorResponse(400, text));
  }
}

/** What a call of its type must bring; undefined when nothing is amiss. */
function structuralFault(call: Call): string | undefined {
  if (call.type === undefined) return expecting('type');
  if (call.type === 'LIST_FILES' && call.list_files === undefined) return expecting('list_files');
  if (call.type === 'READ_FILE' && call.read_file === undefined) return expecting('read_file');
  return undefined;
}

const expecting = (name: string): string => `Expecting '${name}' to be present`;

type Asked = { readonly sources: Sources; readonly state: AgentState; readonly type: MediaType };

async function answer(asked: Asked, call: Call): Promise<HttpResponse> {
  const { sources, state, type } = asked;
  if (call.type === 'LIST_FILES') return await listFiles(asked, call.list_files?.path ?? '');
  if (call.type === 'READ_FILE') {
    assert(call.read_file !== undefined, 'A call was answered that should have been refused');
    return await readFile(asked, call.read_file);
  }
  if (!isLook(call.type)) return errorResponse(501, '501 Not Implemented.');
  return reply(type, { type: call.type, ...looks[call.type](sources, state) });
}

type Look = (sources: Sources, state: AgentState) => Omit<Response, 'type'>;

/** Answers that take no more than a look at the state. */
const looks = {
  GET_HEALTH: (_sources: Sources, _state: AgentState) => ({ get_health: { healthy: true } }),
  GET_VERSION: ({ version }: Sources, _state: AgentState) => ({
    get_version: { version_info: { version } },
  }),
  GET_FLAGS: ({ flags }: Sources, _state: AgentState) => {
    const all = Object.entries(flags).map(([name, value]) => ({ name, value }));
    return { get_flags: { flags: all } };
  },
  GET_AGENT: ({ settings }: Sources, { agentId }: AgentState) => {
    const info = settings.description.agent_info;
    const id = agentId === undefined ? {} : { id: { value: agentId } };
    return { get_agent: { agent_info: { ...info, ...id } } };
  },
  GET_FRAMEWORKS: (_sources: Sources, state: AgentState) => ({
    get_frameworks: getFrameworks(state),
  }),
  GET_EXECUTORS: (_sources: Sources, state: AgentState) => ({ get_executors: getExecutors(state) }),
  GET_TASKS: (_sources: Sources, state: AgentState) => ({ get_tasks: getTasks(state) }),
  GET_STATE: (_sources: Sources, state: AgentState) => ({
    get_state: {
      get_tasks: getTasks(state),
      get_executors: getExecutors(state),
      get_frameworks: getFrameworks(state),
    },
  }),
} satisfies Readonly<Record<string, Look>>;

const isLook = (type: Call['type']): type is keyof typeof looks =>
  type !== undefined && Object.hasOwn(looks, type);

function getFrameworks({ frameworks }: AgentState): NonNullable<Response['get_frameworks']> {
  const list = [...frameworks.values()].map(({ info }) => ({ framework_info: info }));
  return { frameworks: list, completed_frameworks: [] };
}

type GetExecutors = NonNullable<Response['get_executors']>;

/** The agent is the executor of every command task, one of its own for each (contract 9.7). */
function getExecutors({ tasks, executors: ofGroups }: AgentState): GetExecutors {
  const alone = [...tasks.values()].filter(
    ({ life, pod }) => life.kind !== 'ended' && pod === undefined,
  );
  const executors = alone.map(({ info, frameworkId }) => ({
    executor_info: {
      executor_id: { value: info.task_id.value },
      framework_id: { value: frameworkId },
      source: info.task_id.value,
      ...(info.command === undefined ? {} : { command: info.command }),
      ...(info.resources === undefined ? {} : { resources: info.resources }),
    },
  }));
  const shared = [...ofGroups.values()].map(({ info }) => ({ executor_info: info }));
  return { executors: [...executors, ...shared], completed_executors: [] };
}

function getTasks(state: AgentState): NonNullable<Response['get_tasks']> {
  const of = (...kinds: readonly Task['life']['kind'][]): readonly WireTask[] =>
    [...state.tasks.values()]
      .filter(({ life, isStray }) => kinds.includes(life.kind) && !isStray)
      .map((task) => taskToWire(state, task));
  return {
    pending_tasks: [],
    queued_tasks: of('queued', 'launching'),
    launched_tasks: of('delivered', 'running'),
    // Ended, and kept until that is acknowledged.
    terminated_tasks: of('ended'),
    completed_tasks: [],
  };
}

function taskToWire({ agentId }: AgentState, task: Task): WireTask {
  const { info, frameworkId, state, status, pod } = task;
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: frameworkId },
    ...(pod !== undefined && { executor_id: { value: pod.executorId } }),
    agent_id: { value: agentId ?? '' },
    state,
    ...(info.resources === undefined ? {} : { resources: info.resources }),
    statuses: status === undefined ? [] : [status],
    ...(info.labels === undefined ? {} : { labels: info.labels }),
    ...(info.discovery === undefined ? {} : { discovery: info.discovery }),
    ...(info.command?.user === undefined ? {} : { user: info.command.user }),
  };
}

async function listFiles({ sources, type }: Asked, wanted: string): Promise<HttpResponse> {
  return await withPath(sources, wanted, async (found) => {
    const entries = await listFolder(sources, { found, wanted });
    if (entries === undefined) return errorResponse(404, '');
    const file_infos = entries.map((entry) => ({
      path: entry.path,
      nlink: entry.links,
      size: BigInt(entry.sizeBytes),
      mtime: { nanoseconds: BigInt(Math.floor(entry.modifiedMs / 1000)) * 1_000_000_000n },
      mode: entry.mode,
      uid: entry.user,
      gid: entry.group,
    }));
    return reply(type, { type: 'LIST_FILES', list_files: { file_infos } });
  });
}

async function readFile({ sources, type }: Asked, call: Call_ReadFile): Promise<HttpResponse> {
  return await withPath(sources, call.path, async (found) => {
    const { fileTree } = sources;
    const entry = await fileTree.look(found.path);
    if (entry === undefined) return errorResponse(404, '');
    if (entry.kind === 'folder') return errorResponse(400, 'Cannot read a directory.\n');
    const size = BigInt(entry.sizeBytes);
    const isPast = call.offset >= size;
    const length = Math.min(Number(call.length ?? BigInt(readBytesMax)), readBytesMax);
    const range = { offset: Number(call.offset), length, within: found.sandbox };
    const data = isPast ? new Uint8Array(0) : await fileTree.read(found.path, range);
    return reply(type, { type: 'READ_FILE', read_file: { size, data } });
  });
}

function reply(type: MediaType, response: Response): HttpResponse {
  const body =
    type === 'application/json'
      ? new TextEncoder().encode(toJson('mesos.v1.agent.Response', response))
      : encode('mesos.v1.agent.Response', response);
  return bodyResponse(type, body);
}
