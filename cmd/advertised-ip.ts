/** The address that others are told when a program listens on all of them. */
import { networkInterfaces } from 'node:os';

/** `ip` itself, unless it is the wildcard: then the first address that is not a loopback's. */
export function advertisedIp(ip: string): string {
  if (ip !== '0.0.0.0' && ip !== '::') return ip;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outer = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outer?.address ?? '127.0.0.1';
}
