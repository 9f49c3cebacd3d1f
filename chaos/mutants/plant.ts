/**
 * Plants a mutant in this thread: modules that are loaded from now on are read with the bug in them.
 * Files on disk are not touched. Modules that are loaded already stay as they are, so whoever plants
 * must not have imported what the mutant changes.
 */
import { registerHooks } from 'node:module';
import { filesOf, type Mutant, mutated } from './mutant.ts';

/** `onLoaded` hears once all of the mutated files are loaded. The returned question: are they? */
export function plant(mutant: Mutant, onLoaded: () => void = () => {}): () => boolean {
  const missing = new Map(
    filesOf(mutant).map((file) => [new URL(`../../${file}`, import.meta.url).href, file]),
  );
  registerHooks({
    load(asked, context, nextLoad) {
      const loaded = nextLoad(asked, context);
      const file = missing.get(asked);
      if (file === undefined || loaded.source === undefined || loaded.source === null) {
        return loaded;
      }
      missing.delete(asked);
      if (missing.size === 0) onLoaded();
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      return { ...loaded, source: mutated(text, mutant, file) };
    },
  });
  return () => missing.size === 0;
}
