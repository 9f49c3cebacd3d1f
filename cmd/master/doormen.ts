/** Whom a master's flags let ask what. */
import type { Authenticator } from '#internal/auth/authenticator.ts';
import { basicAuthenticator } from '#internal/auth/basic.ts';
import { parseCredentials } from '#internal/auth/credentials.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Doormen } from '#internal/master/api/doorman.ts';
import type { LinkDoorman } from '#internal/rpc/link-grpc.ts';
import { readTextFile } from '#internal/runtime/real/text-file.ts';
import type { MasterFlags } from './flags.ts';

export type Doors = {
  /** Of HTTP. */
  readonly doormen: Doormen;
  /** Of the agents' links; undefined lets everybody in. */
  readonly ofAgents: LinkDoorman | undefined;
};

export function doorsOf(flags: MasterFlags): Result<Doors, string> {
  const { credentials: said } = flags;
  if (said === undefined) return accept({ doormen: {}, ofAgents: undefined });
  // A path, or what `file://` was replaced by.
  const text = said.startsWith('/') ? readTextFile(said) : accept(said);
  const credentials = text.ok ? parseCredentials(text.value) : text;
  if (!credentials.ok) return refuse(`--credentials: ${credentials.refusal}`);
  const asked = basicAuthenticator(credentials.value);
  return accept({
    doormen: {
      ...(flags.authenticateHttpReadonly && { 'mesos-master-readonly': asked }),
      ...(flags.authenticateHttpReadwrite && { 'mesos-master-readwrite': asked }),
      ...(flags.authenticateHttpFrameworks && { 'mesos-master-scheduler': asked }),
    },
    ofAgents: flags.authenticateAgents ? doormanOfAgents(asked) : undefined,
  });
}

/** Says what to do to whoever runs the agent, and not which half of its credential is wrong. */
const doormanOfAgents =
  (asked: Authenticator): LinkDoorman =>
  (authorization) => {
    if (authorization === undefined) {
      return 'agents have to say who they are here: give this one a --credential';
    }
    const verdict = asked.authenticate({ authorization }, 'altiplano-master-agent');
    return verdict.kind === 'authenticated'
      ? undefined
      : "the --credential of this agent is not among the master's --credentials";
  };
