/**
 * Plants a mutant in this thread: modules that are loaded from now on are read with the bug in them.
 * Files on disk are not touched. Modules that are loaded already stay as they are, so whoever plants
 * must not have imported what the mutant changes.
 */
import { registerHooks } from 'node:module';
import { type Mutant, mutated } from './mutant.ts';

/** The returned question: has the mutated file been loaded? */
export function plant(mutant: Mutant): () => boolean {
  const url = new URL(`../../${mutant.file}`, import.meta.url).href;
  let isLoaded = false;
  registerHooks({
    load(asked, context, nextLoad) {
      const loaded = nextLoad(asked, context);
      if (asked !== url || loaded.source === undefined || loaded.source === null) return loaded;
      isLoaded = true;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      return { ...loaded, source: mutated(text, mutant) };
    },
  });
  return () => isLoaded;
}
