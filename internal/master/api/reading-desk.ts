/**
 * Answers that may be large, made and sent in pieces. The loop turns between any two pieces; an answer
 * that stays small is sent whole, with its length. Of one who reads slowly a bounded amount waits, and
 * one who does not read at all is let go. The bytes are the same either way.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpResponse, HttpSink } from '#internal/runtime/http.ts';
import { Slicer } from '#internal/runtime/slicer.ts';
import { bodyResponse, errorResponse } from './response.ts';

/** Undefined where others may get a turn. */
export type Pieces = Generator<Uint8Array | undefined, void, void>;

export type ReadingDesk = {
  answer(contentType: string, pieces: Pieces): Promise<HttpResponse>;
};

export type ReadingDeskOptions = {
  /** A longer answer is streamed. */
  readonly wholeBytesMax: number;
  /** Made and not taken by the network yet, for one reader; and a piece. */
  readonly backlogBytesMax: number;
  /** Taking nothing for so long ends the connection. */
  readonly stallMsMax: number;
  /** Who asks when so many are being answered is told to come again. */
  readonly readersMax: number;
};

export const defaultReadingDeskOptions: ReadingDeskOptions = {
  wholeBytesMax: 256 * 1024,
  backlogBytesMax: 1024 * 1024,
  stallMsMax: 30_000,
  readersMax: 64,
};

/** Between two looks whether a slow reader has taken something. */
const lookMs = 5;

export function newReadingDesk(
  { clock }: { readonly clock: Clock },
  options: ReadingDeskOptions = defaultReadingDeskOptions,
): ReadingDesk {
  const slicer = new Slicer({ clock });
  let readers = 0;
  return {
    async answer(contentType, pieces) {
      if (readers >= options.readersMax) return errorResponse(503, 'Too many are reading already');
      const answering = newAnswering(slicer, pieces, options);
      readers++;
      const isWhole = await answering.begin().finally(() => readers--);
      if (isWhole) return bodyResponse(contentType, Buffer.concat(answering.first));
      return {
        kind: 'stream',
        status: 200,
        headers: { 'content-type': contentType },
        open(sink) {
          readers++;
          void answering.pour(sink, clock).finally(() => readers--);
        },
      };
    },
  };
}

type Answering = {
  readonly first: readonly Uint8Array[];
  /** True when `first` is all of it. */
  begin(): Promise<boolean>;
  /** Rejects with a bug alone: what is left of a broken answer nobody could trust. */
  pour(sink: HttpSink, clock: Clock): Promise<void>;
};

function newAnswering(slicer: Slicer, pieces: Pieces, options: ReadingDeskOptions): Answering {
  const { wholeBytesMax, backlogBytesMax, stallMsMax } = options;
  const first: Uint8Array[] = [];
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      const pause = slicer.pause();
      if (pause !== undefined) await pause;
      const piece = pieces.next();
      if (piece.done === true || piece.value !== undefined) return piece.value ?? undefined;
    }
  };
  return {
    first,
    async begin() {
      for (let bytes = 0; bytes <= wholeBytesMax;) {
        const piece = await next();
        if (piece === undefined) return true;
        first.push(piece);
        bytes += piece.length;
      }
      return false;
    },
    async pour(sink, clock) {
      try {
        for (const piece of first.splice(0)) sink.write(piece);
        for (;;) {
          const isTaken = await hasRoom(sink, clock, { backlogBytesMax, stallMsMax });
          if (sink.closed.aborted) return;
          const piece = isTaken ? await next() : undefined;
          if (!isTaken) sink.destroy();
          else if (piece === undefined) sink.end();
          else sink.write(piece);
          if (piece === undefined) return;
        }
      } catch (bug) {
        sink.destroy();
        throw bug;
      } finally {
        pieces.return();
      }
    },
  };
}

export type Room = Pick<ReadingDeskOptions, 'backlogBytesMax' | 'stallMsMax'>;

/** Resolves when little enough waits for a reader, or it is gone: false when it took nothing for too long. */
export async function hasRoom(sink: HttpSink, clock: Clock, room: Room): Promise<boolean> {
  let { backlogBytes } = sink;
  let sinceMs = clock.monotonic();
  while (backlogBytes > room.backlogBytesMax && !sink.closed.aborted) {
    if (clock.monotonic() - sinceMs >= room.stallMsMax) return false;
    await clock.sleep(lookMs);
    if (sink.backlogBytes < backlogBytes) sinceMs = clock.monotonic();
    backlogBytes = sink.backlogBytes;
  }
  return true;
}
