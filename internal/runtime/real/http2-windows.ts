/** How much the callers of an HTTP/2 server may have on its way to it. */
import diagnostics from 'node:diagnostics_channel';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';

const streamCreated = 'http2.server.stream.created';

/**
 * Lets callers of the server on `port` send so much ahead, on a connection and on each of its streams,
 * from the first stream of a connection on; otherwise it is 64 KiB, and whoever sends more at a time
 * waits for a round trip. For servers of a library that has no option for it (gRPC's): Node tells of
 * every stream that begins.
 */
export function widenWindows(port: number, windowBytes: number): Disposable {
  const widened = new WeakSet<Http2Session>();
  const onStream = (message: unknown): void => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's format.
    const { session } = (message as { readonly stream: ServerHttp2Stream }).stream;
    if (session?.socket.localPort !== port || widened.has(session)) return;
    widened.add(session);
    session.settings({ initialWindowSize: windowBytes });
    session.setLocalWindowSize(windowBytes);
  };
  diagnostics.subscribe(streamCreated, onStream);
  return { [Symbol.dispose]: () => void diagnostics.unsubscribe(streamCreated, onStream) };
}
