/** Who a program says it is, from its flag: a path, or what `file://` was replaced by. */
import { basicAuthorization } from '#internal/auth/basic.ts';
import { parseCredential } from '#internal/auth/credentials.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { readTextFile } from '#internal/runtime/real/text-file.ts';

/** What it sends as `Authorization`; undefined when it says nothing. */
export function readCredential(flag: string | undefined): Result<string | undefined, string> {
  if (flag === undefined) return accept(undefined);
  const text = flag.startsWith('/') ? readTextFile(flag) : accept(flag);
  const credential = text.ok ? parseCredential(text.value) : text;
  return credential.ok
    ? accept(basicAuthorization(credential.value))
    : refuse(`--credential: ${credential.refusal}`);
}
