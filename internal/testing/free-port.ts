/**
 * Ports for servers that a test stops and starts again at the same place. They lie below the range
 * that systems hand out by themselves, so that no connection takes one while its server is down.
 */
import { threadId } from 'node:worker_threads';
import type { Random } from '#internal/base/random.ts';
import { openGrpcServer, RpcListenError } from '#internal/rpc/grpc-server.ts';

/** Given before: whoever asked may not listen yet. */
const given = new Set<number>();

/** Tests of other files look for ports at the same time, each among these few of its own. */
const sliceSize = 500;
const sliceStart = 10_000 + ((process.pid * 7 + threadId) % 40) * sliceSize;

/** A port of `host` that nobody listens on; another one each time. */
export async function findFreePort(host: string, random: Random): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = sliceStart + random.below(sliceSize);
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
