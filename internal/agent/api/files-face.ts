/** `/files/…`: the sandboxes for web UIs and scripts (contract 13.3). Reads are bounded by 64 KiB. */
import type { Clock } from '#internal/runtime/clock.ts';
import type { FileTree, TreeEntry } from '#internal/runtime/file-tree.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { HttpRequest, HttpResponse, HttpSink } from '#internal/runtime/http.ts';
import { jsonDouble, jsonInteger, jsonString } from '#internal/wire/json-literal.ts';
import type { AgentState } from '../core/state.ts';
import { listRuns } from '../garbage/sandboxes.ts';
import { errorResponse, jsonResponse } from './response.ts';
import { type SandboxPath, findSandboxPath } from './sandbox-path.ts';
import { sandboxOfTask } from './task-place.ts';

export type FilesDependencies = {
  readonly clock: Clock;
  readonly fileTree: FileTree;
  /** Undefined while the agent recovers. */
  view(): AgentState | undefined;
};

export type FilesOptions = { readonly workFolder: string };

export const readBytesMax: number = 64 * 1024;
/** A download is sent in such pieces, and no faster than the client takes them. */
const pieceBytes = 256 * 1024;
const backlogBytesMax = 1024 * 1024;
const backlogPollMs = 10;

type Sources = FilesDependencies & FilesOptions;
type Found = Extract<SandboxPath, { readonly kind: 'found' }>;
type Query = URLSearchParams;

/** Undefined for a path that is none of these. */
export async function answerFiles(
  sources: Sources,
  name: string,
  request: HttpRequest,
): Promise<HttpResponse | undefined> {
  const at = request.target.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : request.target.slice(at + 1));
  const jsonp = query.get('jsonp') ?? undefined;
  if (name === 'debug') return jsonResponse(await debugJson(sources), jsonp);
  if (name !== 'browse' && name !== 'read' && name !== 'download') return undefined;
  const wanted = query.get('path');
  if (wanted === null || wanted === '') {
    return errorResponse(400, "Expecting 'path=value' in query.\n");
  }
  return await withPath(sources, wanted, async (found) => {
    if (name === 'browse') {
      return await browse(sources, { found, wanted }, jsonp);
    }
    const entry = await sources.fileTree.look(found.path);
    if (entry === undefined) return missing();
    if (entry.kind === 'folder') return errorResponse(400, 'Cannot read a directory.\n');
    if (name === 'download') return download(sources, found, entry);
    return await read(sources, { found, sizeBytes: entry.sizeBytes }, query);
  });
}

/** Finds what `wanted` names and lets `answer` go on, or says why not. */
export async function withPath(
  sources: Sources,
  wanted: string,
  answer: (found: Found) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const inaccessible = errorResponse(400, `'${wanted}' is inaccessible.\n`);
  try {
    const found = await findSandboxPath(
      sources.fileTree,
      { workFolder: sources.workFolder, agentId: sources.view()?.agentId },
      wanted.length > 1 && wanted.endsWith('/') ? wanted.slice(0, -1) : wanted,
    );
    if (found.kind === 'missing') return missing();
    return found.kind === 'inaccessible' ? inaccessible : await answer(found);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    if (error.code === 'ENOENT') return missing();
    // A name with a NUL, a loop of links, no right to read: nothing that we serve.
    return inaccessible;
  }
}

const missing = (): HttpResponse => errorResponse(404, '');

/** Entries of a folder under the path by which they were asked for. */
export async function listFolder(
  { fileTree }: Sources,
  { found, wanted }: { readonly found: Found; readonly wanted: string },
): Promise<readonly TreeEntry[] | undefined> {
  const entries = await fileTree.browse(found.path, found.sandbox);
  const shown = wanted.endsWith('/') ? wanted.slice(0, -1) : wanted;
  return entries?.map((entry) => ({
    ...entry,
    path: `${shown}${entry.path.slice(found.path.length)}`,
  }));
}

async function browse(
  sources: Sources,
  place: { readonly found: Found; readonly wanted: string },
  jsonp: string | undefined,
): Promise<HttpResponse> {
  const entries = await listFolder(sources, place);
  if (entries === undefined) return missing();
  return jsonResponse(`[${entries.map(entryJson).join(',')}]`, jsonp);
}

function entryJson(entry: TreeEntry): string {
  const fields = [
    `"gid":${jsonString(entry.group)}`,
    `"mode":${jsonString(modeText(entry))}`,
    `"mtime":${jsonDouble(Math.floor(entry.modifiedMs / 1000))}`,
    `"nlink":${jsonInteger(entry.links)}`,
    `"path":${jsonString(entry.path)}`,
    `"size":${jsonInteger(entry.sizeBytes)}`,
    `"uid":${jsonString(entry.user)}`,
  ];
  return `{${fields.join(',')}}`;
}

/** As `ls` shows it: `-rw-r--r--`. */
function modeText({ kind, mode }: TreeEntry): string {
  const letter = { file: '-', folder: 'd', link: 'l', other: '?' }[kind];
  const bits = 'rwxrwxrwx';
  const rights = Array.from(bits, (right, at) => ((mode >> (8 - at)) & 1 ? right : '-'));
  return `${letter}${rights.join('')}`;
}

async function read(
  { fileTree }: Sources,
  { found, sizeBytes }: { readonly found: Found; readonly sizeBytes: number },
  query: Query,
): Promise<HttpResponse> {
  const jsonp = query.get('jsonp') ?? undefined;
  const offset = parseCount(query.get('offset'), -1);
  const length = parseCount(query.get('length'), readBytesMax);
  if (offset === undefined) return errorResponse(400, 'Failed to parse offset.\n');
  if (length === undefined) return errorResponse(400, 'Failed to parse length.\n');
  // Without an offset the question is how long the file is.
  if (offset === -1) return jsonResponse(`{"data":"","offset":${sizeBytes}}`, jsonp);
  const bounded = length === -1 ? readBytesMax : Math.min(length, readBytesMax);
  const range = { offset, length: bounded, within: found.sandbox };
  const text = new TextDecoder().decode(await fileTree.read(found.path, range));
  return jsonResponse(`{"data":${jsonString(text)},"offset":${offset}}`, jsonp);
}

/** A whole number of at least -1; undefined for anything else. */
function parseCount(text: string | null, absent: number): number | undefined {
  if (text === null) return absent;
  const count = Number(text);
  return /^-?\d+$/u.test(text) && count >= -1 && Number.isSafeInteger(count) ? count : undefined;
}

function download(sources: Sources, found: Found, { sizeBytes }: TreeEntry): HttpResponse {
  const name = found.path.slice(found.path.lastIndexOf('/') + 1).replaceAll(/["\\\r\n]/gu, '_');
  return {
    kind: 'stream',
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename=${name}`,
    },
    open: (sink) => {
      send(sources, { found, sizeBytes }, sink).catch(() => sink.destroy());
    },
  };
}

async function send(
  { clock, fileTree }: Sources,
  { found, sizeBytes }: { readonly found: Found; readonly sizeBytes: number },
  sink: HttpSink,
): Promise<void> {
  // As long as it was when the download began: a task may write faster than we read.
  for (let offset = 0; offset < sizeBytes && !sink.closed.aborted;) {
    const length = Math.min(pieceBytes, sizeBytes - offset);
    const piece = await fileTree.read(found.path, { offset, length, within: found.sandbox });
    if (piece.length === 0) break;
    sink.write(piece);
    offset += piece.length;
    while (sink.backlogBytes > backlogBytesMax && !sink.closed.aborted) {
      await clock.sleep(backlogPollMs);
    }
  }
  sink.end();
}

/**
 * Virtual paths and what they stand for: the runs of all executors whose sandboxes are there still, and
 * the tasks in them that the agent knows.
 */
async function debugJson(sources: Sources): Promise<string> {
  const { fileTree, workFolder } = sources;
  const state = sources.view();
  const names = new Map<string, string>();
  for (const { path: run } of await listRuns(fileTree, workFolder)) {
    const runs = run.slice(0, run.lastIndexOf('/'));
    names.set(run, run);
    if ((await fileTree.resolve(`${runs}/latest`)) !== (await fileTree.resolve(run))) continue;
    names.set(`${runs}/latest`, run);
    const own = `${workFolder}/slaves/${state?.agentId}/`;
    if (runs.startsWith(own)) names.set(`/${runs.slice(own.length)}/latest`, run);
  }
  for (const task of state?.tasks.values() ?? []) {
    const { byTask, folder } = sandboxOfTask(workFolder, state?.agentId, task);
    if (byTask !== undefined) names.set(byTask, folder);
  }
  const lines = Array.from(names, ([path, real]) => `${jsonString(path)}:${jsonString(real)}`);
  return `{${lines.toSorted().join(',')}}`;
}
