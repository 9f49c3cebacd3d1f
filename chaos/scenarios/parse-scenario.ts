/**
 * Scenarios as people write them, in YAML. Read strictly: a word that means nothing here is refused with
 * its line, since a fault that was misspelt would be a fault that never happened.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { parseDurationMs } from '#internal/config/duration.ts';
import { faults } from '#chaos/nemesis/faults/catalogue.ts';
import type { Settings } from '#chaos/nemesis/faults/fault.ts';
import type { Scenario, Step, TargetWords, WorkloadName } from './scenario.ts';

/** All that is wrong with it, one sentence each, or the scenario. */
export function parseScenario(text: string, file: string): Result<Scenario, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const reader = new Reader(file, lines);
  for (const { message } of document.errors) reader.complain(undefined, message);
  const root: unknown = document.contents;
  if (!isMap(root)) reader.complain(undefined, 'a scenario is a list of keys and values');
  const scenario = isMap(root) ? readScenario(reader, root) : undefined;
  if (scenario === undefined || reader.problems.length > 0) return refuse(reader.problems);
  return accept(scenario);
}

const workloadNames: readonly WorkloadName[] = ['launches', 'registers', 'ledger'];
const keys = [
  'name',
  'about',
  'cluster',
  'workloads',
  'launches-per-second',
  'for',
  'settle',
  'faults',
];
const clusterKeys = ['masters', 'agents', 'resources', 'master-flags', 'agent-flags'];
const stepKeys = ['fault', 'target', 'at', 'every', 'for'];
const minuteMs = 60_000;

function readScenario(reader: Reader, root: YAMLMap): Scenario {
  reader.only(root, keys);
  const cluster = root.get('cluster');
  const shape = isMap(cluster) ? cluster : undefined;
  if (shape === undefined) reader.complain(root, 'cluster is missing');
  else reader.only(shape, clusterKeys);
  return {
    name: reader.text(root, 'name'),
    about: reader.text(root, 'about'),
    cluster: {
      masters: reader.count(shape, 'masters', 3),
      agents: reader.count(shape, 'agents', 2),
      resources: reader.text(shape, 'resources', 'cpus:4;mem:2048;disk:2048'),
      masterFlags: reader.texts(shape, 'master-flags'),
      agentFlags: reader.texts(shape, 'agent-flags'),
    },
    workloads: reader.texts(root, 'workloads').flatMap((word) => {
      const found = workloadNames.find((name) => name === word);
      if (found === undefined)
        reader.complain(root.get('workloads', true), `there is no workload '${word}'`);
      return found ?? [];
    }),
    launchesPerSecond: reader.count(root, 'launches-per-second', 2),
    forMs: reader.duration(root, 'for') ?? 30_000,
    settleMs: reader.duration(root, 'settle') ?? minuteMs,
    faults: reader.maps(root, 'faults').map((step) => readStep(reader, step)),
  };
}

function readStep(reader: Reader, step: YAMLMap): Step {
  const fault = reader.text(step, 'fault');
  const known = Object.hasOwn(faults, fault) ? faults[fault] : undefined;
  if (known === undefined) reader.complain(step, `there is no fault '${fault}'`);
  reader.only(step, [...stepKeys, ...Object.keys(known?.settings ?? {})]);
  const target = parseTarget(reader.text(step, 'target'));
  if (target === undefined) {
    reader.complain(step.get('target', true), `'${reader.text(step, 'target')}' is nobody`);
  }
  if (
    target?.kind === 'client' &&
    (known?.takesProcess === true || (known?.needs.length ?? 0) > 0)
  ) {
    reader.complain(step, `${fault} is for programs of the cluster, not for its clients`);
  }
  return {
    fault,
    settings: readSettings(reader, step, known?.settings ?? {}),
    target: target ?? { kind: 'leader' },
    atMs: reader.duration(step, 'at') ?? 0,
    everyMs: reader.duration(step, 'every'),
    forMs: reader.duration(step, 'for') ?? 5000,
  };
}

/** What is not said is as the fault has it; what is said is of the same kind. */
function readSettings(reader: Reader, step: YAMLMap, usual: Settings): Settings {
  const entries = Object.entries(usual).map(([name, fallback]) => {
    const value: unknown = step.get(name) ?? fallback;
    const isFit = typeof value === typeof fallback;
    if (!isFit) reader.complain(step.get(name, true), `${name} is a ${typeof fallback}`);
    return [
      name,
      isFit && (typeof value === 'number' || typeof value === 'string') ? value : fallback,
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** `leader`, `client`, `master 2`, `any agent`, `2 followers`, `all masters`, `most masters`. */
export function parseTarget(text: string): TargetWords | undefined {
  if (text === 'leader' || text === 'client') return { kind: text };
  const one = /^(?<kind>master|agent) (?<number>\d+)$/.exec(text)?.groups;
  if (one !== undefined) return { kind: 'one', name: `${one['kind']}-${one['number']}` };
  const some = /^(?<count>any|all|most|\d+) (?<kind>master|follower|agent)s?$/.exec(text)?.groups;
  if (some === undefined) return undefined;
  const word = some['count'];
  const count = word === 'all' || word === 'most' ? word : word === 'any' ? 1 : Number(word);
  const of =
    some['kind'] === 'master' ? 'masters' : some['kind'] === 'agent' ? 'agents' : 'followers';
  return count === 0 ? undefined : { kind: 'some', of, count };
}

class Reader {
  readonly problems: string[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  complain(where: unknown, problem: string): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nodes alone have a range.
    const at = (where as Node | undefined)?.range?.[0];
    const line = at === undefined ? '' : `:${this.#lines.linePos(at).line}`;
    this.problems.push(`${this.#file}${line}: ${problem}`);
  }

  only(map: YAMLMap, names: readonly string[]): void {
    for (const { key } of map.items) {
      const name = isScalar(key) ? String(key.value) : '?';
      if (!names.includes(name))
        this.complain(key, `'${name}' means nothing here; known are ${names.join(', ')}`);
    }
  }

  text(map: YAMLMap | undefined, name: string, fallback?: string): string {
    const value = map?.get(name) ?? fallback;
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    this.complain(map, `${name} is missing, or is no text`);
    return '';
  }

  count(map: YAMLMap | undefined, name: string, fallback: number): number {
    const value = map?.get(name) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
    this.complain(map?.get(name, true), `${name} is a whole number, at least 1`);
    return fallback;
  }

  duration(map: YAMLMap, name: string): number | undefined {
    const value = map.get(name);
    if (value === undefined) return undefined;
    const text = typeof value === 'string' || typeof value === 'number' ? `${value}` : 'a list';
    const parsed = parseDurationMs(text);
    if (parsed.ok) return parsed.value;
    this.complain(map.get(name, true), `${name}: ${parsed.refusal}`);
    return undefined;
  }

  texts(map: YAMLMap | undefined, name: string): readonly string[] {
    const value = map?.get(name);
    if (value === undefined) return [];
    if (!isSeq(value)) this.complain(map?.get(name, true), `${name} is a list`);
    return isSeq(value)
      ? value.items.map((item) => String(isScalar(item) ? item.value : item))
      : [];
  }

  maps(map: YAMLMap, name: string): readonly YAMLMap[] {
    const value = map.get(name);
    if (!isSeq(value)) this.complain(map, `${name} is a list`);
    return isSeq(value) ? value.items.filter((item) => isMap(item)) : [];
  }
}
