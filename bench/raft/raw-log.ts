/**
 * What a log could reach on this disk at best: records of one value each, checksummed with zlib, as
 * many to a write as are outstanding, one sync a write, on a file that was filled with zeros before.
 * It runs as a program too, so that it gets the policy that the others get.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { crc32 } from 'node:zlib';
import type { Wrap } from './clusters.ts';

type RawOptions = { readonly outstanding: number; readonly valueBytes: number };

const headerBytes = 24;
const fileBytes = 64 << 20;
const durationMs = 1000;

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

function measure(path: string, { outstanding, valueBytes }: RawOptions): number {
  const file = fs.openSync(path, 'w');
  const zeros = Buffer.alloc(1 << 20);
  for (let at = 0; at < fileBytes; at += zeros.length) fs.writeSync(file, zeros);
  fs.fsyncSync(file);
  const recordBytes = headerBytes + valueBytes;
  const batch = Buffer.alloc(recordBytes * outstanding, 'v');
  let [records, at] = [0, 0];
  const start = performance.now();
  while (performance.now() - start < durationMs) {
    for (let offset = 0; offset < batch.length; offset += recordBytes) {
      const value = batch.subarray(offset + headerBytes, offset + recordBytes);
      batch.writeUInt32LE(crc32(value), offset);
    }
    fs.writeSync(file, batch, 0, batch.length, at);
    fs.fdatasyncSync(file);
    records += outstanding;
    at = at + 2 * batch.length > fileBytes ? 0 : at + batch.length;
  }
  const perSecond = (1000 * records) / (performance.now() - start);
  fs.closeSync(file);
  fs.rmSync(path);
  return perSecond;
}

if (process.argv[1] === import.meta.filename) {
  const [folder = '', outstanding, valueBytes] = process.argv.slice(2);
  const options = { outstanding: Number(outstanding), valueBytes: Number(valueBytes) };
  console.log(measure(join(folder, 'raw.log'), options));
}
