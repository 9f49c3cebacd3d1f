/**
 * A scheduler over bare sockets, for tests that must see what is on the wire: the status line, the
 * headers, and how the stream was cut into chunks. It decides nothing, retries nothing and follows no
 * redirect. Bodies are written and read by the codecs of the product.
 */
import { connect, type Socket } from 'node:net';
import type { WireFormat } from '#internal/client/wire-format.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { until } from './cluster.ts';

/** Calls in one format, events in another: the two headers are independent (contract 1.2). */
export type Formats = { readonly calls: WireFormat; readonly events: WireFormat };

export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

/** Each step ends much earlier, the machine permitting. */
const limitMs = 60_000;
const recordBytesMax = 64 * 1024 * 1024;
const target = '/api/v1/scheduler';
const headEnd = '\r\n\r\n';

/** Sends a call other than SUBSCRIBE, or one that is not expected to open a stream. */
export async function post(
  address: string,
  formats: Formats,
  call: Call,
  streamId?: string,
): Promise<Reply> {
  const connection = new Connection(address, request(address, formats, call, streamId));
  try {
    const { status, headers } = await connection.head();
    const length = Number(headers['content-length'] ?? 0);
    await connection.until(() => connection.body.length >= length, 'the body of a reply');
    return { status, headers, text: connection.body.toString() };
  } finally {
    connection.close();
  }
}

/** Subscribes and waits for the head of the reply; the events follow. */
export async function openStream(
  address: string,
  formats: Formats,
  call: Call,
): Promise<EventStream> {
  const connection = new Connection(address, request(address, formats, call));
  const { status, headers } = await connection.head();
  return new EventStream(connection, { address, formats, status, headers });
}

type StreamHead = {
  readonly address: string;
  readonly formats: Formats;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
};

/** The events of one subscription in their order, each handed out once. */
export class EventStream {
  readonly address: string;
  readonly formats: Formats;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #connection: Connection;
  #next = 0;

  constructor(connection: Connection, { address, formats, status, headers }: StreamHead) {
    this.#connection = connection;
    this.address = address;
    this.formats = formats;
    this.status = status;
    this.headers = headers;
  }

  get streamId(): string {
    return this.headers['mesos-stream-id'] ?? '';
  }

  /** The next event. Throws when there is none because the stream is over. */
  async next(): Promise<Event> {
    const n = this.#next;
    await this.#connection.until(() => this.#connection.chunks().length > n, 'an event');
    this.#next += 1;
    const chunk = this.#connection.chunks()[n] ?? Buffer.alloc(0);
    const records = newRecordReader({ recordBytesMax }).feed(chunk);
    const [record] = records;
    if (record === undefined || records.length !== 1) {
      throw new Error(`a chunk of ${chunk.length} bytes holds ${records.length} whole records`);
    }
    if (chunk.length !== `${record.length}\n`.length + record.length) {
      throw new Error(`a chunk of ${chunk.length} bytes holds more than its record`);
    }
    return this.formats.events.decodeEvent(record);
  }

  /** Everything until the last chunk, which must come. */
  async rest(): Promise<readonly Event[]> {
    await this.#connection.until(() => this.#connection.isComplete(), 'the last chunk');
    const events: Event[] = [];
    while (this.#next < this.#connection.chunks().length) events.push(await this.next());
    return events;
  }

  async call(call: Call): Promise<Reply> {
    return await post(this.address, this.formats, call, this.streamId);
  }

  close(): void {
    this.#connection.close();
  }
}

/** One request, and all that came back. */
class Connection {
  readonly #socket: Socket;
  readonly #what: string;
  #received: Buffer = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  /** Where in the body the next chunk begins. */
  #at = 0;
  #isComplete = false;
  #ended: string | undefined;

  constructor(address: string, bytes: Uint8Array) {
    this.#what = address;
    const [host, port] = address.split(':');
    this.#socket = connect(Number(port), host);
    this.#socket.on(
      'data',
      (data: Buffer) => (this.#received = Buffer.concat([this.#received, data])),
    );
    this.#socket.on('error', (error) => (this.#ended = String(error)));
    this.#socket.on('close', () => (this.#ended ??= 'the connection was closed'));
    this.#socket.write(bytes);
  }

  get body(): Buffer {
    const end = this.#received.indexOf(headEnd);
    return end < 0 ? Buffer.alloc(0) : this.#received.subarray(end + headEnd.length);
  }

  async head(): Promise<Omit<Reply, 'text'>> {
    await this.until(() => this.#received.includes(headEnd), 'the head of a reply');
    const head = this.#received.subarray(0, this.#received.indexOf(headEnd)).toString('latin1');
    const [statusLine = '', ...lines] = head.split('\r\n');
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(headers) };
  }

  /** The whole chunks that have come, as the server cut them, without the last one, which is empty. */
  chunks(): readonly Buffer[] {
    const { body } = this;
    for (;;) {
      const sizeEnd = body.indexOf('\r\n', this.#at);
      if (sizeEnd < 0 || this.#isComplete) return this.#chunks;
      const size = Number.parseInt(body.subarray(this.#at, sizeEnd).toString('latin1'), 16);
      const begin = sizeEnd + 2;
      if (body.length < begin + size + 2) return this.#chunks;
      this.#at = begin + size + 2;
      if (size === 0) this.#isComplete = true;
      else this.#chunks.push(body.subarray(begin, begin + size));
    }
  }

  isComplete(): boolean {
    return this.chunks().length >= 0 && this.#isComplete;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const describe = (): string => `${what} from ${this.#what}; ${this.#received.toString()}`;
    const isDecided = (): boolean => condition() || this.#ended !== undefined || this.#isComplete;
    await until(isDecided, limitMs, describe);
    if (!condition()) throw new Error(`${this.#ended ?? 'the stream is over'}: ${describe()}`);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function request(
  address: string,
  { calls, events }: Formats,
  call: Call,
  streamId?: string,
): Uint8Array {
  const body = calls.encodeCall(call);
  const head = [
    `POST ${target} HTTP/1.1`,
    `Host: ${address}`,
    `Content-Type: ${calls.mediaType}`,
    `Accept: ${events.mediaType}`,
    `Content-Length: ${body.length}`,
    ...(streamId === undefined ? [] : [`Mesos-Stream-Id: ${streamId}`]),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}${headEnd}`, 'latin1'), body]);
}
