/**
 * How a master shares out the files that it may have open. An agent is a connection, a call under way
 * another; what the log and the applied state need to be written is nobody else's.
 */
import type { Logger } from '#internal/runtime/logger.ts';

export type OpenFiles = { readonly agentsMax: number; readonly callersMax: number };

/** For the log, the applied state, the other masters, and what Node has open itself. */
const ownFiles = 256;

/**
 * Of what is left, a quarter is for callers over HTTP: schedulers, operators and tools, of which there are
 * fewer, and some of whom hold several connections.
 */
export function shareOpenFiles(openFilesMax: number): OpenFiles {
  const free = Math.max(openFilesMax - ownFiles, Math.floor(openFilesMax / 4));
  const callersMax = Math.floor(free / 4);
  return { callersMax, agentsMax: free - callersMax };
}

/** The least limit under which so many agents have room. */
export const filesNeededFor = (agents: number): number => ownFiles + Math.ceil((agents * 4) / 3);

/** Says how many agents have room; a warning when fewer than this cluster has. */
export function tellRoom(
  logger: Logger,
  { openFilesMax, agents }: { readonly openFilesMax: number; readonly agents: number },
): void {
  const { agentsMax, callersMax } = shareOpenFiles(openFilesMax);
  logger.info('open files', { openFilesMax, agentsMax, callersMax });
  if (agents <= agentsMax) return;
  logger.warn('the limit of open files (RLIMIT_NOFILE) is too low for all agents to connect', {
    agents,
    agentsMax,
    openFilesMax,
    openFilesNeeded: filesNeededFor(agents),
  });
}
