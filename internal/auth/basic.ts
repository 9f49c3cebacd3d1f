/** Basic authentication against a list of credentials (contract 1.9). */
import type { Authenticator, Verdict } from './authenticator.ts';
import type { Credential, Credentials } from './credentials.ts';

export function basicAuthenticator(credentials: Credentials): Authenticator {
  return {
    authenticate: (headers, realm): Verdict => {
      const [principal, secret] = said(headers['authorization'] ?? '') ?? [];
      const known = principal === undefined ? undefined : credentials.get(principal);
      const isRight = isSame(secret ?? '', known ?? '') && known !== undefined;
      return principal !== undefined && secret !== undefined && isRight
        ? { kind: 'authenticated', principal }
        : { kind: 'unauthenticated', challenge: `Basic realm="${realm}"` };
    },
  };
}

/** What a client sends that is known by `credential`. */
export const basicAuthorization = ({ principal, secret }: Credential): string =>
  `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;

/** A principal has no colon; a secret may. */
function said(authorization: string): readonly [principal: string, secret: string] | undefined {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Takes as long whether it fails early or late, so that nobody learns a secret letter by letter. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let n = 0; n < one.length; n++) {
    difference |= one.charCodeAt(n) ^ other.charCodeAt(n % Math.max(1, other.length));
  }
  return difference === 0;
}
