/** The scheduler on the page about the client library: it stands there as it is tested here. */
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { simulatedCluster } from '#chaos/simulation/simulated-cluster.ts';
import { runOnce } from './client-page-example.ts';

const page = readFileSync('docs/client.md', 'utf8');
const examples: readonly string[] = [...page.matchAll(/^```ts\n(.*?)^```$/gmsu)].flatMap(
  ([, code]) => code ?? [],
);

/** Where the published package keeps what the page imports. */
const inTree = (specifier: string): string =>
  specifier === 'altiplano/simulation'
    ? '#chaos/simulation/simulated-cluster.ts'
    : specifier.replace(/^altiplano/u, '#internal').concat('.ts');

const imported = /'(altiplano\/[^']+)'/gu;

test('the first example of the page is the one that is tested, and short', (t) => {
  const [shown = ''] = examples;
  const tested = readFileSync('test/client-page-example.ts', 'utf8');
  const [, ...lines] = tested.split('\n');
  const inPage = shown.replaceAll(imported, (_, name: string) => `'${inTree(name)}'`);
  t.is(lines.join('\n'), inPage);
  t.true(lines.length <= 50);
});

test('the scheduler of the page gets its command done, also in a storm', async (t) => {
  using cluster = simulatedCluster({ seed: 7 });
  const attempts = runOnce(cluster.boot('me'), cluster.masters, 'sleep 2');
  await cluster.storm(10_000);
  t.true((await cluster.settle(attempts, { withinMs: 300_000 })) >= 1);
});

test('what the page imports is there', (t) => {
  const names = examples.flatMap((code) =>
    [...code.matchAll(imported)].flatMap(([, name]) => name ?? []),
  );
  t.true(names.length > 8);
  for (const name of names) t.true(existsSync(inTree(name).slice(1)), name);
});
