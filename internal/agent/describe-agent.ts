/** What an agent tells masters about itself, from the machine and what its operator said. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Machine } from '#internal/runtime/machine.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { Description } from '#proto/gen/altiplano/agent/v1.ts';
import { detectResources } from './detect-resources.ts';
import { parseAttributes } from './parse-attributes.ts';

export type DescribeOptions = {
  readonly workFolder: string;
  /** Flags, as typed; empty for none. */
  readonly resources: string;
  readonly attributes: string;
  /** Undefined: the machine's. */
  readonly hostname: string | undefined;
  /** Where tasks and people reach the agent, and the port of its HTTP face. */
  readonly ip: string;
  readonly port: number;
  readonly version: string;
};

/** Refuses flags that cannot be read, in words for whoever typed them. */
export async function describeAgent(
  machine: Machine,
  options: DescribeOptions,
): Promise<Result<Description, string>> {
  const { workFolder, ip, port, version, hostname = machine.hostname } = options;
  const found = await detectResources(machine, { workFolder, flag: options.resources });
  if (!found.ok) return refuse(found.refusal);
  const attributes = parseAttributes(options.attributes);
  if (!attributes.ok) return refuse(attributes.refusal);
  const resources = resourcesToWire(found.value, 'new');
  return accept({
    agent_info: { hostname, port, resources, attributes: attributes.value },
    version,
    ip,
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'HIERARCHICAL_ROLE' },
      { type: 'RESERVATION_REFINEMENT' },
    ],
  });
}
