/** Scenarios that come with the program, and those in files. */
import { readdirSync, readFileSync } from 'node:fs';
import { refuse, type Result } from '#internal/base/result.ts';
import { parseScenario } from './parse-scenario.ts';
import type { Scenario } from './scenario.ts';

/** In the order of their names. Those that come with the program have no mistakes. */
export function allScenarios(): readonly Scenario[] {
  const names = readdirSync(new URL('./', import.meta.url)).filter((name) =>
    name.endsWith('.yaml'),
  );
  return names.toSorted().map((name) => {
    const found = read(new URL(name, import.meta.url), name);
    if (!found.ok) throw new Error(found.refusal.join('; '));
    return found.value;
  });
}

/** By its name, or from a file that ends in `.yaml`. */
export function findScenario(word: string): Result<Scenario, readonly string[]> {
  if (word.endsWith('.yaml')) return read(word, word);
  if (!/^[a-z0-9-]+$/.test(word)) return refuse([`'${word}' is no scenario`]);
  const path = new URL(`./${word}.yaml`, import.meta.url);
  const found = read(path, `${word}.yaml`);
  return found.ok || !found.refusal[0]?.includes('ENOENT')
    ? found
    : refuse([`there is no scenario '${word}': 'altiplano chaos list' shows them`]);
}

function read(path: string | URL, name: string): Result<Scenario, readonly string[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse([error instanceof Error ? error.message : String(error)]);
  }
  return parseScenario(text, name);
}
