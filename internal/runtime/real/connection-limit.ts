/**
 * How many connections a server may have. Each is an open file, of which a process has so many and no
 * more: a server without a limit would, on a bad day, leave none for the log.
 */
import { readFile } from 'node:fs/promises';
import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const accepted = 'net.server.socket';

/**
 * Hangs up on whoever connects to the server on `port` of this thread while it has `connectionsMax`
 * already. For servers of any library: Node tells of every connection that it accepts.
 */
export function limitConnections(
  port: number,
  connectionsMax: number,
  onTurnedAway: () => void,
): Disposable {
  let connections = 0;
  const onSocket = (message: unknown): void => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's format.
    const { socket } = message as { readonly socket: Socket };
    if (socket.localPort !== port) return;
    if (connections >= connectionsMax) {
      socket.destroy();
      onTurnedAway();
      return;
    }
    connections++;
    socket.once('close', () => connections--);
  };
  diagnostics.subscribe(accepted, onSocket);
  return { [Symbol.dispose]: () => void diagnostics.unsubscribe(accepted, onSocket) };
}

/**
 * Files that this process may have open; Node has raised it as far as it may. Undefined on a system that
 * does not tell, and where there is no limit.
 */
export async function openFilesMax(): Promise<number | undefined> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
