/**
 * What a framework asks of its store and what it is told, by whatever door the call came: one set of rules,
 * limits and refusals for HTTP and gRPC (`docs/store.md`). A refusal is told as HTTP would.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { bytesOfText, type FrameworkStore, keyBytesMax } from '#internal/model/framework-store.ts';
import { frameworkId as toFrameworkId, type FrameworkId } from '#internal/model/ids.ts';
import type { Call, Reply } from '#proto/gen/altiplano/store/v1.ts';
import type { Answer, MasterDoor, Speaker, StoreWrite } from '../door.ts';
import { type PageLimits, pageOf } from './store-page.ts';

/** A page is made in one turn, which must be short. */
const pageLimits: PageLimits = { entriesMax: 1000, bytesMax: 512 * 1024 };

/** Answered when the log has decided; read as of the question. */
export async function askStore(
  door: MasterDoor,
  call: Call,
  speaker: Speaker,
): Promise<Result<Reply, Answer>> {
  const checked = questionOf(call);
  if (!checked.ok) return checked;
  return checked.value.kind === 'write'
    ? await writeReply(door, checked.value.write, speaker)
    : await readReply(door, checked.value, speaker);
}

type Read = {
  readonly kind: 'read';
  readonly frameworkId: FrameworkId;
  readonly read: (store: FrameworkStore) => Result<Reply, Answer>;
};
type Question = Read | { readonly kind: 'write'; readonly write: StoreWrite };

function questionOf(call: Call): Result<Question, Answer> {
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

const malformed = (problem: string): Result<never, Answer> =>
  refuse({ status: 400, text: `Failed to validate store::Call: ${problem}` });

function keyFault(key: string): Answer | undefined {
  if (key === '' || !key.isWellFormed()) {
    return {
      status: 400,
      text: "Failed to validate store::Call: Expecting 'key' to be text, not empty",
    };
  }
  const bytes = bytesOfText(key);
  if (bytes <= keyBytesMax) return undefined;
  return { status: 413, text: `A key has at most ${keyBytesMax} bytes, and this has ${bytes}` };
}

function versionOf(said: bigint | undefined): Result<number | undefined, Answer> {
  if (said === undefined) return accept(undefined);
  const version = Number(said);
  if (Number.isSafeInteger(version)) return accept(version);
  return malformed("Expecting 'expected_version' to be a version that was given");
}

function entryOf({ values }: FrameworkStore, key: string): Result<Reply, Answer> {
  const stored = values.get(key);
  if (stored === undefined) return refuse({ status: 404, text: `There is no key '${key}'` });
  return accept({ entry: { key, value: stored.value, version: BigInt(stored.version) } });
}

async function writeReply(
  door: MasterDoor,
  write: StoreWrite,
  speaker: Speaker,
): Promise<Result<Reply, Answer>> {
  const outcome = await door.writeStore(write, speaker);
  if (outcome.kind === 'refused') return refuse(outcome.answer);
  return accept(outcome.kind === 'put' ? { version: BigInt(outcome.version) } : {});
}

async function readReply(
  door: MasterDoor,
  { frameworkId, read }: Read,
  speaker: Speaker,
): Promise<Result<Reply, Answer>> {
  const reading = await door.readStore(frameworkId, speaker);
  return reading.kind === 'refused' ? refuse(reading.answer) : read(reading.store);
}
