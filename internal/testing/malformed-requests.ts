/**
 * Requests that no client should send, with the status and the text that each must get (contract 1.7,
 * 3.1, 3.2). One table for every way of asking: the faces alone, or a program over a socket.
 */
import { gzipSync } from 'node:zlib';

export type MalformedRequest = {
  readonly name: string;
  /**
   * Who refuses: the faces by themselves; the master, who must know the cluster (and, if the request
   * needs one, a subscribed framework); or the server, before any handler sees the request.
   */
  readonly refusedBy: 'face' | 'master' | 'server';
  readonly request: (subscribed: Subscribed) => RawRequest;
  readonly status: number;
  /** Undefined where the contract fixes none. */
  readonly text: string | ((subscribed: Subscribed) => string) | undefined;
};

/** A framework with an open stream. */
export type Subscribed = { readonly frameworkId: string; readonly streamId: string };

export type RawRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

const scheduler = '/api/v1/scheduler';
const operator = '/api/v1';
const parseError = 'Failed to parse body into JSON: syntax error at line 1 near: ';
const convertError = 'Failed to convert JSON into Call protobuf: ';
const callError = 'Failed to validate scheduler::Call: ';
const notAccepted = `Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'`;
const wrongType = `Expecting 'Content-Type' of application/json or application/x-protobuf`;

export const malformedRequests: readonly MalformedRequest[] = [
  face('an empty body', 400, parseError, post(scheduler, '')),
  face('JSON that stops in the middle', 400, parseError, post(scheduler, '{"type"')),
  face('an array', 400, `${convertError}Expecting a JSON object`, post(scheduler, '[]')),
  face('null', 400, `${convertError}Expecting a JSON object`, post(scheduler, 'null')),
  face('a string', 400, `${convertError}Expecting a JSON object`, post(operator, '"GET_STATE"')),
  face(
    'text where a message belongs',
    400,
    `${convertError}Not expecting a JSON string for field 'subscribe'`,
    post(scheduler, { type: 'SUBSCRIBE', subscribe: 'x' }),
  ),
  face(
    'a task without a name, deep inside',
    400,
    `${convertError}Missing required fields: accept.operations[0].launch.task_infos[0].name`,
    post(scheduler, acceptOf({ task_id: { value: 't' }, agent_id: { value: 'a' } })),
  ),
  face(
    'a framework without a user',
    400,
    `${convertError}Missing required fields: subscribe.framework_info.user`,
    post(scheduler, { type: 'SUBSCRIBE', subscribe: { framework_info: { name: 'x' } } }),
  ),
  face('a misspelt type', 400, expecting('type'), post(scheduler, { type: 'SUBSCRIBER' })),
  face('no type', 400, expecting('type'), post(scheduler, {})),
  face('a call without its part', 400, expecting('kill'), post(scheduler, call('KILL'))),
  face('no framework id', 400, expecting('framework_id'), post(scheduler, { type: 'REVIVE' })),
  face(
    'an id in the call only',
    400,
    `${callError}'framework_id' differs from 'subscribe.framework_info.id'`,
    post(scheduler, { ...call('SUBSCRIBE'), subscribe: subscription() }),
  ),
  face(
    'a uuid of zeroes in an acknowledgement',
    400,
    `${callError}Not a valid UUID`,
    post(scheduler, acknowledgement(new Uint8Array(16))),
  ),
  face(
    'a uuid of three bytes in an acknowledgement',
    400,
    `${callError}Not a valid UUID`,
    post(scheduler, acknowledgement(new Uint8Array([1, 2, 3]))),
  ),
  face(
    'a subscription with a stream id',
    400,
    `Subscribe calls should not include the 'Mesos-Stream-Id' header`,
    post(scheduler, { type: 'SUBSCRIBE', subscribe: subscription() }, { 'mesos-stream-id': 'x' }),
  ),
  face(
    'a stream of a type that is none',
    406,
    notAccepted,
    post(
      scheduler,
      { type: 'SUBSCRIBE', subscribe: subscription() },
      { accept: 'application/recordio' },
    ),
  ),
  face(
    'a reply in HTML',
    406,
    notAccepted,
    post(operator, { type: 'GET_HEALTH' }, { accept: 'text/html, application/json;q=0' }),
  ),
  face(
    'no content type',
    400,
    `Expecting 'Content-Type' to be present`,
    without('content-type', post(scheduler, {})),
  ),
  face('plain text', 415, wrongType, post(scheduler, {}, { 'content-type': 'text/plain' })),
  face(
    'a content type with a parameter',
    415,
    wrongType,
    post(scheduler, {}, { 'content-type': 'application/json; charset=utf-8' }),
  ),
  face('GET', 405, methodText('GET'), { ...post(scheduler, {}), method: 'GET' }),
  face('PUT', 405, methodText('PUT'), { ...post(operator, {}), method: 'PUT' }),
  face(
    'garbage for protobuf',
    400,
    'Failed to parse body into Call protobuf',
    protobuf([0xff, 0xff, 0xff]),
  ),
  face(
    'protobuf that stops in the middle',
    400,
    'Failed to parse body into Call protobuf',
    protobuf([0x08, 0x01, 0x12, 0x20, 0x0a]),
  ),
  face(
    'an operator call of the agents',
    400,
    `Failed to validate master::Call: Expecting 'type' to be present`,
    post(operator, { type: 'GET_CONTAINERS' }),
  ),
  face('the type UNKNOWN', 501, '501 Not Implemented.', post(operator, { type: 'UNKNOWN' })),
  face('an unknown path', 404, '404 Not Found.', post('/api/v2/scheduler', {})),
  face('a path below the redirect', 404, '404 Not Found.', {
    ...post('/redirect/state', ''),
    method: 'GET',
  }),
  {
    name: 'an unknown framework',
    refusedBy: 'master',
    request: () => post(scheduler, call('REVIVE'), { 'mesos-stream-id': 'x' }),
    status: 400,
    text: 'Framework cannot be found',
  },
  {
    name: 'a call without a stream id',
    refusedBy: 'master',
    request: ({ frameworkId }) => post(scheduler, call('REVIVE', frameworkId)),
    status: 400,
    text: `All non-subscribe calls should include the 'Mesos-Stream-Id' header`,
  },
  {
    name: "a call with another stream's id",
    refusedBy: 'master',
    request: ({ frameworkId }) =>
      post(scheduler, call('REVIVE', frameworkId), { 'mesos-stream-id': 'x' }),
    status: 400,
    text: ({ frameworkId }) =>
      `The stream ID 'x' included in this request didn't match the stream ID ` +
      `currently associated with framework ID ${frameworkId}`,
  },
  {
    name: 'an unknown framework to tear down',
    refusedBy: 'master',
    request: () =>
      post(operator, { type: 'TEARDOWN', teardown: { framework_id: { value: 'nobody' } } }),
    status: 400,
    text: 'No framework found with specified ID',
  },
  {
    name: 'garbage for gzip',
    refusedBy: 'server',
    request: () => post(scheduler, '{}', { 'content-encoding': 'gzip' }),
    status: 400,
    text: undefined,
  },
  {
    name: 'gzip that stops in the middle',
    refusedBy: 'server',
    request: () => ({
      ...post(scheduler, '', { 'content-encoding': 'gzip' }),
      body: gzipSync(Buffer.alloc(4096, '{}')).subarray(0, 20),
    }),
    status: 400,
    text: undefined,
  },
];

/**
 * Announces a body of `bytesMax + 1` bytes to a server that takes `bytesMax`, which refuses it unread.
 * None is sent: who writes to a server that has stopped reading may never see its reply.
 */
export function oversizeRequest(bytesMax: number): MalformedRequest {
  return {
    name: 'a body that is too large',
    refusedBy: 'server',
    request: () => post(scheduler, '', { 'content-length': String(bytesMax + 1) }),
    status: 413,
    text: undefined,
  };
}

/** The text that `malformed` must get; undefined where the contract fixes none. */
export function expectedText(
  { text }: MalformedRequest,
  subscribed: Subscribed,
): string | undefined {
  return typeof text === 'function' ? text(subscribed) : text;
}

function face(name: string, status: number, text: string, request: RawRequest): MalformedRequest {
  return { name, refusedBy: 'face', request: () => request, status, text };
}

function post(
  target: string,
  body: string | object,
  headers: Readonly<Record<string, string>> = {},
): RawRequest {
  return {
    method: 'POST',
    target,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  };
}

function protobuf(bytes: readonly number[]): RawRequest {
  return {
    ...post(scheduler, '', { 'content-type': 'application/x-protobuf' }),
    body: Uint8Array.from(bytes),
  };
}

function without(header: string, request: RawRequest): RawRequest {
  const kept = Object.entries(request.headers).filter(([name]) => name !== header);
  return { ...request, headers: Object.fromEntries(kept) };
}

function call(type: string, frameworkId = 'nobody'): object {
  return { type, framework_id: { value: frameworkId } };
}

function subscription(): object {
  return { framework_info: { user: 'root', name: 'malformed' } };
}

function acceptOf(task: object): object {
  const launch = { type: 'LAUNCH', launch: { task_infos: [task] } };
  return { ...call('ACCEPT'), accept: { offer_ids: [{ value: 'o' }], operations: [launch] } };
}

function acknowledgement(uuid: Uint8Array): object {
  const ids = { agent_id: { value: 'a' }, task_id: { value: 't' } };
  const text = Buffer.from(uuid).toString('base64');
  return { ...call('ACKNOWLEDGE'), acknowledge: { ...ids, uuid: text } };
}

function expecting(part: string): string {
  return `${callError}Expecting '${part}' to be present`;
}

function methodText(method: string): string {
  return `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`;
}
