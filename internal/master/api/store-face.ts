/**
 * `/api/altiplano/v1/store`: where a framework keeps what it must not forget, in JSON or protobuf
 * (`docs/store.md`). Answered when the log has decided; read as of the question.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { bytesOfText, type FrameworkStore, keyBytesMax } from '#internal/model/framework-store.ts';
import { frameworkId as toFrameworkId, type FrameworkId } from '#internal/model/ids.ts';
import type { HttpRequest } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import { type MediaType, negotiateMediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import type { Call, Reply } from '#proto/gen/altiplano/store/v1.ts';
import type { MasterDoor, Speaker, StoreWrite } from '../door.ts';
import { parseCall } from './parse-call.ts';
import {
  answerResponse,
  bodyResponse,
  errorResponse,
  notAcceptable,
  type WholeResponse,
} from './response.ts';
import { type PageLimits, pageOf } from './store-page.ts';

/** A page is made in one turn, which must be short. */
const pageLimits: PageLimits = { entriesMax: 1000, bytesMax: 512 * 1024 };

export type StoreHandler = (request: HttpRequest, principal?: string) => Promise<WholeResponse>;

export function storeHandler(door: MasterDoor): StoreHandler {
  return async (request, principal) => {
    const parsed = parseCall('altiplano.store.v1.Call', request);
    if (!parsed.ok) return parsed.refusal;
    const mediaType = negotiateMediaType(request.headers['accept']);
    if (mediaType === undefined) return notAcceptable();
    const checked = questionOf(parsed.value);
    if (!checked.ok) return checked.refusal;
    const speaker: Speaker = { streamId: request.headers['mesos-stream-id'], principal };
    const reply =
      checked.value.kind === 'write'
        ? await writeReply(door, checked.value.write, speaker)
        : await readReply(door, checked.value, speaker);
    return reply.ok ? replyResponse(mediaType, reply.value) : reply.refusal;
  };
}

type Read = {
  readonly kind: 'read';
  readonly frameworkId: FrameworkId;
  readonly read: (store: FrameworkStore) => Result<Reply, WholeResponse>;
};
type Question = Read | { readonly kind: 'write'; readonly write: StoreWrite };

function questionOf(call: Call): Result<Question, WholeResponse> {
  const { get, put, delete: deletion, list } = call;
  const asked = [get, put, deletion, list].filter((each) => each !== undefined);
  if (asked.length !== 1) {
    return malformed("Expecting one of 'get', 'put', 'delete' and 'list' to be present");
  }
  const frameworkId = toFrameworkId(call.framework_id);
  if (list !== undefined) {
    if (list.limit === 0) return malformed("Expecting 'list.limit' to be at least 1");
    const read: Read['read'] = (store) => accept({ page: pageOf(store, list, pageLimits) });
    return accept({ kind: 'read', frameworkId, read });
  }
  const key = (get ?? put ?? deletion)?.key ?? '';
  const fault = keyFault(key);
  if (fault !== undefined) return refuse(fault);
  if (get !== undefined) {
    return accept({ kind: 'read', frameworkId, read: (store) => entryOf(store, key) });
  }
  const expected = versionOf((put ?? deletion)?.expected_version);
  if (!expected.ok) return expected;
  const about = { frameworkId, key, expected: expected.value };
  const write: StoreWrite =
    put === undefined ? { kind: 'delete', ...about } : { kind: 'put', ...about, value: put.value };
  return accept({ kind: 'write', write });
}

const malformed = (problem: string): Result<never, WholeResponse> =>
  refuse(errorResponse(400, `Failed to validate store::Call: ${problem}`));

function keyFault(key: string): WholeResponse | undefined {
  if (key === '' || !key.isWellFormed()) {
    return errorResponse(
      400,
      "Failed to validate store::Call: Expecting 'key' to be text, not empty",
    );
  }
  const bytes = bytesOfText(key);
  if (bytes <= keyBytesMax) return undefined;
  return errorResponse(413, `A key has at most ${keyBytesMax} bytes, and this has ${bytes}`);
}

function versionOf(said: bigint | undefined): Result<number | undefined, WholeResponse> {
  if (said === undefined) return accept(undefined);
  const version = Number(said);
  if (Number.isSafeInteger(version)) return accept(version);
  return malformed("Expecting 'expected_version' to be a version that was given");
}

function entryOf({ values }: FrameworkStore, key: string): Result<Reply, WholeResponse> {
  const stored = values.get(key);
  if (stored === undefined) return refuse(errorResponse(404, `There is no key '${key}'`));
  return accept({ entry: { key, value: stored.value, version: BigInt(stored.version) } });
}

async function writeReply(
  door: MasterDoor,
  write: StoreWrite,
  speaker: Speaker,
): Promise<Result<Reply, WholeResponse>> {
  const outcome = await door.writeStore(write, speaker);
  if (outcome.kind === 'refused') return refuse(answerResponse(outcome.answer));
  return accept(outcome.kind === 'put' ? { version: BigInt(outcome.version) } : {});
}

async function readReply(
  door: MasterDoor,
  { frameworkId, read }: Read,
  speaker: Speaker,
): Promise<Result<Reply, WholeResponse>> {
  const reading = await door.readStore(frameworkId, speaker);
  return reading.kind === 'refused' ? refuse(answerResponse(reading.answer)) : read(reading.store);
}

function replyResponse(mediaType: MediaType, reply: Reply): WholeResponse {
  const name = 'altiplano.store.v1.Reply';
  return bodyResponse(
    mediaType,
    mediaType === 'application/json' ? toJson(name, reply) : encode(name, reply),
  );
}
