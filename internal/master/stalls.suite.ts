/**
 * Big calls against a master that leads, each against one of its own: what the longest turn of the loop
 * is while it is answered and while what comes of it happens.
 *
 * Weighed is the time that the thread computes in a turn, not the time that passes: what else the machine
 * does is not the master's. Of two attempts the shorter counts, since code is compiled and garbage
 * of others collected when it suits the engine.
 */
import type { ExecutionContext } from 'ava';
import { assert } from '#internal/base/assert.ts';
import { type BigCall, bigCalls } from '#internal/testing/hostile/big-calls.ts';
import { fromJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import { callBytesMax } from './api/parse-call.ts';
import { stallMsMax } from './testing/besieged-master.ts';
import { WeighedMaster } from './testing/weighed-master.ts';

/** So often a call that held the loop up is tried before it counts. */
const attemptsMax = 2;

const mediaTypes: readonly MediaType[] = ['application/json', 'application/x-protobuf'];

export async function weigh(t: ExecutionContext, wanted: RegExp): Promise<void> {
  const { known } = await WeighedMaster.start();
  let longest = { ms: 0, name: 'none' };
  let count = 0;
  for (const call of bigCalls(known, callBytesMax)) {
    if (!wanted.test(call.name)) continue;
    for (const mediaType of mediaTypes) {
      const body = bodyOf(call, mediaType);
      // No server hands it on.
      if (body === undefined || body.length > callBytesMax) continue;
      count++;
      const name = `${call.name} (${mediaType}, ${body.length} bytes)`;
      let ms = Infinity;
      for (let attempt = 0; attempt < attemptsMax && ms > stallMsMax; attempt++)
        ms = Math.min(ms, await stallOf(t, name, call, { mediaType, body }));
      if (ms > longest.ms) longest = { ms, name };
      t.true(ms <= stallMsMax, `${name}: a turn of ${ms.toFixed(1)} ms`);
    }
  }
  t.true(count > 10, `only ${count} calls`);
  t.log(`${count} calls; longest turn ${longest.ms.toFixed(1)} ms of thread time: ${longest.name}`);
}

type Sent = { readonly mediaType: MediaType; readonly body: Uint8Array };

async function stallOf(
  t: ExecutionContext,
  name: string,
  { target }: BigCall,
  { mediaType, body }: Sent,
): Promise<number> {
  const master = await WeighedMaster.start();
  const stream = name.startsWith('SUBSCRIBE') ? {} : { 'mesos-stream-id': master.known.stream };
  const headers = { 'content-type': mediaType, ...stream };
  const { response, longestMs } = await master.suffer({ method: 'POST', target, headers, body });
  t.true([200, 202, 400, 409].includes(response.status), `${name}: ${response.status}`);
  t.true(master.isWell(), name);
  return longestMs;
}

/** Undefined where there is none in this media type. */
function bodyOf({ call, target }: BigCall, mediaType: MediaType): Uint8Array | undefined {
  const content = call();
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  if (mediaType === 'application/json') return Buffer.from(text);
  if (typeof content === 'string') return undefined;
  const face = target === '/api/v1' ? 'mesos.v1.master.Call' : 'mesos.v1.scheduler.Call';
  try {
    return encode(face, fromJson(face, text));
  } catch (error) {
    assert(error instanceof WireError, `an error of no codec: ${String(error)}`);
    return undefined;
  }
}
