/**
 * `POST /api/v1` of an agent (contract 12): the calls that say how it is, what runs on it and what lies
 * in its sandboxes, and those that act on its containers. Checks come in the order of contract 1.7.
 */
import { FilesError } from '#internal/runtime/files.ts';
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import type { Call, Response_GetContainers } from '#proto/gen/mesos/v1/agent.ts';
import type { ResourceProviderInfo } from '#proto/gen/mesos/v1.ts';
import type { AgentSettings, AgentState } from '../core/state.ts';
import type { ImageStore } from '../images/image-store.ts';
import type { History } from '../history.ts';
import { type ContainersDesk, answerContainers } from './containers-face.ts';
import type { FilesDependencies, FilesOptions } from './files-face.ts';
import type { Verbosity } from './verbosity.ts';
import { listFiles, readFile } from './operator-files.ts';
import { look } from './operator-looks.ts';
import { type AskedCall, parseCall } from './parse-call.ts';
import { replyTo } from './reply.ts';
import { emptyResponse, errorResponse } from './response.ts';
import { shownContainers, type UsageSources } from './shown-containers.ts';

export type OperatorOptions = FilesOptions & {
  readonly settings: AgentSettings;
  readonly version: string;
  readonly flags: Readonly<Record<string, string>>;
};

export type OperatorDependencies = FilesDependencies &
  UsageSources & {
    readonly desk: ContainersDesk;
    readonly history: History;
    readonly verbosity: Verbosity;
    /** By name, sorted. */
    readonly metrics: (state: AgentState) => Promise<ReadonlyMap<string, number>>;
    /** Undefined where no images are. */
    readonly images?: Pick<ImageStore, 'prune'> | undefined;
  };

type Sources = OperatorDependencies & OperatorOptions;

export async function answerOperator(
  sources: Sources,
  request: HttpRequest,
): Promise<HttpResponse> {
  const state = sources.view();
  if (state === undefined) return errorResponse(503, 'Agent has not finished recovery');
  const asked = await parseCall(request);
  if (!asked.ok) return asked.refusal;
  return await answer(sources, { state, request }, asked.value);
}

async function answer(
  sources: Sources,
  { state, request }: { readonly state: AgentState; readonly request: HttpRequest },
  asked: AskedCall,
): Promise<HttpResponse> {
  const { call, reply } = asked;
  const { type } = reply;
  const { desk, verbosity } = sources;
  const seen = look({ ...sources, state, loggingLevel: verbosity.level }, call.type);
  if (seen !== undefined) return replyTo(type, seen);
  if (call.list_files !== undefined && call.type === 'LIST_FILES') {
    return await listFiles({ sources, type }, call.list_files.path);
  }
  if (call.read_file !== undefined && call.type === 'READ_FILE') {
    return await readFile({ sources, type }, call.read_file);
  }
  if (call.type === 'GET_CONTAINERS') {
    const get_containers = await getContainers(sources, state, call);
    return replyTo(type, { type: 'GET_CONTAINERS', get_containers });
  }
  if (call.type === 'GET_METRICS') {
    const metrics = [...(await sources.metrics(state))].map(([name, value]) => ({ name, value }));
    return replyTo(type, { type: 'GET_METRICS', get_metrics: { metrics } });
  }
  if (call.type === 'PRUNE_IMAGES') return await pruneImages(sources, call);
  const { signal } = request;
  const ofContainers = await answerContainers({ desk, state, reply, signal }, asked);
  return ofContainers ?? answerRest(sources, call);
}

async function getContainers(
  sources: Sources,
  state: AgentState,
  { get_containers: wanted = {} }: Call,
): Promise<Response_GetContainers> {
  const { show_nested: nested = false, show_standalone: standalone = false } = wanted;
  const containers = await shownContainers(sources, state, { nested, standalone });
  return { containers };
}

async function pruneImages(
  { images }: Sources,
  { prune_images: asked }: Call,
): Promise<HttpResponse> {
  const excluded = (asked?.excluded_images ?? []).flatMap(({ docker }) => docker?.name ?? []);
  try {
    await images?.prune(excluded);
    return emptyResponse(200);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    return errorResponse(500, `Failed to prune images: ${error.message}`);
  }
}

function answerRest({ verbosity }: Sources, call: Call): HttpResponse {
  if (call.type === 'SET_LOGGING_LEVEL') {
    const { level = 0, duration } = call.set_logging_level ?? {};
    const refusal = verbosity.set(level, Number(duration?.nanoseconds ?? 0n) / 1e6);
    return refusal === undefined ? emptyResponse(200) : errorResponse(400, refusal);
  }
  if (call.type === 'ADD_RESOURCE_PROVIDER_CONFIG') {
    return addProvider(call.add_resource_provider_config?.info);
  }
  if (call.type === 'UPDATE_RESOURCE_PROVIDER_CONFIG') {
    const { type, name } = call.update_resource_provider_config?.info ?? {};
    const what = `Resource provider with type '${type}' and name '${name}'`;
    return errorResponse(409, `${what} does not exist`);
  }
  if (ofNothing.has(call.type)) return emptyResponse(200);
  return errorResponse(501, '501 Not Implemented.');
}

/** Calls that are done when there is none of what they are about. */
const ofNothing: ReadonlySet<Call['type']> = new Set<Call['type']>([
  'REMOVE_RESOURCE_PROVIDER_CONFIG',
  'MARK_RESOURCE_PROVIDER_GONE',
]);

/** This agent has no plugin for any type. */
function addProvider(info: ResourceProviderInfo | undefined): HttpResponse {
  const { type, name } = info ?? {};
  const what = `resource provider config with type '${type}' and name '${name}'`;
  const why = `Unknown local resource provider type '${type}'`;
  return errorResponse(400, `Failed to validate ${what}: ${why}`);
}
