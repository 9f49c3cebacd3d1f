/**
 * Reads a compose.yaml: the keys that ours uses, and no others. What is not known here is refused, so
 * that nobody believes that it was checked or carried out.
 */
import { parseDocument } from 'yaml';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { parseDurationMs } from '#internal/config/duration.ts';

export type Service = {
  readonly name: string;
  readonly hostname: string;
  readonly command: readonly string[];
  /** Undefined: the image's own. */
  readonly user: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly published: number; readonly target: number }[];
  readonly volumes: readonly { readonly volume: string; readonly path: string }[];
  readonly stopGraceMs: number;
  /** Whether process 1 is an init that reaps orphans, with the service as its child. */
  readonly init: boolean;
};

export type Compose = {
  readonly services: readonly Service[];
  readonly volumes: readonly string[];
};

type Fields = Readonly<Record<string, unknown>>;

const serviceKeys: ReadonlySet<string> = new Set([
  'build',
  'restart',
  'stop_grace_period',
  'user',
  'init',
  'environment',
  'hostname',
  'command',
  'ports',
  'volumes',
]);

/** Everything wrong with the file at once, one line each. */
export function parseCompose(text: string): Result<Compose, readonly string[]> {
  const document = parseDocument(text, { merge: true });
  if (document.errors.length > 0) return refuse(document.errors.map(({ message }) => message));
  const file: unknown = document.toJS();
  if (!isFields(file)) return refuse(['compose.yaml is not a map']);
  const problems = Object.keys(file)
    .filter((key) => !['name', 'services', 'volumes'].includes(key) && !key.startsWith('x-'))
    .map((key) => `the key ${key} is not known here`);
  const services: Service[] = [];
  for (const [name, fields] of Object.entries(isFields(file['services']) ? file['services'] : {})) {
    const read = isFields(fields) ? parseService(name, fields) : refuse(['not a map']);
    if (read.ok) services.push(read.value);
    else problems.push(...read.refusal.map((problem) => `${name}: ${problem}`));
  }
  if (services.length === 0) problems.push('there are no services');
  const volumes = Object.keys(isFields(file['volumes']) ? file['volumes'] : {});
  return problems.length > 0 ? refuse(problems) : accept({ services, volumes });
}

function parseService(name: string, fields: Fields): Result<Service, readonly string[]> {
  const problems = Object.keys(fields)
    .filter((key) => !serviceKeys.has(key))
    .map((key) => `the key ${key} is not known here`);
  if (fields['build'] !== '.') problems.push('not built from this folder');
  const grace = parseDurationMs(textOf(fields['stop_grace_period'] ?? '10s'));
  if (!grace.ok) problems.push(`stop_grace_period: ${grace.refusal}`);
  const ports = textsOf(fields['ports']).map((text) => {
    const [, published, target] = /^(\d+):(\d+)$/.exec(text) ?? [];
    if (target === undefined) problems.push(`ports: '${text}' is not published:target`);
    return { published: Number(published), target: Number(target) };
  });
  const volumes = textsOf(fields['volumes']).map((text) => {
    const [, volume = '', path = ''] = /^([\w-]+):(\/[^:]*)$/.exec(text) ?? [];
    if (path === '') problems.push(`volumes: '${text}' is not volume:/path`);
    return { volume, path };
  });
  const environment = isFields(fields['environment']) ? fields['environment'] : {};
  if (problems.length > 0) return refuse(problems);
  return accept({
    name,
    hostname: textOf(fields['hostname'] ?? name),
    command: textsOf(fields['command']),
    user: fields['user'] === undefined ? undefined : textOf(fields['user']),
    environment: Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [key, textOf(value)]),
    ),
    ports,
    volumes,
    stopGraceMs: grace.ok ? grace.value : 0,
    init: fields['init'] === true,
  });
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : String(value));

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(textOf) : [];
