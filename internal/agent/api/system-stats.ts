/** The load and memory of the machine, as `/system/stats.json` and the metrics have it (contract 13.3). */
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { FilesError } from '#internal/runtime/files.ts';

export type SystemStats = {
  readonly avg_load_1min: number;
  readonly avg_load_5min: number;
  readonly avg_load_15min: number;
  readonly cpus_total: number;
  readonly mem_total_bytes: number;
  readonly mem_free_bytes: number;
};

/** Zeros where the kernel does not tell. */
export async function systemStats(fileTree: FileTree): Promise<SystemStats> {
  const [load, memory, stat] = await Promise.all(
    ['loadavg', 'meminfo', 'stat'].map((name) => textOf(fileTree, `/proc/${name}`)),
  );
  const [one = 0, five = 0, fifteen = 0] = (load ?? '').split(' ').map(Number);
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(memory ?? '')?.[1] ?? 0) * 1024;
  return {
    avg_load_1min: one,
    avg_load_5min: five,
    avg_load_15min: fifteen,
    cpus_total: [...(stat ?? '').matchAll(/^cpu\d/gmu)].length,
    mem_total_bytes: bytesOf('MemTotal'),
    mem_free_bytes: bytesOf('MemFree'),
  };
}

async function textOf(fileTree: FileTree, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await fileTree.read(path, { offset: 0, length: 65_536 }));
  } catch (error) {
    if (error instanceof FilesError) return '';
    throw error;
  }
}
