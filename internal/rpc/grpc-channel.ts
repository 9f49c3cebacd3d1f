/** How both ends of our gRPC connections are set, and how a client of one connection is made. */
import { type ChannelCredentials, type ChannelOptions, Client, credentials } from '@grpc/grpc-js';

/** A whole message; senders keep far below it. */
export const messageBytesMax: number = 16 << 20;

export const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  // A peer that vanished without a word is noticed by pings, not by the kernel after minutes.
  'grpc.keepalive_time_ms': 5000,
  'grpc.keepalive_timeout_ms': 5000,
  'grpc.keepalive_permit_without_calls': 1,
  // Who calls decides when to try again; the library's own back-off would grow to minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // One connection a client: clients of one target must not share the fate of its back-off.
  'grpc.use_local_subchannel_pool': 1,
};

/** How a server is known, and how it knows us. */
export type ChannelSecurity = {
  /** `credentials.createSsl(…)`, with a key of our own for mutual TLS. */
  readonly credentials: ChannelCredentials;
  /**
   * Whom the server's certificate has to be for. Without it, for the host of the address; that does
   * for names alone, since TLS asks no server for an IP address.
   */
  readonly name?: string;
};

/** How a peer is noticed that vanished without a word. */
export type Keepalive = {
  /** A connection on which nothing came for so long is asked for a sign of life. */
  readonly timeMs: number;
  /** One that gives none for so long is cut off. */
  readonly timeoutMs: number;
};

export const keepaliveOptions = ({ timeMs, timeoutMs }: Keepalive): ChannelOptions => ({
  'grpc.keepalive_time_ms': timeMs,
  'grpc.keepalive_timeout_ms': timeoutMs,
});

/** Connects when it is first used. Close it when its call is over. Default: in the clear. */
export function openGrpcClient(
  address: string,
  security?: ChannelSecurity,
  keepalive?: Keepalive,
): Client {
  const { name, credentials: own = credentials.createInsecure() } = security ?? {};
  const target = name === undefined ? {} : { 'grpc.ssl_target_name_override': name };
  const alive = keepalive === undefined ? {} : keepaliveOptions(keepalive);
  return new Client(address, own, { ...channelOptions, ...alive, ...target });
}

/** What the library says of a call that failed, without the time and the empty note that it adds. */
export const reasonFrom = (details: string): string =>
  details
    .replace(/\s*\(\d{4}-[^)]*Z\)/, '')
    .replace(/\.? Resolution note: $/, '')
    .trim();
