/** `altiplano allocator replay` as an operator uses it: on a file, in a process of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { newAllocator } from '#internal/allocator/allocator.ts';
import { recorded } from '#internal/allocator/recorder.ts';
import { newRecordingWriter } from '#internal/allocator/recording.ts';
import { judgedRun } from '#internal/allocator/testing/judged-run.ts';
import {
  clusterDefaults,
  simulatedAllocatorOptions as options,
} from '#internal/allocator/testing/simulated-cluster.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { altiplano, temporaryFolder } from './cluster.ts';

/** What an allocator was told in a cluster of chance. */
function recording(): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = newRecordingWriter((line) => void parts.push(line), {
    seed: 'one',
    options,
    bytesMax: Infinity,
  });
  const made = newAllocator({ random: randomFromSeed('one') }, options);
  const allocator = recorded(made, writer, () => undefined);
  judgedRun(
    () => ({
      handle: (event) => allocator.handle(event),
      allocate: (nowMs) => allocator.allocate({ nowMs }),
    }),
    { ...clusterDefaults, agents: 10, frameworks: 5, seed: 1, events: 200 },
  );
  return Buffer.concat(parts);
}

test('a recording is as it was, another policy shows who would win, damage is told', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'term-1.jsonl');
  const bytes = recording();
  await writeFile(path, bytes);

  const plain = await altiplano(['allocator', 'replay', path]);
  t.is(plain.status, 0, plain.stderr);
  t.regex(plain.stdout, /^\d+ runs, \d+ offers, all as recorded\n$/);

  const tried = await altiplano(['allocator', 'replay', '--weights=a=20', path]);
  t.is(tried.status, 0, tried.stderr);
  t.regex(tried.stdout, /^run \d+ at [\d.]+ s:\n {2}agent /);
  t.regex(tried.stdout, /; [1-9]\d* runs would have been otherwise, on \d+ agents\n$/);

  const damaged = Uint8Array.from(bytes);
  damaged[bytes.length >> 1] = (damaged[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(path, damaged);
  const refused = await altiplano(['allocator', 'replay', path]);
  t.is(refused.status, 1);
  t.regex(refused.stderr, /^altiplano allocator: \S+term-1\.jsonl: /);
});
