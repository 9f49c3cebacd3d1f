/** `Connector` by `node:net`. */
import { connect } from 'node:net';
import type { Connector } from '../connector.ts';

export function systemConnector(): Connector {
  return {
    reaches: ({ host, port }, { signal }) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const socket = connect({ host, port });
        const settle = (act: () => void): void => {
          signal.removeEventListener('abort', abort);
          socket.destroy();
          act();
        };
        const abort = (): void => settle(() => reject(signal.reason));
        signal.addEventListener('abort', abort);
        socket.once('connect', () => settle(() => resolve(true)));
        socket.once('error', () => settle(() => resolve(false)));
      }),
  };
}
