/** What a leading process asks of its disk for each Put: in whole pages. */
import { readFileSync } from 'node:fs';
import type { Cluster } from './clusters.ts';
import { paths } from './kv-messages.ts';

export type DiskCounts = {
  /** Bytes sent to the disk, whole pages and files beside the log included. */
  readonly writtenBytes: number;
  readonly syncs: number;
  readonly puts: number;
};

/** Per Put: syncs, and bytes written for each byte of value. */
export type DiskUse = { readonly syncs: number; readonly bytes: number };

export async function diskCounts(cluster: Cluster, node: number): Promise<DiskCounts> {
  const { header } = await cluster.status(node);
  const disk = await (cluster.name === 'etcd' ? etcdDisk(cluster, node) : ownDisk(cluster, node));
  return { ...disk, puts: Number(header.revision) };
}

export function useBetween(before: DiskCounts, after: DiskCounts, valueBytes: number): DiskUse {
  const puts = after.puts - before.puts;
  return {
    syncs: (after.syncs - before.syncs) / puts,
    bytes: (after.writtenBytes - before.writtenBytes) / (puts * valueBytes),
  };
}

type Disk = Omit<DiskCounts, 'puts'>;

/**
 * Counted by the node, since the kernel's own figure is wrong for a file that was filled with zeros:
 * it takes one changed page for all that were read or written together, up to a megabyte and more.
 */
async function ownDisk(cluster: Cluster, node: number): Promise<Disk> {
  const reply = await cluster.client(node).call(paths.counters, new Uint8Array(0));
  const text = Buffer.from(reply).toString();
  const count = (name: string): number => Number(new RegExp(`"${name}":(\\d+)`).exec(text)?.[1]);
  return { syncs: count('syncs'), writtenBytes: count('writtenBytes') };
}

/** Of its log and of the database that it keeps behind it. */
async function etcdDisk(cluster: Cluster, node: number): Promise<Disk> {
  const io = readFileSync(`/proc/${cluster.pid(node)}/io`, 'utf8');
  const writtenBytes = Number(/^write_bytes: (\d+)/m.exec(io)?.[1]);
  const text = await (await fetch(`http://${cluster.addresses[node]}/metrics`)).text();
  const count = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  const syncs =
    count('etcd_disk_wal_fsync_duration_seconds_count') +
    count('etcd_disk_backend_commit_duration_seconds_count');
  return { syncs, writtenBytes };
}
