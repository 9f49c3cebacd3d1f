/**
 * Connections over the simulated network, as a program sees TCP: in order and complete while they
 * last; lost packets only make them late. One breaks when the other side's kernel says so (program
 * killed, machine booted anew) or when something stays unacknowledged for too long. An idle one
 * notices nothing: a partition that heals in time leaves no trace, and a peer that lost its power is
 * still believed in. Programs need heartbeats here for the same reasons as outside.
 *
 * Frames are handed over as they are and must not change.
 */
import type { Timer } from '../clock.ts';
import type { Life } from './life.ts';
import type { SimulatedNetwork } from './network.ts';

/** Why a connection is over: closed in order, refused or reset by the other side, or given up. */
export type StreamEnd = 'closed' | 'refused' | 'reset' | 'timed-out';

export type StreamHandlers<Frame> = {
  onFrame(frame: Frame): void;
  /** Once; not when this side has closed or destroyed it. Nothing comes after it. */
  onEnd(end: StreamEnd): void;
};

export type Connection<Frame> = {
  readonly remote: string;
  /** Nothing happens when it is over. */
  send(frame: Frame, sizeBytes?: number): void;
  /** Sizes of frames that were sent and have not arrived. */
  readonly backlogBytes: number;
  /** Ends this connection once all frames have arrived. */
  close(): void;
  /** Ends it now; frames on their way are lost and the other side sees a reset. */
  destroy(): void;
};

export type Accept<Frame> = (connection: Connection<Frame>) => StreamHandlers<Frame>;

export type StreamsOptions = {
  readonly name: string;
  /** A connection with something unacknowledged for so long is given up; 10 s when left out. */
  readonly timeoutMs?: number;
};

type Listener<Frame> = { readonly life: Life; readonly accept: Accept<Frame> };
type Packet<Frame> = { readonly kind: 'frame'; readonly frame: Frame } | { readonly kind: 'close' };

/** First wait before a lost packet is sent again; doubled each time, up to the greatest. */
const RETRY_MS = 200;
const RETRY_MS_MAX = 1600;

export class SimulatedStreams<Frame> {
  readonly #network: SimulatedNetwork;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #listeners = new Map<string, Listener<Frame>>();

  constructor(
    { network }: { readonly network: SimulatedNetwork },
    { name, timeoutMs = 10_000 }: StreamsOptions,
  ) {
    this.#network = network;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Accepts connections to `port` on the machine of `life`; undefined when the port is taken. Stopping
   * refuses new ones and leaves those that are open.
   */
  listen(life: Life, port: number, accept: Accept<Frame>): (() => void) | undefined {
    const address = `${life.name}:${port}`;
    if (this.#listeners.get(address)?.life.alive === true) return undefined;
    const listener = { life, accept };
    this.#listeners.set(address, listener);
    return () => {
      if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
    };
  }

  /**
   * Connects to `host:port`; `onEnd` tells when that fails. Frames may be sent at once: they travel
   * when the connection stands.
   */
  connect(
    life: Life,
    { host, port }: { readonly host: string; readonly port: number },
    handlers: StreamHandlers<Frame>,
  ): Connection<Frame> {
    const link = new Link(this.#network, { label: this.#name, timeoutMs: this.#timeoutMs });
    const near = new Side<Frame>(link, life, host);
    near.handlers = handlers;
    const arrive = (): void => {
      const listener = this.#listeners.get(`${host}:${port}`);
      if (listener === undefined || !listener.life.alive) {
        link.reset(near, 'refused');
        return;
      }
      listener.life.run(() => {
        const far = new Side<Frame>(link, listener.life, life.name);
        far.handlers = listener.accept(far);
        near.meet(far);
      });
    };
    link.transfer(near, host, arrive);
    return near;
  }
}

/** What both sides of one connection share: the wire between them. */
class Link {
  readonly network: SimulatedNetwork;
  readonly #label: string;
  readonly #timeoutMs: number;

  constructor(
    network: SimulatedNetwork,
    { label, timeoutMs }: { readonly label: string; readonly timeoutMs: number },
  ) {
    this.network = network;
    this.#label = label;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Calls `arrive` once, when a packet of `side` reaches `to`; sends it again while it is lost or the
   * machine is off, and gives the connection up when there is no acknowledgement in time.
   */
  transfer<Frame>(side: Side<Frame>, to: string, arrive: () => void): void {
    const { world } = this.network;
    const from = side.life.name;
    const giveUpMs = world.nowMs + this.#timeoutMs;
    const label = `${this.#label} ${from}>${to}`;
    let arrived = false;
    const receive = (): void => {
      if (!world.isPowered(to)) return;
      if (!arrived) {
        arrived = true;
        arrive();
      }
      if (!this.network.isCut(to, from)) retry?.cancel();
    };
    let retry: Timer | undefined;
    const attempt = (retryMs: number): void => {
      if (side.over) return;
      if (world.nowMs > giveUpMs) {
        side.finish('timed-out');
        return;
      }
      const nextMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      retry = world.schedule(retryMs, `${label} again`, () => attempt(nextMs));
      if (!this.#passes(from, to)) return;
      const delayMs = from === to ? 0 : this.network.delayMs() + this.network.heldMs(from, to);
      side.lastArrivalMs = Math.max(side.lastArrivalMs, world.nowMs + delayMs);
      world.schedule(side.lastArrivalMs - world.nowMs, label, receive);
    };
    attempt(RETRY_MS);
  }

  /** Tells `side` that the other one is gone, if the word gets through. */
  reset<Frame>(side: Side<Frame>, end: StreamEnd): void {
    const from = side.remote;
    if (side.over || this.network.isCut(from, side.life.name)) return;
    const label = `${this.#label} ${from}>${side.life.name} ${end}`;
    this.network.world.schedule(this.network.delayMs(), label, () => side.finish(end));
  }

  #passes(from: string, to: string): boolean {
    if (from === to) return true;
    if (!this.network.isCut(from, to)) return !this.network.isLost();
    this.network.counts.blocked++;
    return false;
  }
}

class Side<Frame> implements Connection<Frame> {
  readonly life: Life;
  readonly remote: string;
  handlers: StreamHandlers<Frame> | undefined;
  /** No later frame may overtake this moment. */
  lastArrivalMs = 0;
  readonly #link: Link;
  readonly #forget: () => void;
  #far: Side<Frame> | undefined;
  #over = false;
  #closing = false;
  #backlogBytes = 0;
  /** Sent, not arrived: the next one leaves when its predecessor is there. */
  readonly #queue: { readonly packet: Packet<Frame>; readonly sizeBytes: number }[] = [];

  constructor(link: Link, life: Life, remote: string) {
    this.#link = link;
    this.life = life;
    this.remote = remote;
    this.#forget = life.onEnd((kind) => this.#die(kind));
  }

  get over(): boolean {
    return this.#over;
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Both ends know each other from now on, and what waited travels. */
  meet(far: Side<Frame>): void {
    this.#far = far;
    far.#far = this;
    if (this.#over) this.#link.reset(far, 'reset');
    for (const side of [this, far]) {
      for (let i = 0; i < side.#queue.length; i++) side.#transfer();
    }
  }

  send(frame: Frame, sizeBytes: number = 0): void {
    if (!this.#closing) this.#enqueue({ kind: 'frame', frame }, sizeBytes);
  }

  close(): void {
    if (this.#closing) return;
    this.#enqueue({ kind: 'close' }, 0);
    this.#closing = true;
  }

  destroy(): void {
    if (this.#over) return;
    this.#end();
    if (this.#far !== undefined) this.#link.reset(this.#far, 'reset');
  }

  /** Over, and not by this side's own wish. */
  finish(end: StreamEnd): void {
    if (this.#over) return;
    this.#end();
    if (end !== 'closed') this.#link.network.counts.broken++;
    // A side that gave up resets the other, which may hear it.
    if (end === 'timed-out' && this.#far !== undefined) this.#link.reset(this.#far, 'reset');
    const { handlers } = this;
    this.life.run(() => handlers?.onEnd(end));
  }

  #end(): void {
    this.#over = true;
    this.#closing = true;
    this.#backlogBytes = 0;
    this.#queue.length = 0;
    this.#forget();
  }

  #die(kind: 'process' | 'power'): void {
    if (this.#over) return;
    this.#end();
    // The kernel of a killed program resets its connections; one without power cannot.
    if (kind === 'process' && this.#far !== undefined) this.#link.reset(this.#far, 'reset');
  }

  #enqueue(packet: Packet<Frame>, sizeBytes: number): void {
    if (this.#over || !this.life.alive) return;
    this.#backlogBytes += sizeBytes;
    this.#queue.push({ packet, sizeBytes });
    if (this.#far !== undefined) this.#transfer();
  }

  /** One packet's way; it takes the head of the queue when it is there, whichever it was. */
  #transfer(): void {
    const far = this.#far;
    if (far === undefined) return;
    this.#link.transfer(this, this.remote, () => this.#arrived(far));
  }

  #arrived(far: Side<Frame>): void {
    if (this.#over) return;
    if (!far.life.alive || far.over) {
      // The machine is on, and nobody there knows this connection any more.
      this.#link.reset(this, 'reset');
      return;
    }
    far.life.run(() => {
      const head = this.#queue.shift();
      if (head === undefined) return;
      this.#backlogBytes -= head.sizeBytes;
      this.#link.network.counts.delivered++;
      far.#receive(head.packet, this);
    });
  }

  #receive(packet: Packet<Frame>, sender: Side<Frame>): void {
    if (this.#over) return;
    if (packet.kind === 'frame') {
      this.handlers?.onFrame(packet.frame);
      return;
    }
    sender.#end();
    this.finish('closed');
  }
}
