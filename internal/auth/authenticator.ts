/** Who a request is from: a port, so that a cluster may ask whomever it trusts. */

/** What a request may be asked for; clients are told the name (contract 1.9). */
export type Realm =
  | 'mesos-master-scheduler'
  | 'mesos-master-readonly'
  | 'mesos-master-readwrite'
  /** Of agents, on their link. */
  | 'altiplano-master-agent';

export type Verdict =
  | { readonly kind: 'authenticated'; readonly principal: string }
  /** It has to say who it is, as the challenge asks. */
  | { readonly kind: 'unauthenticated'; readonly challenge: string };

export type Authenticator = {
  /** Header names are in lower case. */
  authenticate(headers: Readonly<Record<string, string>>, realm: Realm): Verdict;
};
