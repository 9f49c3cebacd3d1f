/** Whom a master's flags let ask what. */
import { basicAuthenticator } from '#internal/auth/basic.ts';
import { parseCredentials } from '#internal/auth/credentials.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Doormen } from '#internal/master/api/doorman.ts';
import { readTextFile } from '#internal/runtime/real/text-file.ts';
import type { MasterFlags } from './flags.ts';

export function doormenOf(flags: MasterFlags): Result<Doormen, string> {
  const { credentials: said } = flags;
  if (said === undefined) return accept({});
  // A path, or what `file://` was replaced by.
  const text = said.startsWith('/') ? readTextFile(said) : accept(said);
  const credentials = text.ok ? parseCredentials(text.value) : text;
  if (!credentials.ok) return refuse(`--credentials: ${credentials.refusal}`);
  const asked = basicAuthenticator(credentials.value);
  return accept({
    ...(flags.authenticateHttpReadonly && { 'mesos-master-readonly': asked }),
    ...(flags.authenticateHttpReadwrite && { 'mesos-master-readwrite': asked }),
    ...(flags.authenticateHttpFrameworks && { 'mesos-master-scheduler': asked }),
  });
}
