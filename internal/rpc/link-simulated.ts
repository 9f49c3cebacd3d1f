/** Links over the simulated network. Messages cross it as bytes, so that nothing is shared. */
import type { Life } from '#internal/runtime/simulated/life.ts';
import type {
  Connection,
  SimulatedStreams,
  StreamHandlers,
} from '#internal/runtime/simulated/streams.ts';
import type { Link, LinkAcceptor, LinkDialer, LinkHandlers } from './link.ts';
import type { LinkCodec } from './link-codec.ts';

export type SimulatedLinkOptions = {
  /** More that has not arrived closes the link. */
  readonly backlogBytesMax: number;
};

type Dependencies<Out, In> = {
  readonly streams: SimulatedStreams<Uint8Array>;
  /** Whose program it is: its crash ends its links. */
  readonly life: Life;
  readonly codec: LinkCodec<Out, In>;
};

export function simulatedLinkDialer<Out, In>(
  { streams, life, codec }: Dependencies<Out, In>,
  options: SimulatedLinkOptions,
): LinkDialer<Out, In> {
  return {
    dial(target, handlers) {
      const [host = '', port] = target.split(':');
      const end = new End(codec, { ...options, peer: target });
      const place = { host, port: Number(port) };
      end.stand(streams.connect(life, place, end.frames), handlers);
      return end;
    },
  };
}

/** False when the port is taken. */
export function acceptSimulatedLinks<Out, In>(
  { streams, life, codec }: Dependencies<Out, In>,
  { port, ...options }: SimulatedLinkOptions & { readonly port: number },
  accept: LinkAcceptor<Out, In>,
): boolean {
  const stop = streams.listen(life, port, (connection) => {
    const end = new End<Out, In>(codec, { ...options, peer: connection.remote });
    const late: { handlers?: LinkHandlers<In> } = {};
    end.stand(connection, {
      onMessage: (message) => late.handlers?.onMessage(message),
      onClose: (reason) => late.handlers?.onClose(reason),
    });
    late.handlers = accept(end);
    return end.frames;
  });
  return stop !== undefined;
}

class End<Out, In> implements Link<Out> {
  readonly peer: string;
  readonly frames: StreamHandlers<Uint8Array>;
  readonly #codec: LinkCodec<Out, In>;
  readonly #backlogBytesMax: number;
  #connection: Connection<Uint8Array> | undefined;
  #handlers: LinkHandlers<In> | undefined;
  #state: 'open' | 'closing' | 'over' = 'open';

  constructor(
    codec: LinkCodec<Out, In>,
    { peer, backlogBytesMax }: SimulatedLinkOptions & { readonly peer: string },
  ) {
    this.peer = peer;
    this.#codec = codec;
    this.#backlogBytesMax = backlogBytesMax;
    this.frames = {
      onFrame: (bytes) => this.#receive(bytes),
      onEnd: (end) => this.#finish(end),
    };
  }

  stand(connection: Connection<Uint8Array>, handlers: LinkHandlers<In>): void {
    this.#connection = connection;
    this.#handlers = handlers;
  }

  send(message: Out): void {
    if (this.#state !== 'open' || this.#connection === undefined) return;
    const bytes = this.#codec.encode(message);
    if (this.#connection.backlogBytes + bytes.length > this.#backlogBytesMax) {
      this.#breakOff('the peer does not keep up');
      return;
    }
    this.#connection.send(bytes, bytes.length);
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#connection?.close();
    // The stream says nothing to the side that closes it. As on a real one, word comes later.
    queueMicrotask(() => this.#finish('closed'));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    let message: In;
    try {
      message = this.#codec.decode(bytes);
    } catch (error) {
      this.#breakOff(`unreadable message: ${String(error)}`);
      return;
    }
    this.#handlers?.onMessage(message);
  }

  #breakOff(reason: string): void {
    this.#connection?.destroy();
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#handlers?.onClose(reason);
  }
}
