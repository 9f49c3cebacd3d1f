/**
 * The whole state of a cluster over gRPC, on the port of the peers, for operators who keep it. One is
 * under way at a time; the one who takes sets the pace.
 */
import {
  type Client,
  Metadata,
  type Server,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { openGrpcClient, reasonFrom } from '#internal/rpc/grpc-channel.ts';
import { toRpcStatus } from '#internal/rpc/status.ts';
import { OperatorCallError } from './grpc-operators.ts';

const savePath = '/altiplano.raft.v1.Saves/Save';

/** The state in bytes, or in words why there is none to be had here and now. */
export type Saved =
  | { readonly kind: 'bytes'; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: 'refused'; readonly why: string };

export type ServeSavesDependencies = {
  /** Shared with other services; opened and closed by the caller. */
  readonly server: Server;
  readonly save: () => Promise<Saved>;
};

/** Serves until disposed. */
export function serveSaves({ server, save }: ServeSavesDependencies): Disposable {
  let isBusy = false;
  const answer = async (call: Call): Promise<void> => {
    if (isBusy) {
      refuse(call, 'Another snapshot is being saved from this master');
      return;
    }
    isBusy = true;
    try {
      await send(call, save);
    } finally {
      isBusy = false;
    }
  };
  server.addService(service, { save: (call: Call) => void answer(call) });
  return { [Symbol.dispose]: () => server.removeService(service) };
}

/**
 * Asks the master at `host:port` of its peers. What it throws is an `OperatorCallError`: `UNREACHABLE`
 * when nothing has come yet, so that another master may be asked.
 */
export async function* askForSave(
  address: string,
  { signal, dial = (to) => openGrpcClient(to) }: AskForSaveOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const client = dial(address);
  const call = client.makeServerStreamRequest(savePath, asBuffer, asBytes, new Uint8Array());
  const giveUp = (): void => call.cancel();
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted === true) giveUp();
  let isBegun = false;
  try {
    const chunks: AsyncIterable<Uint8Array> = call;
    for await (const chunk of chunks) {
      isBegun = true;
      yield chunk;
    }
  } catch (fault) {
    const code = isBegun ? 'BROKEN' : 'UNREACHABLE';
    throw new OperatorCallError(code, `${address}: ${wordsOf(fault)}`, { cause: fault });
  } finally {
    signal?.removeEventListener('abort', giveUp);
    call.cancel();
    client.close();
  }
}

export type AskForSaveOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Opens a channel with credentials of its own (default: in the clear). */
  readonly dial?: (address: string) => Client;
};

type Call = ServerWritableStream<Uint8Array, Uint8Array>;

async function send(call: Call, save: ServeSavesDependencies['save']): Promise<void> {
  call.on('error', () => {});
  const gone = new Promise<void>((resolve) => {
    call.once('cancelled', resolve);
    call.once('close', resolve);
  });
  try {
    const saved = await save();
    if (saved.kind === 'refused') {
      refuse(call, saved.why);
      return;
    }
    call.sendMetadata(new Metadata());
    for await (const bytes of saved.bytes) {
      if (call.cancelled) return;
      if (call.write(bytes)) continue;
      await Promise.race([gone, new Promise((resolve) => call.once('drain', resolve))]);
    }
    call.end();
  } catch (fault) {
    refuse(call, fault instanceof Error ? fault.message : String(fault));
  }
}

const refuse = (call: Call, message: string): void =>
  void call.emit('error', toRpcStatus({ kind: 'unavailable', message }));

const wordsOf = (fault: unknown): string =>
  fault instanceof Error && 'details' in fault
    ? reasonFrom(String(fault.details))
    : 'no answer came';

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asBytes = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

const service: ServiceDefinition = {
  save: {
    path: savePath,
    requestStream: false,
    responseStream: true,
    requestSerialize: asBuffer,
    requestDeserialize: asBytes,
    responseSerialize: asBuffer,
    responseDeserialize: asBytes,
  },
};
