/** What stays when a framework or an agent goes is said in the log of the masters, by name. */
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import type { VolumeRecord } from '#internal/model/volume.ts';
import { format } from '#internal/resources/format.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { leftBehindBy } from '#internal/state/held-reservations.ts';
import type { Lead } from './lead.ts';

/** The rest is counted: `altiplano volume list` shows all. */
const namedMax = 20;

/** The framework was removed. */
export function nameLeftByFramework({ state, logger }: Lead, frameworkId: FrameworkId): void {
  const { volumes, reservations } = leftBehindBy(state, frameworkId);
  if (volumes.length + reservations.length === 0) return;
  logger.warn('framework removed; what it had reserved stays', {
    frameworkId,
    volumeCount: volumes.length,
    volumes: volumes.slice(0, namedMax).map(nameOf),
    reservationCount: reservations.length,
    reservations: reservations
      .slice(0, namedMax)
      .map(({ agent, resources }) => `${agent.hostname}: ${format(resources)}`),
  });
}

/** The agent is out of the books. */
export function nameLeftByAgent({ state, logger }: Lead, agentId: AgentId): void {
  const volumes = [...(state.volumes.get(agentId)?.values() ?? [])];
  if (volumes.length === 0) return;
  logger.warn('agent removed; its volumes stay on its disks', {
    agentId,
    volumeCount: volumes.length,
    volumes: volumes.slice(0, namedMax).map(nameOf),
  });
}

const nameOf = ({ hostname, found }: VolumeRecord): string =>
  `${hostname}: ${volumeName(found.volume)} ${found.origin}`;
