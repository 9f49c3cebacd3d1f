/** Named pipes of this machine. Opened both ways, so that no opening waits for the other side. */
import { close, constants, fstat, open } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { FilesError } from '../files.ts';
import type { PipeReader, PipeWriter, Pipes } from '../pipes.ts';

const openFile = promisify(open);
const statOf = promisify(fstat);

/** Not through a link: a task may have put one in the place of its pipe. */
const flags = constants.O_NONBLOCK | constants.O_NOFOLLOW;

export function systemPipes(): Pipes {
  return { openReader, openWriter };
}

async function openReader(path: string): Promise<PipeReader> {
  // A writer of our own keeps the end away until `finish`.
  const keeper = await openPipe(path, constants.O_RDWR);
  const socket = socketOn(await openPipe(path, constants.O_RDONLY), { writable: false });
  let isKept = true;
  const finish = (): void => {
    if (isKept) close(keeper, () => {});
    isKept = false;
  };
  return {
    chunks: chunksOf(socket),
    finish,
    close: () => {
      finish();
      socket.destroy();
    },
  };
}

async function openWriter(path: string): Promise<PipeWriter> {
  const socket = socketOn(await openPipe(path, constants.O_RDWR), { readable: false });
  return {
    write: (chunk) =>
      new Promise((resolve) => {
        if (socket.destroyed) {
          resolve();
          return;
        }
        const done = (): void => {
          socket.off('close', done);
          resolve();
        };
        socket.once('close', done);
        socket.write(chunk, done);
      }),
    close: () => void socket.destroy(),
  };
}

async function* chunksOf(socket: Socket): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of socket as AsyncIterable<Uint8Array>) yield chunk;
  } catch {
    // Closed while somebody waited: nothing more comes.
  }
}

function socketOn(
  fd: number,
  ways: { readonly readable?: boolean; readonly writable?: boolean },
): Socket {
  const socket = new Socket({ fd, readable: true, writable: true, ...ways });
  // A task's pipe does not keep its agent running, and whoever waits hears of its end by `close`.
  socket.unref();
  socket.on('error', () => {});
  return socket;
}

async function openPipe(path: string, way: number): Promise<number> {
  let fd: number;
  try {
    fd = await openFile(path, way | flags);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'EIO';
    throw new FilesError(code, cause.message, { cause });
  }
  if ((await statOf(fd)).isFIFO()) return fd;
  close(fd, () => {});
  throw new FilesError('ENOTPIPE', `${path} is not a named pipe`);
}
