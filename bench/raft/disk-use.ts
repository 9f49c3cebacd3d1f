/** What a leading process asks of its disk for each Put: counted by the kernel and by the nodes. */
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
  const io = readFileSync(`/proc/${cluster.pid(node)}/io`, 'utf8');
  const writtenBytes = Number(/^write_bytes: (\d+)/m.exec(io)?.[1]);
  const isOwn = cluster.name === 'own';
  const syncs = isOwn ? await ownSyncs(cluster, node) : await etcdSyncs(cluster, node);
  return { writtenBytes, syncs, puts: Number(header.revision) };
}

export function useBetween(before: DiskCounts, after: DiskCounts, valueBytes: number): DiskUse {
  const puts = after.puts - before.puts;
  return {
    syncs: (after.syncs - before.syncs) / puts,
    bytes: (after.writtenBytes - before.writtenBytes) / (puts * valueBytes),
  };
}

async function ownSyncs(cluster: Cluster, node: number): Promise<number> {
  const reply = await cluster.client(node).call(paths.counters, new Uint8Array(0));
  return Number(/"syncs":(\d+)/.exec(Buffer.from(reply).toString())?.[1]);
}

/** Of its log, and of the database that it keeps behind it. */
async function etcdSyncs(cluster: Cluster, node: number): Promise<number> {
  const text = await (await fetch(`http://${cluster.addresses[node]}/metrics`)).text();
  const count = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return (
    count('etcd_disk_wal_fsync_duration_seconds_count') +
    count('etcd_disk_backend_commit_duration_seconds_count')
  );
}
