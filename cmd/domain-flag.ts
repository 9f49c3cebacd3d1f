/** `--domain` of masters and agents: where a machine stands, as Mesos writes it. */
import { optional, type Flag, parsed } from '#internal/config/flag.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { FaultDomain } from '#internal/model/offer-constraints.ts';
import { domainFromWire, domainToWire } from '#internal/wire/agent-traits.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import { WireError } from '#internal/wire/wire-error.ts';

/** `meaning` is what it is to the program whose flag it is. */
export const domainFlag = (meaning: string): Flag<FaultDomain | undefined> =>
  optional(parsed({ mesos: 'domain', placeholder: 'JSON', meaning, parse, show }));

const show = (domain: FaultDomain): string => toJson('mesos.v1.DomainInfo', domainToWire(domain));

function parse(text: string): Result<FaultDomain, string> {
  try {
    const domain = domainFromWire(fromJson('mesos.v1.DomainInfo', text));
    if (domain !== undefined && domain.region !== '' && domain.zone !== '') return accept(domain);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return refuse(
    `'${text}' is not a domain such as {"fault_domain":{"region":{"name":"r"},"zone":{"name":"z"}}}`,
  );
}
