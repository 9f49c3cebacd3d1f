/** A master as frameworks and operators are told of it. */
import type { MasterAddress } from '#internal/model/cluster.ts';
import type { MasterInfo } from '#proto/gen/mesos/v1.ts';
import { masterPid } from './addresses.ts';

export function masterInfo(master: MasterAddress, version: string): MasterInfo {
  const { id, hostname, ip, httpPort: port } = master;
  return {
    id,
    ip: packedIp(ip),
    port,
    pid: masterPid(master),
    hostname,
    version,
    address: { hostname, ip, port },
  };
}

/**
 * The four bytes of an IPv4 address as a little-endian number, which is what Mesos's `ip` holds:
 * 127.0.0.1 is 16777343. 0 for other addresses: `address` has them in text.
 */
function packedIp(ip: string): number {
  const parts = ip.split('.').map(Number);
  const isIpv4 = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  return isIpv4 ? parts.reduceRight((packed, part) => packed * 256 + part, 0) : 0;
}
