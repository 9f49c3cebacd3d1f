/**
 * Listens in on a scheduler's HTTP: what it asks for, and what its streams bring, decoded from the very
 * bytes and told to the witness. The scheduler itself is not asked what it heard.
 */
import { uuidText } from '#internal/base/uuid.ts';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import type { HttpCall, HttpClient, HttpReply } from '#internal/runtime/http.ts';
import { fromJson } from '#internal/wire/json.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { ClusterWitness } from './cluster-witness.ts';

export type TapOptions = {
  readonly owner: string;
  /** A call leaves the scheduler. */
  readonly onCall?: (call: Call) => void;
};

const recordBytesMax = 1 << 24;

export function tapped(
  { http, witness }: { readonly http: HttpClient; readonly witness: ClusterWitness },
  { owner, onCall }: TapOptions,
): HttpClient {
  return {
    async call(request) {
      const asked = schedulerCall(request);
      if (asked === undefined) return await http.call(request);
      said(witness, owner, asked);
      onCall?.(asked);
      const reply = await http.call(request);
      if (asked.type !== 'SUBSCRIBE' || reply.status !== 200) return reply;
      return { ...reply, body: tappedBody(reply, (event) => heard(witness, owner, event)) };
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
  const { acknowledge, kill } = call;
  witness.see(({ updates, containers }) => {
    if (acknowledge !== undefined) updates.acknowledged(uuidText(acknowledge.uuid));
    if (kill !== undefined) containers.killAsked(owner, kill.task_id.value);
    if (call.type === 'TEARDOWN') containers.killAsked(owner);
  });
}

function heard(witness: ClusterWitness, owner: string, { update }: Event): void {
  if (update === undefined) return;
  const { status } = update;
  const uuid = status.uuid === undefined ? undefined : uuidText(status.uuid);
  witness.see(({ updates }) => updates.heard(owner, status, uuid));
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
