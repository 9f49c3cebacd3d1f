/**
 * The streams of containers (contract 12.3): a session, the output of what runs, and its input. Output
 * goes out as it comes and no faster than its reader takes it; a heartbeat stands in for silence.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { HttpError, type HttpResponse, type HttpSink } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call, ProcessIO } from '#proto/gen/mesos/v1/agent.ts';
import { ContainerError, type ContainerIo } from '../containerizer.ts';
import type { ReplyMedia } from './parse-call.ts';
import { emptyResponse, errorResponse } from './response.ts';

/** Contract 12.3. */
export const heartbeatMs = 30_000;
/** What may wait for a reader before its container does. */
const backlogBytesMax = 256 * 1024;
const backlogPollMs = 10;
/** No terminal is larger: what is asked for beyond it is a mistake. */
const windowMax = 65_535;

export type OutputOptions = {
  readonly media: ReplyMedia;
  /** Called once, when the stream is over, whoever ended it. */
  readonly onClosed: () => void;
};

export function outputResponse(
  clock: Clock,
  io: ContainerIo,
  { media, onClosed }: OutputOptions,
): HttpResponse {
  const { type, isRecordIo } = media;
  const headers: Record<string, string> = isRecordIo
    ? { 'content-type': 'application/recordio', 'message-content-type': type }
    : { 'content-type': type };
  const open = (sink: HttpSink): void => {
    const write = (message: ProcessIO): void => sink.write(encodeRecord(recordOf(message, media)));
    let beat = clock.after(heartbeatMs, onBeat);
    function onBeat(): void {
      write(heartbeat);
      beat = clock.after(heartbeatMs, onBeat);
    }
    sink.closed.addEventListener('abort', () => {
      beat.cancel();
      onClosed();
    });
    pump(clock, io, { sink, write }).catch(() => sink.destroy());
  };
  return { kind: 'stream', status: 200, headers, open };
}

const heartbeat: ProcessIO = {
  type: 'CONTROL',
  control: {
    type: 'HEARTBEAT',
    heartbeat: { interval: { nanoseconds: BigInt(heartbeatMs) * 1_000_000n } },
  },
};

type Pump = { readonly sink: HttpSink; readonly write: (message: ProcessIO) => void };

async function pump(clock: Clock, io: ContainerIo, { sink, write }: Pump): Promise<void> {
  const output = io.output()[Symbol.asyncIterator]();
  const leave = (): void => void output.return?.().catch(() => {});
  sink.closed.addEventListener('abort', leave);
  if (sink.closed.aborted) leave();
  for (;;) {
    const next = await output.next();
    if (sink.closed.aborted) return;
    if (next.done === true) break;
    const { stream, data } = next.value;
    write({ type: 'DATA', data: { type: stream === 'stdout' ? 'STDOUT' : 'STDERR', data } });
    while (sink.backlogBytes > backlogBytesMax && !sink.closed.aborted) {
      await clock.sleep(backlogPollMs);
    }
  }
  sink.end();
}

function recordOf(message: ProcessIO, { type }: ReplyMedia): Uint8Array {
  return type === 'application/json'
    ? new TextEncoder().encode(toJson('mesos.v1.agent.ProcessIO', message))
    : encode('mesos.v1.agent.ProcessIO', message);
}

/** Hands on what comes after the first record, until the client says no more. */
export async function takeInput(
  io: ContainerIo,
  followers: AsyncIterable<Call>,
): Promise<HttpResponse> {
  try {
    for await (const call of followers) {
      const refusal = await takeOne(io, call);
      if (refusal !== undefined) return refusal;
    }
    return emptyResponse(200);
  } catch (error) {
    if (error instanceof WireError) return errorResponse(400, error.message);
    // The client has gone: nobody reads this.
    if (error instanceof HttpError) return emptyResponse(200);
    throw error;
  }
}

async function takeOne(io: ContainerIo, call: Call): Promise<HttpResponse | undefined> {
  const { attach_container_input: input } = call;
  if (call.type !== 'ATTACH_CONTAINER_INPUT' || input === undefined) {
    return invalid('attach_container_input', 'be present');
  }
  if (input.type !== 'PROCESS_IO') return invalid('attach_container_input.type', 'be PROCESS_IO');
  const message = input.process_io;
  if (message === undefined) return invalid('attach_container_input.process_io', 'be present');
  switch (message.type) {
    case 'DATA':
      return await takeData(io, message);
    case 'CONTROL':
      return await takeControl(io, message);
    case 'UNKNOWN':
    case undefined:
      return invalid('process_io.type', 'be DATA or CONTROL');
    default:
      return unreachable(message.type);
  }
}

async function takeData(io: ContainerIo, { data }: ProcessIO): Promise<HttpResponse | undefined> {
  if (data?.type !== 'STDIN') return invalid('process_io.data.type', 'be STDIN');
  await io.write(data.data ?? new Uint8Array(0));
  return undefined;
}

async function takeControl(
  io: ContainerIo,
  { control }: ProcessIO,
): Promise<HttpResponse | undefined> {
  if (control?.type === 'HEARTBEAT') return undefined;
  if (control?.type !== 'TTY_INFO') {
    return invalid('process_io.control.type', 'be TTY_INFO or HEARTBEAT');
  }
  const size = control.tty_info?.window_size;
  if (size === undefined) return invalid('process_io.control.tty_info.window_size', 'be present');
  const isOdd = [size.rows, size.columns].some((count) => count < 0 || count > windowMax);
  if (isOdd) return unsized(`${size.rows} rows and ${size.columns} columns`);
  try {
    await io.resize(size);
    return undefined;
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    return unsized(error.message);
  }
}

const unsized = (why: string): HttpResponse =>
  errorResponse(400, `Unable to set the window size: ${why}`);

const invalid = (name: string, what: string): HttpResponse =>
  errorResponse(400, `Failed to validate agent::Call: Expecting '${name}' to ${what}`);
