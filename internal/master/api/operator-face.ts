/**
 * `/api/v1`: the face that operators, web UIs and exporters talk to (contract 10). Every read is
 * answered from one view. Calls that nothing stands behind are answered 501.
 */
import type { Steps } from '#internal/base/steps.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpHandler, HttpResponse } from '#internal/runtime/http.ts';
import { Slicer } from '#internal/runtime/slicer.ts';
import { jsonPieces } from '#internal/wire/json-stream.ts';
import { type MediaType, negotiateMediaType } from '#internal/wire/media-type.ts';
import { protobufPieces } from '#internal/wire/protobuf-stream.ts';
import type { Streamed } from '#internal/wire/streamed.ts';
import type { Call, Response } from '#proto/gen/mesos/v1/master.ts';
import type { MasterDoor } from '../door.ts';
import { operations } from '../leader/operators/operate.ts';
import { unsure } from './leadership-gate.ts';
import type { MasterProfile } from './master-profile.ts';
import type { Metrics } from './metrics.ts';
import { newObserverStream } from './observer-stream.ts';
import { type Read, reads } from './operator-reads.ts';
import { parseCall } from './parse-call.ts';
import type { Pieces, ReadingDesk } from './reading-desk.ts';
import type { RecordStreamOptions } from './record-stream.ts';
import { answerResponse, errorResponse, notAcceptable, notImplemented } from './response.ts';
import { masterCallProblem } from './validate-master-call.ts';

export type OperatorDependencies = {
  readonly door: MasterDoor;
  readonly metrics: Metrics;
  readonly desk: ReadingDesk;
  readonly clock: Clock;
};

export type OperatorOptions = MasterProfile & { readonly limits: RecordStreamOptions };

export function operatorHandler(
  dependencies: OperatorDependencies,
  options: OperatorOptions,
): HttpHandler {
  const slicer = new Slicer(dependencies);
  return (request) => {
    const parsed = parseCall('mesos.v1.master.Call', request);
    if (!parsed.ok) return parsed.refusal;
    const problem = masterCallProblem(parsed.value);
    if (problem !== undefined) {
      return errorResponse(400, `Failed to validate master::Call: ${problem}`);
    }
    const mediaType = negotiateMediaType(request.headers['accept']);
    if (mediaType === undefined) return notAcceptable();
    if (parsed.value.type === 'SUBSCRIBE') {
      return subscribe(mediaType, { ...dependencies, slicer }, options);
    }
    const asked = { mediaType, target: request.target };
    return answer(parsed.value, asked, dependencies, options);
  };
}

/** A stream without an id: nobody ever refers to it (contract 11). */
function subscribe(
  mediaType: MediaType,
  { door, clock, slicer }: OperatorDependencies & { readonly slicer: Slicer },
  { limits }: OperatorOptions,
): HttpResponse {
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': mediaType },
    open: (sink) =>
      door.observe(newObserverStream(sink, { clock, slicer }, { mediaType, ...limits })),
  };
}

function answer(
  call: Call,
  asked: Asked,
  dependencies: OperatorDependencies,
  profile: MasterProfile,
): HttpResponse | Promise<HttpResponse> {
  if (operations.has(call.type)) return dependencies.door.operate(call).then(answerResponse);
  // No file is shown to operators, so none is found (contract 10.2: 404 with an empty body).
  if (call.type === 'LIST_FILES' || call.type === 'READ_FILE') return errorResponse(404, '');
  const read = reads.get(call.type);
  if (read === undefined) return notImplemented();
  return answerRead(read, asked, { ...dependencies, profile });
}

type Asked = { readonly mediaType: MediaType; readonly target: string };

async function answerRead(
  { isOfState, reply }: Read,
  { mediaType, target }: Asked,
  { door, metrics, desk, profile }: OperatorDependencies & { readonly profile: MasterProfile },
): Promise<HttpResponse> {
  const view = isOfState ? await door.read() : door.view();
  if (view === undefined) return unsure(door, target);
  return await desk.answer(mediaType, piecesOf(reply({ view, metrics, profile }), mediaType));
}

function* piecesOf(steps: Steps<Streamed<Response>>, mediaType: MediaType): Pieces {
  const reply = yield* steps;
  const name = 'mesos.v1.master.Response';
  yield* mediaType === 'application/json' ? jsonPieces(name, reply) : protobufPieces(name, reply);
}
