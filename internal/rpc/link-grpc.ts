/**
 * Links over gRPC: one bidirectional stream each. The messages are bytes to gRPC; a codec that is
 * passed in knows what they mean, and bytes that it cannot read end the link.
 *
 * Keepalive pings of HTTP/2 (`grpc-channel.ts`) find a peer whose machine is gone. A peer that lives but does not read is
 * found by the backlog: bytes that the stream has not taken; beyond the bound the link is closed.
 */
import {
  type ClientDuplexStream,
  Metadata,
  type ServerDuplexStream,
  type ServiceDefinition,
  type Server,
  status,
} from '@grpc/grpc-js';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import { type Keepalive, openGrpcClient } from './grpc-channel.ts';
import {
  type Link,
  type LinkAcceptor,
  type LinkDialer,
  type LinkHandlers,
  refusedLink,
} from './link.ts';
import type { LinkCodec } from './link-codec.ts';

export type GrpcLinkOptions = {
  /** `/package.Service/Method`, streaming both ways. */
  readonly method: string;
  /** More that the network has not taken closes the link. */
  readonly backlogBytesMax: number;
  /** A peer that does not answer a close for so long is cut off. */
  readonly closeTimeoutMs: number;
};

/** Who is let in; a text refuses, in words for whoever runs the other side. */
export type LinkDoorman = (authorization: string | undefined) => string | undefined;

/** Of the link between agents and masters. */
export const agentLinkOptions: GrpcLinkOptions = {
  method: '/altiplano.agent.v1.AgentLink/Connect',
  backlogBytesMax: 64 << 20,
  closeTimeoutMs: 2000,
};

/**
 * Of the agents' side. A master that has ten thousand of them at its door at once answers late, and an
 * agent that gave up on it would only come once more.
 */
const agentKeepalive: Keepalive = { timeMs: 5000, timeoutMs: 15_000 };

/**
 * Of the masters' side: agents answer pings of the masters' own, so this is for links whose agent is
 * not known yet, and must cost little with ten thousand that are.
 */
export const linkServerKeepalive: Keepalive = { timeMs: 60_000, timeoutMs: 15_000 };

type Dependencies<Out, In> = { readonly clock: Clock; readonly codec: LinkCodec<Out, In> };

/** Dials without encryption. */
export function grpcLinkDialer<Out, In>(
  { clock, codec }: Dependencies<Out, In>,
  options: GrpcLinkOptions & { readonly authorization?: string | undefined },
): LinkDialer<Out, In> {
  return {
    dial(target, handlers) {
      const client = openGrpcClient(target, undefined, agentKeepalive);
      const said = new Metadata();
      if (options.authorization !== undefined) said.set('authorization', options.authorization);
      const call = client.makeBidiStreamRequest(options.method, asBuffer, asBuffer, said);
      const end = new End({ clock, codec, handlers, call }, { ...options, peer: target });
      call.on('status', ({ code, details }) => {
        const prefix = code === status.UNAUTHENTICATED ? refusedLink : '';
        end.finish(code === status.OK ? 'closed by the peer' : `${prefix}${details}`);
        client.close();
      });
      call.on('error', () => {
        // Its status says the same.
      });
      call.on('end', () => call.end());
      return end;
    },
  };
}

/** Serves links on a gRPC server, next to whatever else it serves. */
export function acceptGrpcLinks<Out, In>(
  { server, clock, codec }: Dependencies<Out, In> & { readonly server: Server },
  options: GrpcLinkOptions & { readonly doorman?: LinkDoorman | undefined },
  accept: LinkAcceptor<Out, In>,
): void {
  const name = options.method.slice(options.method.lastIndexOf('/') + 1);
  const service: ServiceDefinition = {
    [name]: {
      path: options.method,
      requestStream: true,
      responseStream: true,
      requestSerialize: asBuffer,
      requestDeserialize: asBuffer,
      responseSerialize: asBuffer,
      responseDeserialize: asBuffer,
    },
  };
  server.addService(service, {
    [name]: (call: ServerDuplexStream<Uint8Array, Uint8Array>) => {
      const [said] = call.metadata.get('authorization');
      const refusal = options.doorman?.(said?.toString());
      if (refusal !== undefined) {
        refuse(call, refusal);
        return;
      }
      // Nobody calls a handler before the acceptor has returned: data comes in a later turn.
      const late: { handlers?: LinkHandlers<In> } = {};
      const handlers: LinkHandlers<In> = {
        onMessage: (message) => late.handlers?.onMessage(message),
        onClose: (reason) => late.handlers?.onClose(reason),
      };
      const end = new End({ clock, codec, handlers, call }, { ...options, peer: call.getPeer() });
      call.on('cancelled', () => end.finish('cut off by the peer'));
      call.on('error', (error) => end.finish(error.message));
      call.on('end', () => {
        end.finish('closed by the peer');
        call.end();
      });
      late.handlers = accept(end);
    },
  });
}

/** It is told why; nothing that it says is read. */
function refuse(call: ServerDuplexStream<Uint8Array, Uint8Array>, details: string): void {
  call.on('error', () => {
    // Ours, or that it went before it heard.
  });
  const error = Object.assign(new Error(details), { code: status.UNAUTHENTICATED, details });
  call.emit('error', error);
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

type Call = ClientDuplexStream<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;

type EndDependencies<Out, In> = Dependencies<Out, In> & {
  readonly handlers: LinkHandlers<In>;
  readonly call: Call;
};

/** One end of a link, whichever side. */
class End<Out, In> implements Link<Out> {
  readonly peer: string;
  readonly #clock: Clock;
  readonly #codec: LinkCodec<Out, In>;
  readonly #handlers: LinkHandlers<In>;
  readonly #call: Call;
  readonly #options: GrpcLinkOptions;
  #backlogBytes = 0;
  #state: 'open' | 'closing' | 'over' = 'open';
  #cutOff: Timer | undefined;

  constructor(
    { clock, codec, handlers, call }: EndDependencies<Out, In>,
    options: GrpcLinkOptions & { readonly peer: string },
  ) {
    this.peer = options.peer;
    this.#clock = clock;
    this.#codec = codec;
    this.#handlers = handlers;
    this.#call = call;
    this.#options = options;
    call.on('data', (bytes: Uint8Array) => this.#receive(bytes));
  }

  send(message: Out): void {
    if (this.#state !== 'open') return;
    const bytes = this.#codec.encode(message);
    this.#backlogBytes += bytes.length;
    if (this.#backlogBytes > this.#options.backlogBytesMax) {
      this.#breakOff('the peer does not keep up');
      return;
    }
    this.#call.write(bytes, () => {
      this.#backlogBytes -= bytes.length;
    });
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#call.end();
    this.#cutOff = this.#clock.after(this.#options.closeTimeoutMs, () =>
      this.#breakOff('closed; the peer did not answer'),
    );
  }

  /** It is over, for this reason. */
  finish(reason: string): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#cutOff?.cancel();
    this.#handlers.onClose(reason);
  }

  #receive(bytes: Uint8Array): void {
    // What was under way when we closed is still read, and nobody's concern.
    if (this.#state !== 'open') return;
    let message: In;
    try {
      message = this.#codec.decode(bytes);
    } catch (error) {
      this.#breakOff(`unreadable message: ${String(error)}`);
      return;
    }
    this.#handlers.onMessage(message);
  }

  #breakOff(reason: string): void {
    const call = this.#call;
    if ('cancel' in call) call.cancel();
    else {
      // The server's way to say it. It waits for what was written before, so not without a limit.
      call.emit(
        'error',
        Object.assign(new Error(reason), { code: status.ABORTED, details: reason }),
      );
      this.#clock.after(this.#options.closeTimeoutMs, () => call.destroy());
    }
    this.finish(reason);
  }
}
