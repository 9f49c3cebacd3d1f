/** The real fetcher, a sandbox on the real disk, and a server that says what a test wants. */
import type { HttpHandler, HttpResponse } from '#internal/runtime/http.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemDigests } from '#internal/runtime/real/digests.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemFilters } from '#internal/runtime/real/filters.ts';
import { systemGuardedFolders } from '#internal/runtime/real/guarded-folder.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import type { User } from '#internal/runtime/processes.ts';
import { systemStages } from '#internal/runtime/real/stage.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import type { CommandInfo_URI } from '#proto/gen/mesos/v1.ts';
import { type Fetcher, type FetcherOptions, openFetcher } from '../fetch/fetcher.ts';

export type FetchRig = AsyncDisposable & {
  readonly fetcher: Fetcher;
  readonly options: FetcherOptions;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What the server was asked for. */
  readonly asked: string[];
  /** What the server says to a path; 404 to others. */
  readonly pages: Map<string, Uint8Array | HttpHandler>;
  /** A new sandbox. */
  makeSandbox(containerId: string, user?: User): Promise<string>;
  /** Fetches into a new sandbox, and says which. */
  fetch(uris: readonly CommandInfo_URI[], user?: User): Promise<string>;
};

/** Few and small, so that tests reach them. */
const testLimits = { bytesMax: 80 * 1024 * 1024, membersMax: 500 };

export async function openFetchRig(
  workFolder: string,
  more: Partial<FetcherOptions> = {},
): Promise<FetchRig> {
  await using stack = new AsyncDisposableStack();
  const clock = systemClock();
  const fileTree = systemFileTree();
  const asked: string[] = [];
  const pages = new Map<string, Uint8Array | HttpHandler>();
  const server = stack.use(
    await httpListener(openLogBook({ nowMs: () => clock.now() })).listen(
      { host: '127.0.0.1', port: 0, bodyBytesMax: 1024 },
      (request) => {
        asked.push(request.target);
        return answer(pages.get(request.target), request);
      },
    ),
  );
  const options: FetcherOptions = {
    workFolder,
    frameworksHome: undefined,
    cacheFolder: `${workFolder}/meta/fetch-cache`,
    cacheBytesMax: 1024 * 1024,
    stallMs: 60_000,
    timeMsMax: 60_000,
    limits: testLimits,
    jobsAtOnce: 16,
    ...more,
  };
  const http = stack.use(httpClient());
  const fetcher = await openFetcher(
    {
      clock,
      http,
      files: systemFiles(),
      digests: systemDigests(),
      filters: systemFilters(),
      processes: systemProcesses(),
      stages: systemStages(),
      folders: systemGuardedFolders(),
    },
    options,
  );
  let made = 0;
  const makeSandbox = async (containerId: string, user?: User): Promise<string> => {
    const folder = `${workFolder}/slaves/a-1/frameworks/f-1/executors/t/runs/${containerId}`;
    await fileTree.makeFolder(folder, user);
    return folder;
  };
  const owned = stack.move();
  return {
    fetcher,
    options,
    url: `http://127.0.0.1:${server.port}`,
    asked,
    pages,
    makeSandbox,
    fetch: async (uris, user) => {
      made++;
      const containerId = `container-${made}`;
      const sandboxFolder = await makeSandbox(containerId, user);
      await fetcher.fetch({ containerId, sandboxFolder, user, uris });
      return sandboxFolder;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function answer(
  page: Uint8Array | HttpHandler | undefined,
  request: Parameters<HttpHandler>[0],
): Promise<HttpResponse> {
  if (typeof page === 'function') return await page(request);
  const body = page ?? new Uint8Array(0);
  return { kind: 'whole', status: page === undefined ? 404 : 200, headers: {}, body };
}
