/** The two outputs of a command as one, in the order in which they come. */
import type { OutputChunk } from '../containerizer.ts';

type Source = AsyncIterator<Uint8Array>;
type Pulled = { readonly at: number; readonly result: IteratorResult<Uint8Array> };

/** The first is its standard output, the second, where there is one, its standard error. */
export async function* mergeOutput(sources: readonly Source[]): AsyncGenerator<OutputChunk> {
  const pull = async (at: number, source: Source): Promise<Pulled> => ({
    at,
    result: await source.next(),
  });
  const pulls = new Map(sources.map((source, at) => [at, pull(at, source)]));
  while (pulls.size > 0) {
    const { at, result } = await Promise.race(pulls.values());
    const source = sources[at];
    if (result.done === true || source === undefined) pulls.delete(at);
    else {
      pulls.set(at, pull(at, source));
      yield { stream: at === 0 ? 'stdout' : 'stderr', data: result.value };
    }
  }
}
