/**
 * Brings what a command names by URIs into its sandbox, before it starts: all of it, or nothing.
 *
 * It is put together in a folder of ours (`<work>/meta/fetch/<container>`), checked and bounded there, and
 * handed over when it is complete. So a task that shares the sandbox can send us nowhere, and what is
 * refused was never there. How it goes is written into the sandbox's `stderr`, as Mesos does.
 *
 * An archive stays beside what was in it, unless it came from the cache. Nothing is tried twice. An agent
 * that starts anew forgets what its last life was fetching: the container never started.
 */
import { AssertionError } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Digests } from '#internal/runtime/digests.ts';
import type { File, Files } from '#internal/runtime/files.ts';
import type { GuardedFolder, GuardedFolders } from '#internal/runtime/guarded-folder.ts';
import type { User } from '#internal/runtime/processes.ts';
import type { Stages } from '#internal/runtime/stage.ts';
import type { CommandInfo_URI } from '#proto/gen/mesos/v1.ts';
import { ContainerError } from '../containerizer.ts';
import { Assembly, type AssemblyLimits } from './assembly.ts';
import { type DownloadDependencies, download } from './download.ts';
import { FetchCache, type Held } from './fetch-cache.ts';
import { type FetchItem, parseFetchItem } from './fetch-item.ts';
import { shorten } from './member-path.ts';
import { Slots } from './slots.ts';
import { unpack } from './unpack.ts';
import { FetchError, Watch } from './watch.ts';

export type Fetcher = {
  /**
   * Throws `ContainerError`, with words for the task's owner, when anything of it cannot be had. Not
   * before the sandbox exists, and before anything else is in it that the command brings.
   */
  fetch(job: FetchJob): Promise<void>;
  /** Ends the fetch for a container that is not wanted any more. Harmless when there is none. */
  stop(containerId: string): void;
  figures(): FetchFigures;
};

export type FetchJob = {
  readonly containerId: string;
  readonly sandboxFolder: string;
  /** Who gets it, and reads files of this machine. Undefined: ourselves. */
  readonly user: User | undefined;
  readonly uris: readonly CommandInfo_URI[];
  readonly frameworkId?: string;
};

export type FetchFigures = {
  /** Containers that got all they wanted, or did not, since the start. */
  readonly succeeded: number;
  readonly failed: number;
  readonly cacheBytes: number;
  readonly cacheBytesMax: number;
  /** Containers that wait for what they want. */
  readonly pending: readonly string[];
};

export type FetcherDependencies = DownloadDependencies & {
  readonly clock: Clock;
  readonly files: Files;
  readonly digests: Digests;
  readonly stages: Stages;
  readonly folders: GuardedFolders;
};

export type FetcherOptions = {
  /** A download that brings less than a byte a second for so long is given up. */
  readonly stallMs: number;
  /** For all that one container wants, and for one fetch into the cache. */
  readonly timeMsMax: number;
  readonly workFolder: string;
  /** Where relative paths begin. */
  readonly frameworksHome: string | undefined;
  readonly cacheFolder: string;
  readonly cacheBytesMax: number;
  /** For each container. */
  readonly limits: AssemblyLimits;
  /** Containers that are fetched for at the same time; the others wait. */
  readonly jobsAtOnce: number;
};

/** Enough for applications, not for a disk. */
export const usualFetchLimits: AssemblyLimits & { readonly jobsAtOnce: number } = {
  bytesMax: 10 * 1024 ** 3,
  membersMax: 100_000,
  jobsAtOnce: 16,
};

type Ground = FetcherDependencies & FetcherOptions & { readonly cache: FetchCache };
type Job = FetchJob & { readonly signal: AbortSignal; readonly sandbox: GuardedFolder };

/** Clears away what an earlier life left, the cache included. Throws `FilesError`. */
export async function openFetcher(
  dependencies: FetcherDependencies,
  options: FetcherOptions,
): Promise<Fetcher> {
  const { cacheFolder: folder, cacheBytesMax: bytesMax, jobsAtOnce } = options;
  await dependencies.files.remove(stagesOf(options));
  const cache = await FetchCache.open(dependencies, { folder: `${folder}/altiplano`, bytesMax });
  const ground: Ground = { ...dependencies, ...options, cache };
  const slots = new Slots(jobsAtOnce);
  const watches = new Map<string, Watch>();
  const ended = { succeeded: 0, failed: 0 };
  return {
    async fetch(job) {
      if (job.uris.length === 0) return;
      // Unpacking, and waiting for the cache, are no downloads that could stall.
      using watch = new Watch(dependencies, { ...options, stallMs: undefined });
      watches.set(job.containerId, watch);
      try {
        await slots.use(watch.signal, () => fetchFor(ground, job, watch));
        ended.succeeded++;
      } catch (error) {
        ended.failed++;
        throw asContainerError(job, error);
      } finally {
        watches.delete(job.containerId);
      }
    },
    stop: (containerId) => watches.get(containerId)?.stop('It is not wanted any more'),
    figures: () => ({
      ...ended,
      cacheBytes: cache.usedBytes,
      cacheBytesMax: bytesMax,
      pending: [...watches.keys()],
    }),
  };
}

const stagesOf = ({ workFolder }: FetcherOptions): string => `${workFolder}/meta/fetch`;

function asContainerError({ containerId }: FetchJob, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AssertionError) return error;
  return new ContainerError(
    `Failed to launch container: Failed to fetch all URIs for container '${containerId}': ` +
      error.message,
    { cause: error },
  );
}

async function fetchFor(ground: Ground, job: FetchJob, watch: Watch): Promise<void> {
  const { workFolder, folders, files, limits } = ground;
  watch.begin();
  const below = job.sandboxFolder.slice(workFolder.length + 1).split('/');
  await using sandbox = await folders.open(workFolder, below);
  const whole: Job = { ...job, signal: watch.signal, sandbox };
  const folder = `${stagesOf(ground)}/${job.containerId}`;
  try {
    const stage = await ground.stages.open(folder);
    const assembly = new Assembly({ stage }, limits);
    for (const uri of job.uris) await fetchOne(ground, whole, { uri, assembly, stage: folder });
    await assembly.finish();
    watch.signal.throwIfAborted();
    await sandbox.takeAll(folder, job.user);
    await say(whole, `Successfully fetched all URIs into '${job.sandboxFolder}'`);
  } finally {
    await files.remove(folder);
  }
}

type Part = {
  readonly uri: CommandInfo_URI;
  readonly assembly: Assembly;
  /** The folder of the assembly. */
  readonly stage: string;
};

async function fetchOne(ground: Ground, job: Job, part: Part): Promise<void> {
  const shown = shorten(part.uri.value);
  await say(job, `Fetching URI '${shown}'`);
  try {
    const item = parseFetchItem(part.uri, ground.frameworksHome);
    if (!item.ok) throw new FetchError(item.refusal);
    if (item.value.cached) await fetchByCache(ground, job, { ...part, item: item.value });
    else await fetchDirectly(ground, job, { ...part, item: item.value });
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AssertionError) throw error;
    const text = `Failed to fetch '${shown}': ${error.message}`;
    await say(job, text);
    throw new FetchError(text, { cause: error });
  }
}

type ItemPart = Part & { readonly item: FetchItem };

async function fetchDirectly(
  ground: Ground,
  job: Job,
  { item, assembly, stage }: ItemPart,
): Promise<void> {
  const { path, executable } = item;
  const name = path.join('/');
  await say(job, `Downloading resource from '${shorten(item.uri)}' to '${name}'`);
  await assembly.file(path, checked(ground, job, item), executable ? 0o755 : 0o644);
  if (item.unpack !== undefined) {
    const archive = await ground.files.open(`${stage}/${name}`);
    await unpackItem(ground, job, { item, assembly, archive });
  }
  await say(job, `Fetched '${shorten(item.uri)}' to '${name}'`);
}

async function fetchByCache(ground: Ground, job: Job, { item, assembly }: ItemPart): Promise<void> {
  const name = item.path.join('/');
  await say(job, `Fetching '${shorten(item.uri)}' by the cache`);
  const held = await holdUnlessStopped(ground, job, item);
  try {
    if (item.unpack !== undefined) {
      const archive = await ground.files.open(held.path);
      await unpackItem(ground, job, { item, assembly, archive });
    } else {
      const mode = item.executable ? 0o755 : 0o644;
      await assembly.copy(item.path, { from: held.path, sizeBytes: held.sizeBytes }, mode);
    }
  } finally {
    await held.release();
  }
  await say(job, `Fetched '${shorten(item.uri)}' to '${name}'`);
}

/** The fetch into the cache is nobody's own: it goes on when one who waits for it does not any more. */
async function holdUnlessStopped(ground: Ground, job: Job, item: FetchItem): Promise<Held> {
  const { signal } = job;
  signal.throwIfAborted();
  const key = JSON.stringify([job.user?.uid ?? null, item.uri]);
  const holding = ground.cache.hold(key, async (path) => {
    return await fillFile(ground, path, checked(ground, { user: job.user }, item));
  });
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([holding, stopped]);
  } catch (error) {
    // Whoever comes too late lets go of what nobody waits for.
    holding.then((held) => held.release()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function fillFile(
  { files, limits }: Ground,
  path: string,
  content: AsyncIterable<Uint8Array>,
): Promise<number> {
  const file = await files.open(path, { create: true, exclusive: true });
  try {
    let sizeBytes = 0;
    for await (const chunk of content) {
      if (sizeBytes + chunk.length > limits.bytesMax) {
        throw new FetchError(`It is more than ${limits.bytesMax} bytes`);
      }
      await file.write(sizeBytes, [chunk]);
      sizeBytes += chunk.length;
    }
    return sizeBytes;
  } finally {
    await file.close();
  }
}

async function unpackItem(
  ground: Ground,
  job: Job,
  packed: {
    readonly item: FetchItem;
    readonly assembly: Assembly;
    /** Closed in any case. */
    readonly archive: File;
  },
): Promise<void> {
  const { item, assembly, archive } = packed;
  const { path, unpack: kind } = item;
  try {
    if (kind === undefined) return;
    const { user, signal } = job;
    await unpack(ground, { archive, path, kind, user, signal }, assembly);
  } finally {
    await archive.close();
  }
  await say(job, `Extracted '${path.join('/')}' into '${job.sandboxFolder}'`);
}

/** What is downloaded, found wanting at its end when it has another digest than it must. */
async function* checked(
  ground: Ground,
  { user, signal }: { readonly user: User | undefined; readonly signal?: AbortSignal },
  { source, checksum }: FetchItem,
): AsyncGenerator<Uint8Array> {
  using watch = new Watch(ground, ground);
  const stop = (): void => {
    watch.stop(signal?.reason instanceof Error ? signal.reason.message : 'It is given up');
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', stop, { once: true });
  watch.begin();
  try {
    const digest = checksum && ground.digests.open(checksum.algorithm);
    for await (const chunk of download(ground, source, { user, watch })) {
      digest?.update(chunk);
      yield chunk;
    }
    const found = digest?.hex();
    if (checksum === undefined || found === checksum.hex) return;
    throw new FetchError(`Its ${checksum.algorithm} is ${found}, not ${checksum.hex}`);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function say({ sandbox, user }: Job, line: string): Promise<void> {
  await sandbox.append('stderr', new TextEncoder().encode(`${line}\n`), user);
}
