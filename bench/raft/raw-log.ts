/**
 * What a log could reach on this disk in this language at best: no Raft, no peers, no recovery. So
 * many callers wait each for a record of its own; all that came while the last sync ran become one
 * write and one sync, on a file that was filled with zeros before. Checksums are zlib's.
 *
 * It runs as a program too, so that it gets the policy that the others get.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { crc32 } from 'node:zlib';
import type { Wrap } from './clusters.ts';
import { closedLoop } from './latencies.ts';

type RawOptions = { readonly outstanding: number; readonly valueBytes: number };

const headerBytes = 24;
const fileBytes = 64 << 20;
const durationMs = 1500;

/** Records a second. */
export function rawLogRate(folder: string, options: RawOptions, run: Wrap): number {
  const { command, args } = run({
    command: process.execPath,
    args: [import.meta.filename, folder, `${options.outstanding}`, `${options.valueBytes}`],
  });
  const { stdout, stderr, status } = spawnSync(command, [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

class RawLog {
  readonly #file: number;
  readonly #recordBytes: number;
  #waiting: { readonly value: Uint8Array; readonly resolve: () => void }[] = [];
  #isWriting = false;
  #at = 0;

  constructor(path: string, { valueBytes }: RawOptions) {
    this.#file = fs.openSync(path, 'w');
    this.#recordBytes = headerBytes + valueBytes;
    const zeros = Buffer.alloc(1 << 20);
    for (let at = 0; at < fileBytes; at += zeros.length) fs.writeSync(this.#file, zeros);
    fs.fsyncSync(this.#file);
  }

  append(value: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ value, resolve });
    if (!this.#isWriting) setImmediate(() => this.#write());
    this.#isWriting = true;
    return promise;
  }

  #write(): void {
    const served = this.#waiting;
    this.#waiting = [];
    this.#isWriting = served.length > 0;
    if (!this.#isWriting) return;
    const batch = Buffer.alloc(this.#recordBytes * served.length);
    let offset = 0;
    for (const { value } of served) {
      batch.writeUInt32LE(value.length, offset);
      batch.writeUInt32LE(crc32(value), offset + 4);
      batch.set(value, offset + headerBytes);
      offset += this.#recordBytes;
    }
    if (this.#at + batch.length > fileBytes) this.#at = 0;
    fs.write(
      this.#file,
      batch,
      0,
      batch.length,
      this.#at,
      orThrow(() => {
        fs.fdatasync(
          this.#file,
          orThrow(() => {
            for (const { resolve } of served) resolve();
            setImmediate(() => this.#write());
          }),
        );
      }),
    );
    this.#at += batch.length;
  }
}

const orThrow =
  (next: () => void) =>
  (fault: Error | null): void => {
    if (fault !== null) throw fault;
    next();
  };

async function measure(path: string, options: RawOptions): Promise<number> {
  const log = new RawLog(path, options);
  const values = Array.from({ length: options.outstanding }, (_, loop) =>
    Buffer.alloc(options.valueBytes, loop),
  );
  const { perSecond } = await closedLoop(options.outstanding, durationMs, (loop) =>
    log.append(values[loop] ?? values[0] ?? Buffer.alloc(0)),
  );
  fs.rmSync(path);
  return perSecond;
}

if (process.argv[1] === import.meta.filename) {
  const [folder = '', outstanding, valueBytes] = process.argv.slice(2);
  const options = { outstanding: Number(outstanding), valueBytes: Number(valueBytes) };
  console.log(await measure(join(folder, 'raw.log'), options));
}
