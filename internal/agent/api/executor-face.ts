/**
 * `POST /api/v1/executor` of an agent (contract 9): executors that frameworks bring subscribe, and say
 * what becomes of their tasks. Checks come in the order of contract 1.7 and 9.1; what passes them is
 * heard later, in the order in which it came.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { fromJson } from '#internal/wire/json.ts';
import { negotiateMediaType, parseContentType } from '#internal/wire/media-type.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call } from '#proto/gen/mesos/v1/executor.ts';
import { type ExecutorKey, executorKey } from '../core/state.ts';
import type { ExecutorDoor } from '../executor-door.ts';
import { executorCallFault } from './executor-call-fault.ts';
import { type ExecutorStreamLimits, newExecutorStream } from './executor-stream.ts';
import { emptyResponse, errorResponse } from './response.ts';

export type ExecutorFaceDependencies = { readonly clock: Clock; readonly executors: ExecutorDoor };

export function answerExecutor(
  { clock, executors }: ExecutorFaceDependencies,
  request: HttpRequest,
  limits: ExecutorStreamLimits,
): HttpResponse {
  if (executors.view() === undefined) return recovering();
  const parsed = parseCall(request);
  if (!parsed.ok) return parsed.refusal;
  const call = parsed.value;
  const fault = executorCallFault(call);
  if (fault !== undefined) return errorResponse(400, `Failed to validate Executor::Call: ${fault}`);
  const type = negotiateMediaType(request.headers['accept']);
  if (call.type === 'SUBSCRIBE' && type === undefined) {
    const expected = `'application/x-protobuf' or 'application/json'`;
    return errorResponse(406, `Expecting 'Accept' to allow ${expected}`);
  }
  if (call.type === 'UNKNOWN') return errorResponse(501, '501 Not Implemented.');
  if (call.type === 'HEARTBEAT') return emptyResponse(202);
  const known = findExecutor(executors, call);
  if (!known.ok) return known.refusal;
  if (call.type !== 'SUBSCRIBE' || type === undefined) return hear(executors, known.value, call);
  return {
    kind: 'stream',
    status: 200,
    // Not `application/recordio`, although that is what the body is (contract 1.3).
    headers: { 'content-type': type },
    open: (sink) => {
      const stream = newExecutorStream({ sink, clock }, type, limits);
      executors.subscribe(known.value, call.subscribe ?? {}, stream);
    },
  };
}

const recovering = (): HttpResponse => errorResponse(503, 'Agent has not finished recovery');

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
    const known = 'application/json or application/x-protobuf';
    return refuse(errorResponse(415, `Expecting 'Content-Type' of ${known}`));
  }
  const name = 'mesos.v1.executor.Call';
  const isJson = type === 'application/json';
  try {
    return accept(isJson ? fromJson(name, new TextDecoder().decode(body)) : decode(name, body));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const text = isJson ? error.message : 'Failed to parse body into Call protobuf';
    return refuse(errorResponse(400, text));
  }
}

/** Rows 3, 4 and 6 of contract 9.1. */
function findExecutor(door: ExecutorDoor, call: Call): Result<ExecutorKey, HttpResponse> {
  const state = door.view();
  if (state === undefined) return refuse(recovering());
  const { framework_id, executor_id, type } = call;
  if (!state.frameworks.has(framework_id.value)) {
    return refuse(errorResponse(400, 'Framework cannot be found'));
  }
  const key = executorKey(framework_id.value, executor_id.value);
  const own = state.executors.get(key)?.own;
  if (own === undefined) return refuse(errorResponse(400, 'Executor cannot be found'));
  if (!own.hasSubscribed && type !== 'SUBSCRIBE') {
    return refuse(errorResponse(403, 'Executor is not subscribed'));
  }
  return accept(key);
}

function hear(door: ExecutorDoor, executor: ExecutorKey, call: Call): HttpResponse {
  const isHeard =
    call.update === undefined
      ? door.hear({ kind: 'executor-spoke', executor, data: call.message?.data ?? nothing })
      : door.hear({ kind: 'executor-updated', executor, status: call.update.status });
  return isHeard ? emptyResponse(202) : errorResponse(503, 'The agent is too busy');
}

const nothing = new Uint8Array(0);
