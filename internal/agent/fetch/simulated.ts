/**
 * A fetcher on virtual time: nothing comes, but as long as it takes. The last part of a URI says how it
 * goes: `missing` fails, `slow` takes up to half a minute, anything else up to half a second.
 */
import type { Random } from '#internal/base/random.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { ContainerError } from '../containerizer.ts';
import type { FetchJob, Fetcher } from './fetcher.ts';

const usualMs = 500;
const slowMs = 30_000;

/** For one run of the agent's program: with that it ends. */
export function simulatedFetcher(life: Life, random: Random): Pick<Fetcher, 'fetch' | 'stop'> {
  const stops = new Map<string, () => void>();
  return {
    async fetch(job) {
      for (const { value } of job.uris) {
        const name = value.slice(value.lastIndexOf('/') + 1);
        const takesMs = random.below(name === 'slow' ? slowMs : usualMs);
        const isStopped = await new Promise<boolean>((resolve) => {
          stops.set(job.containerId, () => resolve(true));
          life.schedule(takesMs, 'fetch', () => resolve(false));
        });
        stops.delete(job.containerId);
        if (isStopped) throw refusal(job, 'It is not wanted any more');
        if (name === 'missing') throw refusal(job, `Failed to fetch '${value}'`);
      }
    },
    stop: (containerId) => stops.get(containerId)?.(),
  };
}

const refusal = ({ containerId }: FetchJob, why: string): ContainerError =>
  new ContainerError(
    `Failed to launch container: Failed to fetch all URIs for container '${containerId}': ${why}`,
  );
