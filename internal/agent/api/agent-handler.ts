/**
 * The agent's HTTP face on port 5051: health, version and state for people and machines, sandboxes for
 * the curious, the operator API, and the face that executors talk to. Every path is also known under `/slave(1)`, the agent's name as an
 * actor (contract 1.1, 13.3).
 */
import type { HttpHandler, HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { jsonString } from '#internal/wire/json-literal.ts';
import { answerExecutor, type ExecutorFaceDependencies } from './executor-face.ts';
import { executorStreamLimits } from './executor-stream.ts';
import { type FilesDependencies, answerFiles } from './files-face.ts';
import { type OperatorOptions, answerOperator } from './operator-face.ts';
import { emptyResponse, errorResponse, jsonResponse } from './response.ts';
import { stateJson } from './state-json.ts';

export type AgentHandlerOptions = OperatorOptions & {
  /** Wall time of the agent's start in milliseconds since the epoch. */
  readonly startedMs: number;
};

const actor = '/slave(1)';

export type AgentHandlerDependencies = FilesDependencies & ExecutorFaceDependencies;

export function agentHandler(
  dependencies: AgentHandlerDependencies,
  options: AgentHandlerOptions,
): HttpHandler {
  const sources = { ...dependencies, ...options };
  return async (request) => await route(sources, request);
}

type Sources = AgentHandlerDependencies & AgentHandlerOptions;

async function route(sources: Sources, request: HttpRequest): Promise<HttpResponse> {
  const path = localPath(request.target);
  if (path === '/health') return emptyResponse(200);
  if (path === '/api/v1') return await answerOperator(sources, request);
  if (path === '/api/v1/executor') {
    return answerExecutor(sources, request, executorStreamLimits);
  }
  const jsonp = queryOf(request.target).get('jsonp') ?? undefined;
  if (path === '/version') {
    return jsonResponse(`{"version":${jsonString(sources.version)}}`, jsonp);
  }
  if (path === '/flags') return jsonResponse(flagsJson(sources.flags), jsonp);
  if (path === '/state') {
    const state = sources.view();
    if (state === undefined) return errorResponse(503, 'Agent has not finished recovery');
    return jsonResponse(stateJson({ ...sources, state }), jsonp);
  }
  const files = /^\/files\/([a-z]+)$/u.exec(path)?.[1];
  const answered = files === undefined ? undefined : await answerFiles(sources, files, request);
  return answered ?? errorResponse(404, '404 Not Found.');
}

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
