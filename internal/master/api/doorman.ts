/** Who may ask what over HTTP: the first of all checks (contract 1.7, row 2; realms of 1.9). */
import type { Authenticator, Realm } from '#internal/auth/authenticator.ts';
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { errorResponse } from './response.ts';
import { pathOf } from './router.ts';

/** Whom each realm asks; what is missing asks nobody. */
export type Doormen = { readonly [Name in Realm]?: Authenticator };

/** The reply to a request whose sender would have to say who it is; undefined lets it in. */
export function turnedAway(doormen: Doormen, request: HttpRequest): HttpResponse | undefined {
  const realm = realmOf(request);
  const verdict = realm && doormen[realm]?.authenticate(request.headers, realm);
  if (verdict?.kind !== 'unauthenticated') return undefined;
  const refused = errorResponse(401, '');
  return { ...refused, headers: { ...refused.headers, 'www-authenticate': verdict.challenge } };
}

/** Of a request that was let in; undefined where nobody asked. */
export function principalOf(doormen: Doormen, { headers }: HttpRequest): string | undefined {
  const realm = 'mesos-master-scheduler';
  const verdict = doormen[realm]?.authenticate(headers, realm);
  return verdict?.kind === 'authenticated' ? verdict.principal : undefined;
}

/** Answered to everyone: whoever looks after machines has no secrets. */
const open: ReadonlySet<string> = new Set(['/health', '/version', '/redirect']);

function realmOf({ method, target }: HttpRequest): Realm | undefined {
  const path = pathOf(target).replace(/^\/master(?=\/)/, '');
  if (open.has(path)) return undefined;
  if (/^\/api\/(?:v1\/scheduler|altiplano\/v1\/store)(?:\/|$)/.test(path)) {
    return 'mesos-master-scheduler';
  }
  const isReading = method === 'GET' || method === 'HEAD';
  const isOfApi = /^\/api\/v1(?:\/|$)/.test(path);
  return isOfApi || !isReading ? 'mesos-master-readwrite' : 'mesos-master-readonly';
}
