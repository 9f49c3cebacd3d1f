/**
 * Listens in on a scheduler's HTTP: what it asks for, and what its streams bring, decoded from the very
 * bytes and told to the witness. The scheduler itself is not asked what it heard.
 */
import type { Stream } from '#chaos/checkers/cluster-streams.ts';
import { uuidText } from '#internal/base/uuid.ts';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import type { HttpCall, HttpClient, HttpReply } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { fromJson } from '#internal/wire/json.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { ClusterWitness } from './cluster-witness.ts';

type Dependencies = {
  readonly http: HttpClient;
  readonly witness: ClusterWitness;
  /** Takes down what was said, for people who look into a run. */
  readonly logger: Logger;
};

export type TapOptions = {
  readonly owner: string;
  /** A call leaves the scheduler. */
  readonly onCall?: (call: Call) => void;
  /** An event has reached it. */
  readonly onEvent?: (event: Event) => void;
};

const recordBytesMax = 1 << 24;

export function tapped(
  { http, witness, logger }: Dependencies,
  { owner, onCall, onEvent: onHeard }: TapOptions,
): HttpClient {
  return {
    async call(request) {
      const asked = schedulerCall(request);
      if (asked === undefined) return await http.call(request);
      logger.debug('call', { owner, url: request.url, call: asked });
      said(witness, owner, asked);
      onCall?.(asked);
      if (asked.type !== 'SUBSCRIBE') return await http.call(request);
      const stream = witness.laws.updates.subscribes(owner);
      const reply = await http.call(request);
      if (reply.status !== 200) return reply;
      const onEvent = (event: Event): void => {
        logger.debug('event', { owner, event });
        heard(witness, stream, event);
        onHeard?.(event);
      };
      return { ...reply, body: tappedBody(reply, onEvent) };
    },
  };
}

function schedulerCall({ url, headers = {}, body }: HttpCall): Call | undefined {
  if (!url.endsWith('/api/v1/scheduler') || body === undefined) return undefined;
  return headers['content-type'] === jsonFormat.mediaType
    ? fromJson('mesos.v1.scheduler.Call', new TextDecoder().decode(body))
    : decode('mesos.v1.scheduler.Call', body);
}

function said(witness: ClusterWitness, owner: string, call: Call): void {
  const { accept, acknowledge, kill } = call;
  const launched = (accept?.operations ?? []).flatMap(({ launch }) => launch?.task_infos ?? []);
  witness.see(({ updates, containers, frameworks, operations }) => {
    for (const { task_id } of launched) updates.asked(task_id.value);
    for (const { id } of accept?.operations ?? []) {
      if (id !== undefined) operations.asked(owner, id.value);
    }
    if (acknowledge !== undefined) updates.acknowledged(uuidText(acknowledge.uuid));
    if (kill !== undefined) containers.killAsked(owner, kill.task_id.value);
    if (call.type !== 'TEARDOWN') return;
    containers.killAsked(owner);
    frameworks.tearDownAsked(call.framework_id?.value ?? '');
  });
}

function heard(witness: ClusterWitness, stream: Stream, event: Event): void {
  const { update, update_operation_status: operation } = event;
  witness.see(({ updates, operations }) => {
    if (operation !== undefined) operations.heard(stream.owner, operation.status);
    if (update === undefined) return;
    const { status } = update;
    const uuid = status.uuid === undefined ? undefined : uuidText(status.uuid);
    updates.heard(stream, status, uuid);
  });
}

/** The chunks as they come. Leaving early goes through to the connection, as it does without a tap. */
function tappedBody(
  { headers, body }: HttpReply,
  onEvent: (event: Event) => void,
): AsyncIterable<Uint8Array> {
  const format = headers['content-type'] === jsonFormat.mediaType ? jsonFormat : protobufFormat;
  const reader = newRecordReader({ recordBytesMax });
  return {
    [Symbol.asyncIterator]() {
      const iterator = body[Symbol.asyncIterator]();
      return {
        async next() {
          const step = await iterator.next();
          if (step.done !== true) {
            for (const record of reader.feed(step.value)) onEvent(format.decodeEvent(record));
          }
          return step;
        },
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
