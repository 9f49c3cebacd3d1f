/**
 * Named pipes of this machine, read and written without ever blocking a thread: one that has nothing,
 * or no room, is asked again soon, and less often the longer it is idle.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FilesError } from '../files.ts';
import type { Clock } from '../clock.ts';
import type { PipeReader, PipeWriter, Pipes } from '../pipes.ts';
import { codeOf } from './system-fault.ts';

/** Not through a link: a task may have put one in the place of its pipe. */
const flags = constants.O_NONBLOCK | constants.O_NOFOLLOW;
const pieceBytes = 64 * 1024;
const pollMsMin = 2;
const pollMsMax = 32;

/** Not closed yet. One that its owner lost stays open: Node ends a process that lets it be collected. */
const held = new Set<FileHandle>();

export function systemPipes(clock: Clock): Pipes {
  return {
    openReader: (path) => openReader(clock, path),
    openWriter: (path) => openWriter(clock, path),
  };
}

async function openReader(clock: Clock, path: string): Promise<PipeReader> {
  const pipe = await openPipe(path, constants.O_RDONLY);
  const state = { isFinished: false, isClosed: false };
  return {
    chunks: chunksOf(clock, pipe, state),
    finish: () => {
      state.isFinished = true;
    },
    close: () => {
      state.isClosed = true;
      closeQuietly(pipe);
    },
  };
}

type ReaderState = { readonly isFinished: boolean; readonly isClosed: boolean };

async function* chunksOf(
  clock: Clock,
  pipe: FileHandle,
  state: ReaderState,
): AsyncGenerator<Uint8Array> {
  const wait = newWait(clock);
  for (;;) {
    // Asked first: what was written before the end is read after it.
    const wasFinished = state.isFinished;
    const buffer = new Uint8Array(pieceBytes);
    const bytes = state.isClosed ? 0 : await attempt(pipe.read(buffer, 0, pieceBytes, null));
    if (bytes !== undefined && bytes > 0) {
      wait.reset();
      yield buffer.subarray(0, bytes);
    } else if (state.isClosed) return;
    // Nobody holds its other end: not yet, or not any more.
    else if (bytes === 0 && wasFinished) {
      closeQuietly(pipe);
      return;
    } else await wait.next();
  }
}

async function openWriter(clock: Clock, path: string): Promise<PipeWriter> {
  const pipe = await openPipe(path, constants.O_RDWR);
  const wait = newWait(clock);
  const state = { isClosed: false };
  return {
    write: async (chunk) => {
      wait.reset();
      for (let at = 0; at < chunk.length && !state.isClosed;) {
        const rest = chunk.length - at;
        const bytes = await attempt(pipe.write(chunk, at, rest, null));
        if (bytes === undefined) await wait.next();
        else at += bytes;
      }
    },
    close: () => {
      state.isClosed = true;
      closeQuietly(pipe);
    },
  };
}

type Attempt = Promise<{ readonly bytesRead: number } | { readonly bytesWritten: number }>;

/** How many bytes went; undefined when none could now. One that was closed meanwhile has none. */
async function attempt(work: Attempt): Promise<number | undefined> {
  try {
    const done = await work;
    return 'bytesRead' in done ? done.bytesRead : done.bytesWritten;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EAGAIN') return undefined;
    if (code === 'EBADF') return undefined;
    throw error;
  }
}

type Wait = { next(): Promise<void>; reset(): void };

function newWait(clock: Clock): Wait {
  let pollMs = pollMsMin;
  return {
    next: async () => {
      await clock.sleep(pollMs);
      pollMs = Math.min(pollMs * 2, pollMsMax);
    },
    reset: () => {
      pollMs = pollMsMin;
    },
  };
}

/** Closing waits for a reading that is under way; nothing depends on when it is done. */
function closeQuietly(pipe: FileHandle): void {
  held.delete(pipe);
  pipe.close().catch(() => {});
}

async function openPipe(path: string, way: number): Promise<FileHandle> {
  let pipe: FileHandle;
  try {
    pipe = await open(path, way | flags);
  } catch (cause) {
    throw new FilesError(codeOf(cause), `${path}: ${String(cause)}`, { cause });
  }
  held.add(pipe);
  if ((await pipe.stat()).isFIFO()) return pipe;
  held.delete(pipe);
  await pipe.close();
  throw new FilesError('ENOTPIPE', `${path} is not a named pipe`);
}
