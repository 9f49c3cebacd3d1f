/** Calls to an agent's operator API (contract 12), and its streams of a container's output and input. */
import type { HttpClient } from '#internal/runtime/http.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { encodeRecord, newRecordReader } from '#internal/wire/record-io.ts';
import type { Call, ProcessIO, Response } from '#proto/gen/mesos/v1/agent.ts';
import { wholeBody } from './whole-body.ts';

export type AgentReply<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** `text` is the agent's own word for people. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string };

export type AskedAgent = {
  /** `host:port`. */
  readonly agent: string;
  readonly signal: AbortSignal;
};

const protobuf = 'application/x-protobuf';
const recordIo = 'application/recordio';
const replyBytesMax = 64 * 1024 * 1024;

/** Undefined in a `done` for a call that is answered by nothing. Throws `HttpError`. */
export async function callAgent(
  http: HttpClient,
  { agent, signal }: AskedAgent,
  call: Call,
): Promise<AgentReply<Response | undefined>> {
  const headers = { 'content-type': protobuf, accept: protobuf };
  const body = encode('mesos.v1.agent.Call', call);
  const reply = await http.call({ method: 'POST', url: urlOf(agent), headers, body, signal });
  const bytes = await wholeBody(reply.body, replyBytesMax);
  if (reply.status !== 200) return refusal(reply.status, bytes);
  const value = bytes.length === 0 ? undefined : decode('mesos.v1.agent.Response', bytes);
  return { kind: 'done', value };
}

/** A session, or the output of what runs. Leaving the loop early closes it. Throws `HttpError`. */
export async function openOutput(
  http: HttpClient,
  { agent, signal }: AskedAgent,
  call: Call,
): Promise<AgentReply<AsyncIterable<ProcessIO>>> {
  const headers = { 'content-type': protobuf, accept: recordIo, 'message-accept': protobuf };
  const body = encode('mesos.v1.agent.Call', call);
  const reply = await http.call({ method: 'POST', url: urlOf(agent), headers, body, signal });
  if (reply.status === 200) return { kind: 'done', value: recordsOf(reply.body) };
  return refusal(reply.status, await wholeBody(reply.body, replyBytesMax));
}

/** Says all of `calls`, the first of which names the container. Throws `HttpError`. */
export async function sendInput(
  http: HttpClient,
  { agent, signal }: AskedAgent,
  calls: AsyncIterable<Call>,
): Promise<AgentReply<undefined>> {
  async function* framed(): AsyncGenerator<Uint8Array> {
    for await (const call of calls) yield encodeRecord(encode('mesos.v1.agent.Call', call));
  }
  const headers = { 'content-type': recordIo, 'message-content-type': protobuf, accept: protobuf };
  const url = urlOf(agent);
  const reply = await http.call({ method: 'POST', url, headers, stream: framed(), signal });
  const bytes = await wholeBody(reply.body, replyBytesMax);
  return reply.status === 200 ? { kind: 'done', value: undefined } : refusal(reply.status, bytes);
}

const urlOf = (agent: string): string => `http://${agent}/api/v1`;

function refusal(
  status: number,
  bytes: Uint8Array,
): { readonly kind: 'refused'; readonly status: number; readonly text: string } {
  return { kind: 'refused', status, text: new TextDecoder().decode(bytes).trim() };
}

async function* recordsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ProcessIO> {
  const reader = newRecordReader({ recordBytesMax: replyBytesMax });
  for await (const chunk of body) {
    for (const record of reader.feed(chunk)) yield decode('mesos.v1.agent.ProcessIO', record);
  }
  reader.end();
}
