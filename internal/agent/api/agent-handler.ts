/**
 * The agent's HTTP face on port 5051: health, version and state for people and machines, sandboxes for
 * the curious, the operator API, and the face that executors talk to. Every path is also known under
 * `/slave(1)`, the agent's name as an actor (contract 1.1, 13.3).
 */
import type { HttpHandler, HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { build } from '#internal/config/version.ts';
import { jsonDouble, jsonString } from '#internal/wire/json-literal.ts';
import type { ContainerEnds } from '../container-ends.ts';
import type { Containerizer } from '../containerizer.ts';
import type { History } from '../history.ts';
import type { OperatorContainers } from '../operator-containers.ts';
import { answerExecutor, type ExecutorFaceDependencies } from './executor-face.ts';
import { executorStreamLimits } from './executor-stream.ts';
import { type FilesDependencies, answerFiles } from './files-face.ts';
import { type RateLimit, answerLegacy } from './legacy-face.ts';
import { type AgentFigures, metricsOf } from './metrics.ts';
import {
  type OperatorDependencies,
  type OperatorOptions,
  answerOperator,
} from './operator-face.ts';
import { emptyResponse, errorResponse, jsonResponse } from './response.ts';
import { stateJson } from './state-json.ts';
import { systemStats } from './system-stats.ts';
import type { Verbosity } from './verbosity.ts';

export type AgentHandlerOptions = OperatorOptions & {
  /** Wall time of the agent's start in milliseconds since the epoch. */
  readonly startedMs: number;
};

const actor = '/slave(1)';

export type AgentHandlerDependencies = FilesDependencies &
  ExecutorFaceDependencies & {
    readonly history: History;
    readonly containers: OperatorContainers;
    /** How those of tasks and executors ended. */
    readonly ends: Pick<ContainerEnds, 'wait'>;
    readonly containerizer: Containerizer;
    /** Undefined where no images are. */
    readonly images?: OperatorDependencies['images'];
    readonly verbosity: Verbosity;
    readonly figures: () => AgentFigures;
  };

export function agentHandler(
  dependencies: AgentHandlerDependencies,
  options: AgentHandlerOptions,
): HttpHandler {
  const { clock, containerizer, containers, ends, fileTree, figures } = dependencies;
  const { settings, startedMs } = options;
  const sources: Sources = {
    ...dependencies,
    ...options,
    metrics: async (state) => {
      const system = await systemStats(fileTree);
      const uptimeMs = clock.now() - startedMs;
      return metricsOf({ state, uptimeMs, figures: figures(), system });
    },
    desk: { clock, settings, containers, ends, containerizer, inputs: new Set() },
    usage: (containerId) => containerizer.usage(containerId),
    limit: { timesMs: [] },
  };
  return async (request) => await route(sources, request);
}

type Sources = AgentHandlerDependencies &
  AgentHandlerOptions &
  OperatorDependencies & { readonly limit: RateLimit };

async function route(sources: Sources, request: HttpRequest): Promise<HttpResponse> {
  const path = localPath(request.target);
  if (path === '/health') return emptyResponse(200);
  if (path === '/api/v1') return await answerOperator(sources, request);
  if (path === '/api/v1/executor') {
    return answerExecutor(sources, request, executorStreamLimits);
  }
  const jsonp = queryOf(request.target).get('jsonp') ?? undefined;
  if (path === '/version') {
    return jsonResponse(versionJson(sources.version), jsonp);
  }
  if (path === '/flags') return jsonResponse(flagsJson(sources.flags), jsonp);
  if (path === '/state') {
    const state = sources.view();
    if (state === undefined) return errorResponse(503, 'Agent has not finished recovery');
    return jsonResponse(stateJson({ ...sources, state }), jsonp);
  }
  const state = sources.view();
  if (state !== undefined) {
    const legacy = await answerLegacy({ sources, state, request, limit: sources.limit }, path);
    if (legacy !== undefined) return legacy;
  }
  const files = /^\/files\/([a-z]+)$/u.exec(path)?.[1];
  const answered = files === undefined ? undefined : await answerFiles(sources, files, request);
  return answered ?? errorResponse(404, '404 Not Found.');
}

const versionJson = (version: string): string =>
  `{"build_date":${jsonString(build.date)},"build_time":${jsonDouble(build.timeSeconds)},` +
  `"build_user":"","version":${jsonString(version)}}`;

/** Without query, trailing slashes and the actor's name. */
function localPath(target: string): string {
  const [path = ''] = target.split('?');
  const plain = decoded(path).replace(/\/+$/u, '');
  return plain.startsWith(`${actor}/`) ? plain.slice(actor.length) : plain;
}

/** Some clients escape the parentheses of `/slave(1)`. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
}

function flagsJson(flags: Readonly<Record<string, string>>): string {
  const members = Object.entries(flags).map(
    ([name, value]) => `${jsonString(name)}:${jsonString(value)}`,
  );
  return `{"flags":{${members.join(',')}}}`;
}
