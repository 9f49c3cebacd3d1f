/** `logs`, `ls` and `cat`: what lies in the sandbox of a task, also after its end. */
import { callAgent } from '#internal/client/agent-calls.ts';
import { readAgentFile } from '#internal/client/agent-files.ts';
import { TaskOutput } from '#internal/frameworks/run/task-output.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import type { FileInfo } from '#proto/gen/mesos/v1.ts';
import { plainLines } from '../plain-lines.ts';
import { type Doing, TaskError } from './doing.ts';

const streams = ['stdout', 'stderr'] as const;

/** The exit status. */
export async function logs(
  doing: Doing,
  { isFollowed }: { readonly isFollowed: boolean },
): Promise<number> {
  const { clock, http, terminal, place } = doing;
  const { agent, folder, container } = place;
  if (!isFollowed) {
    for (const stream of streams) await show(doing, { path: stream, stream });
    return 0;
  }
  const logger = openLogger({ level: 'warn', sink: plainLines('task logs') });
  const output = terminal.write.bind(terminal);
  const shown = new TaskOutput({ clock, http, logger, output }, { agent, folder });
  if (place.state === 'TASK_RUNNING' && container !== undefined) {
    const { signal } = new AbortController();
    // Refused when it has ended meanwhile: then all there is to show is there.
    await callAgent(
      http,
      { agent, signal },
      {
        type: 'WAIT_CONTAINER',
        wait_container: { container_id: container },
      },
    );
  }
  await shown.finish();
  return 0;
}

/** The exit status. */
export async function cat(doing: Doing, path: string): Promise<number> {
  await show(doing, { path, stream: 'stdout' });
  return 0;
}

type Shown = { readonly path: string; readonly stream: 'stdout' | 'stderr' };

/** Throws `TaskError` for what is not there. */
async function show({ http, terminal, place }: Doing, { path, stream }: Shown): Promise<void> {
  const { signal } = new AbortController();
  const { agent, folder } = place;
  for (let offset = 0; ;) {
    const part = await readAgentFile(http, { agent, path: inside(folder, path), offset, signal });
    if (part.kind === 'none') throw new TaskError('REFUSED', reasonOf(part.status, path));
    if (part.data.length === 0) return;
    await terminal.write(stream, part.data);
    offset += part.data.length;
  }
}

/** The exit status. */
export async function listFolder(
  { http, terminal, place }: Doing,
  { path, isLong }: { readonly path: string; readonly isLong: boolean },
): Promise<number> {
  const { signal } = new AbortController();
  const { agent, folder } = place;
  const reply = await callAgent(
    http,
    { agent, signal },
    {
      type: 'LIST_FILES',
      list_files: { path: inside(folder, path) },
    },
  );
  if (reply.kind === 'refused') throw new TaskError('REFUSED', reasonOf(reply.status, path));
  const files = reply.value?.list_files?.file_infos ?? [];
  const lines = files.map((file) => (isLong ? longLine(file) : nameOf(file)));
  await terminal.write('stdout', new TextEncoder().encode(lines.map((one) => `${one}\n`).join('')));
  return 0;
}

const inside = (folder: string, path: string): string =>
  path === '' ? folder : `${folder}/${path}`;

function reasonOf(status: number, path: string): string {
  if (status === 404) {
    return path === '' ? 'its sandbox is gone' : `there is no '${path}' in its sandbox`;
  }
  return status === 400 ? `'${path}' cannot be read` : `its agent answers ${status}`;
}

const nameOf = ({ path }: FileInfo): string => path.slice(path.lastIndexOf('/') + 1);

/** `2026-11-23 15:54`, the same everywhere. */
const timeText = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'UTC',
  dateStyle: 'short',
  timeStyle: 'short',
});

function longLine(file: FileInfo): string {
  const { nlink = 1, uid = '', gid = '', size = 0n, mtime, mode = 0 } = file;
  const time = timeText.format(Number((mtime?.nanoseconds ?? 0n) / 1_000_000n));
  const numbers = [
    String(nlink).padStart(3),
    uid.padEnd(8),
    gid.padEnd(8),
    String(size).padStart(9),
  ];
  return [modeText(mode), ...numbers, time, nameOf(file)].join(' ');
}

const folderBits = 0o040_000;
const kindBits = 0o170_000;

function modeText(mode: number): string {
  const letters = Array.from('rwxrwxrwx', (letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  return `${(mode & kindBits) === folderBits ? 'd' : '-'}${letters.join('')}`;
}
