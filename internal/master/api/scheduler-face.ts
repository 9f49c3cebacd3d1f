/**
 * `/api/v1/scheduler`: the face that frameworks talk to. It answers what needs no knowledge of the
 * cluster (contract 1.7) and opens the streams; the door does the rest.
 */
import type { Random } from '#internal/base/random.ts';
import { newUuid } from '#internal/base/uuid.ts';
import { streamId } from '#internal/model/ids.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { type MediaType, negotiateMediaType } from '#internal/wire/media-type.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import type { MasterDoor } from '../door.ts';
import { newEventStream } from './event-stream.ts';
import { parseCall } from './parse-call.ts';
import type { RecordStreamOptions } from './record-stream.ts';
import { answerResponse, errorResponse, notAcceptable } from './response.ts';
import { schedulerCallProblem } from './validate-scheduler-call.ts';

export type SchedulerFaceDependencies = {
  readonly door: MasterDoor;
  readonly clock: Clock;
  readonly random: Random;
};

const streamIdHeader = 'mesos-stream-id';

export function schedulerHandler(
  dependencies: SchedulerFaceDependencies,
  limits: RecordStreamOptions,
): (request: HttpRequest, principal?: string) => HttpResponse | Promise<HttpResponse> {
  return (request, principal) => {
    const parsed = parseCall('mesos.v1.scheduler.Call', request);
    if (!parsed.ok) return parsed.refusal;
    const problem = schedulerCallProblem(parsed.value, principal);
    if (problem !== undefined) {
      return errorResponse(400, `Failed to validate scheduler::Call: ${problem}`);
    }
    const call = withPrincipal(parsed.value, principal);
    const mediaType = negotiateMediaType(request.headers['accept']);
    // Other calls have empty replies, and whatever they accept is fine (contract 3.1).
    const isPicky = call.type === 'SUBSCRIBE' || call.type === 'RECONCILE_OPERATIONS';
    if (isPicky && mediaType === undefined) return notAcceptable();
    if (call.type === 'SUBSCRIBE' && mediaType !== undefined) {
      return subscribe(dependencies, limits, { call, request, mediaType });
    }
    const streamIdGiven = request.headers[streamIdHeader];
    return dependencies.door.call(call, streamIdGiven, principal).then(answerResponse);
  };
}

/** A framework that does not say whose it is belongs to who was found to speak (contract 3.2). */
function withPrincipal(call: Call, principal: string | undefined): Call {
  const { subscribe: subscription } = call;
  if (principal === undefined || subscription === undefined) return call;
  const framework_info = { ...subscription.framework_info, principal };
  return { ...call, subscribe: { ...subscription, framework_info } };
}

type Subscription = {
  readonly call: Call;
  readonly request: HttpRequest;
  readonly mediaType: MediaType;
};

function subscribe(
  { door, clock, random }: SchedulerFaceDependencies,
  limits: RecordStreamOptions,
  { call, request, mediaType }: Subscription,
): HttpResponse {
  if (request.headers[streamIdHeader] !== undefined) {
    const text = `Subscribe calls should not include the 'Mesos-Stream-Id' header`;
    return errorResponse(400, text);
  }
  const id = streamId(newUuid(random));
  return {
    kind: 'stream',
    status: 200,
    // Not `application/recordio`, although that is what the body is (contract 1.3).
    headers: { 'content-type': mediaType, 'mesos-stream-id': id },
    open: (sink) => door.subscribe(call, newEventStream(sink, clock, { id, mediaType, ...limits })),
  };
}
