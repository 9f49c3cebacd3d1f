/** LIST_FILES and READ_FILE of the agent operator API. */
import type { HttpResponse } from '#internal/runtime/http.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import type { Call_ReadFile } from '#proto/gen/mesos/v1/agent.ts';
import {
  type FilesDependencies,
  type FilesOptions,
  listFolder,
  readBytesMax,
  withPath,
} from './files-face.ts';
import { replyTo } from './reply.ts';
import { errorResponse } from './response.ts';

type AskedFiles = {
  readonly sources: FilesDependencies & FilesOptions;
  readonly type: MediaType;
};

export async function listFiles(
  { sources, type }: AskedFiles,
  wanted: string,
): Promise<HttpResponse> {
  return await withPath(sources, wanted, async (found) => {
    const entries = await listFolder(sources, { found, wanted });
    if (entries === undefined) return errorResponse(404, '');
    const file_infos = entries.map((entry) => ({
      path: entry.path,
      nlink: entry.links,
      size: BigInt(entry.sizeBytes),
      mtime: { nanoseconds: BigInt(Math.floor(entry.modifiedMs / 1000)) * 1_000_000_000n },
      mode: entry.mode,
      uid: entry.user,
      gid: entry.group,
    }));
    return replyTo(type, { type: 'LIST_FILES', list_files: { file_infos } });
  });
}

export async function readFile(
  { sources, type }: AskedFiles,
  call: Call_ReadFile,
): Promise<HttpResponse> {
  return await withPath(sources, call.path, async (found) => {
    const { fileTree } = sources;
    const entry = await fileTree.look(found.path);
    if (entry === undefined) return errorResponse(404, '');
    if (entry.kind === 'folder') return errorResponse(400, 'Cannot read a directory.\n');
    const size = BigInt(entry.sizeBytes);
    const isPast = call.offset >= size;
    const length = Math.min(Number(call.length ?? BigInt(readBytesMax)), readBytesMax);
    const range = { offset: Number(call.offset), length, within: found.sandbox };
    const data = isPast ? new Uint8Array(0) : await fileTree.read(found.path, range);
    return replyTo(type, { type: 'READ_FILE', read_file: { size, data } });
  });
}
