/** `Connector` on the simulated network, where all that listens speaks HTTP. */
import type { Connector } from '../connector.ts';
import { type HttpClient, HttpError } from '../http.ts';

export function simulatedConnector({ client }: { readonly client: HttpClient }): Connector {
  return {
    async reaches({ host, port }, { signal }) {
      signal.throwIfAborted();
      try {
        const url = `http://${host}:${port}/`;
        const { body } = await client.call({ method: 'HEAD', url, signal });
        // To its end, which comes at once, so that the connection is given back.
        const chunks = body[Symbol.asyncIterator]();
        while ((await chunks.next()).done !== true);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof HttpError) return false;
        throw error;
      }
    },
  };
}
