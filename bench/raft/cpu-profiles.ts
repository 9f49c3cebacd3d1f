/**
 * What V8's profiles of a process say, summed up: the time that it was busy, by the part of the
 * program in whose function it was at the moment of each sample.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Profile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  /** As `process.hrtime` counts. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
};

/** Microseconds by part, and by function with its file. */
export type SelfTimes = {
  readonly parts: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
};

/** In microseconds, as `process.hrtime` counts. */
export type Span = { readonly fromUs: number; readonly toUs: number };

/** Of all threads whose profiles lie in `folder`, within `span`. */
export function selfTimes(folder: string, { fromUs, toUs }: Span): SelfTimes {
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- V8's format.
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile;
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
    let nowUs = profile.startTime;
    for (const [at, id] of profile.samples.entries()) {
      const us = profile.timeDeltas[at] ?? 0;
      nowUs += us;
      if (nowUs < fromUs || nowUs > toUs) continue;
      const { functionName = '', url = '' } = frames.get(id) ?? {};
      const part = partOf(functionName, url);
      if (part === undefined) continue;
      parts.set(part, (parts.get(part) ?? 0) + us);
      const name = `${functionName || 'anonymous'} ${url.replace(/^.*\/(?=[^/]+$)/, '')}`.trim();
      functions.set(name, (functions.get(name) ?? 0) + us);
    }
  }
  return { parts, functions };
}

/** Undefined for a thread that waits. */
function partOf(name: string, url: string): string | undefined {
  if (name === '(idle)') return undefined;
  if (name === '(garbage collector)') return 'garbage collector';
  // Also the loop itself, and what it does in C++ before it calls us.
  if (url === '') return 'native code and system calls';
  if (url.includes('grpc-js')) return 'gRPC library';
  if (url.startsWith('node:internal/http2')) return 'HTTP/2 of Node';
  if (url.startsWith('node:')) return 'rest of Node';
  return /\/((?:raft|storage|internal|bench)\/(?:\w+))[/.]/.exec(url)?.[1] ?? 'other';
}
