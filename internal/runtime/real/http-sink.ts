/**
 * A stream of a reply over `node:http`: one `write`, one chunk (contract 1.4, client quirk 4).
 *
 * Left alone, Node corks a response at its first write and sends all writes of one tick as a single
 * chunk. It does not while the socket is corked already, so that is what is done here: writes of one
 * tick still leave in one packet, each as a chunk of its own.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpSink } from '../http.ts';

export function openSink(response: ServerResponse): HttpSink {
  const over = new AbortController();
  response.once('close', () => over.abort());
  if (response.destroyed) over.abort();
  return {
    write(chunk) {
      // An empty chunk would be the last one.
      if (chunk.length === 0 || response.writableEnded || response.destroyed) return;
      corkForThisTick(response.socket);
      response.write(chunk);
    },
    get backlogBytes() {
      return response.writableLength;
    },
    end() {
      if (!response.writableEnded) response.end();
    },
    destroy() {
      response.destroy();
    },
    closed: over.signal,
  };
}

function corkForThisTick(socket: Socket | null): void {
  if (socket === null || socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}
