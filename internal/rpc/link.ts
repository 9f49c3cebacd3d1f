/**
 * A two-way stream of messages between two processes, in order while it lasts: how agents and masters
 * talk. `link-grpc.ts` is the real one, `link-simulated.ts` runs on the simulated network; both pass
 * `link.suite.ts`.
 */
export type Link<Out> = {
  /**
   * Queues a message. When the peer does not keep up and the bounded queue is full, the link is
   * closed: both sides agree again when it is made anew.
   */
  send(message: Out): void;
  /** Closes after what was sent before. Harmless when closed. */
  close(): void;
  /** Who is at the other end, for logs. */
  readonly peer: string;
};

export type LinkHandlers<In> = {
  onMessage(message: In): void;
  /** Called once, whoever closed it and however. No message comes after it. */
  onClose(reason: string): void;
};

/** How `onClose` begins when the peer does not believe who we are, so that somebody has to act. */
export const refusedLink = 'refused: ';

/** The side that connects. A target that cannot be reached is told by `onClose`. */
export type LinkDialer<Out, In> = {
  /** `target` is `host:port`. */
  dial(target: string, handlers: LinkHandlers<In>): Link<Out>;
};

/** The side that listens: called for each link that comes in. */
export type LinkAcceptor<Out, In> = (link: Link<Out>) => LinkHandlers<In>;
