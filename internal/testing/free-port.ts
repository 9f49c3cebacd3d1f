/**
 * Ports for servers that a test stops and starts again at the same place. They lie below the range
 * that systems hand out by themselves, so that no connection takes one while its server is down.
 */
import type { Random } from '#internal/base/random.ts';
import { openGrpcServer, RpcListenError } from '#internal/rpc/grpc-server.ts';

/** Given before: whoever asked may not listen yet. */
const given = new Set<number>();

/** A port of `host` that nobody listens on; another one each time. */
export async function findFreePort(host: string, random: Random): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 10_000 + random.below(20_000);
    if (given.has(port)) continue;
    try {
      const probe = await openGrpcServer({ host, port });
      await probe[Symbol.asyncDispose]();
      given.add(port);
      return port;
    } catch (fault) {
      if (!(fault instanceof RpcListenError) || fault.code !== 'EADDRINUSE') throw fault;
    }
  }
  throw new Error(`no free port on ${host}`);
}
