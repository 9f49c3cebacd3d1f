/**
 * Reads a Dockerfile: the instructions that ours uses, and no others. What is not known here is
 * refused, so that nobody believes that it was checked or carried out.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { parseDurationMs } from '#internal/config/duration.ts';

export type Instruction =
  | { readonly kind: 'workdir'; readonly path: string }
  | {
      readonly kind: 'copy';
      /** The stage that is copied from; without it the build's context. */
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'env'; readonly name: string; readonly value: string }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'volume'; readonly path: string }
  | { readonly kind: 'expose'; readonly ports: readonly number[] }
  | ({ readonly kind: 'healthcheck' } & HealthCheck)
  | { readonly kind: 'entrypoint'; readonly command: readonly string[] }
  | { readonly kind: 'cmd'; readonly command: readonly string[] };

export type HealthCheck = {
  readonly command: readonly string[];
  readonly timeoutMs: number;
  /** Failures this early after the start do not count. */
  readonly startPeriodMs: number;
};

export type Stage = {
  /** Its name, or its number where it has none. */
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
};

/** What an image tells whoever runs it. */
export type ImageConfig = {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly volumes: readonly string[];
  readonly ports: readonly number[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly healthcheck: HealthCheck | undefined;
};

/** What a container has when the image says nothing else. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type Read = Result<Instruction, string>;

/** The stages in their order; every line that is not understood is refused by itself. */
export function parseDockerfile(text: string): Result<readonly Stage[], readonly string[]> {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  const problems: string[] = [];
  for (const line of logicalLines(text)) {
    const [, word = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
    const from = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest);
    if (word.toUpperCase() === 'FROM') {
      if (from === null) problems.push(`'${line}': not FROM image [AS name]`);
      const name = from?.[2] ?? String(stages.length);
      stages.push({ name, base: from?.[1] ?? '', instructions: [] });
      continue;
    }
    const read = parseInstruction(word.toUpperCase(), rest.trim());
    if (!read.ok) problems.push(`'${line}': ${read.refusal}`);
    else if (stages.length === 0) problems.push(`'${line}': before the first FROM`);
    else stages.at(-1)?.instructions.push(read.value);
  }
  if (stages.length === 0) problems.push('there is no FROM');
  return problems.length > 0 ? refuse(problems) : accept(stages);
}

/** The last word on everything that an image says once. A relative WORKDIR builds on the one before. */
export function imageConfig({ instructions }: Stage): ImageConfig {
  const of = <Kind extends Instruction['kind']>(
    kind: Kind,
  ): readonly Extract<Instruction, { kind: Kind }>[] =>
    instructions.filter((one): one is Extract<Instruction, { kind: Kind }> => one.kind === kind);
  return {
    env: Object.fromEntries([
      ['PATH', defaultPath],
      ...of('env').map(({ name, value }) => [name, value] as const),
    ]),
    user: of('user').at(-1)?.user ?? 'root',
    workdir: of('workdir').reduce((folder, { path }) => resolveIn(folder, path), '/'),
    volumes: of('volume').map(({ path }) => path),
    ports: of('expose').flatMap(({ ports }) => ports),
    entrypoint: of('entrypoint').at(-1)?.command ?? [],
    cmd: of('cmd').at(-1)?.command ?? [],
    healthcheck: of('healthcheck').at(-1),
  };
}

/** An absolute path in the image, without a slash at its end. */
export function resolveIn(workdir: string, path: string): string {
  return new URL(path, `file://${workdir.replace(/\/*$/, '/')}`).pathname.replace(/(?<=.)\/+$/, '');
}

/** Joins continued lines; comments vanish even between continued lines, as in Docker. */
function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line) || (open === '' && line.trim() === '')) continue;
    if (line.endsWith('\\')) {
      open += line.slice(0, -1);
    } else {
      lines.push(open + line);
      open = '';
    }
  }
  return open === '' ? lines : [...lines, open];
}

function parseInstruction(word: string, rest: string): Read {
  // Docker would replace variables in these; nothing here does, so they must not hold any.
  const replaces = ['WORKDIR', 'COPY', 'ENV', 'USER', 'VOLUME', 'EXPOSE'];
  if (replaces.includes(word) && rest.includes('$')) return refuse('variables are not known here');
  switch (word) {
    case 'WORKDIR':
      return accept({ kind: 'workdir', path: rest });
    case 'COPY':
      return parseCopy(rest);
    case 'RUN':
      return /^(\[|--)/.test(rest)
        ? refuse('only RUN and a shell command is known here')
        : accept({ kind: 'run', command: rest });
    case 'ENV':
      return parseEnv(rest);
    case 'USER':
      return accept({ kind: 'user', user: rest });
    case 'VOLUME':
      return rest.startsWith('/')
        ? accept({ kind: 'volume', path: rest })
        : refuse('not an absolute path');
    case 'EXPOSE':
      return /^\d+(\s+\d+)*$/.test(rest)
        ? accept({ kind: 'expose', ports: rest.split(/\s+/).map(Number) })
        : refuse('not a list of ports');
    case 'HEALTHCHECK':
      return parseHealthCheck(rest);
    case 'ENTRYPOINT':
    case 'CMD':
      return parseCommand(word === 'CMD' ? 'cmd' : 'entrypoint', rest);
    default:
      return refuse('this instruction is not known here');
  }
}

function parseCopy(rest: string): Read {
  const words = rest.split(/\s+/);
  const flags = words.filter((word) => word.startsWith('--'));
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.at(-1);
  const unknown = flags.filter((flag) => !/^--from=\S+$/.test(flag));
  if (unknown.length > 0) return refuse(`${unknown.join(' ')} is not known here`);
  if (paths.some((path) => /[*?[]/.test(path))) return refuse('patterns are not known here');
  if (paths.length < 2 || target === undefined) return refuse('not COPY source … target');
  if (paths.length > 2 && !target.endsWith('/')) return refuse('the target of many must end in /');
  const from = flags[0]?.slice('--from='.length);
  return accept({ kind: 'copy', from, sources: paths.slice(0, -1), target });
}

function parseEnv(rest: string): Read {
  const [, name, value] = /^([A-Za-z_]\w*)=([^\s"'\\]*)$/.exec(rest) ?? [];
  return name === undefined || value === undefined
    ? refuse('only ENV NAME=value without quotes is known here')
    : accept({ kind: 'env', name, value });
}

function parseHealthCheck(rest: string): Read {
  const [, flags = '', command = ''] = /^((?:--\S+\s+)*)CMD\s+([\s\S]+)$/.exec(rest) ?? [];
  const words = execForm(command);
  if (words === undefined) return refuse('not HEALTHCHECK [flags] CMD ["…"]');
  // Docker's own defaults.
  const durations: Record<string, number> = {
    interval: 30_000,
    timeout: 30_000,
    'start-period': 0,
  };
  for (const flag of flags.split(/\s+/).filter((word) => word !== '')) {
    const [, name = '', text = ''] = /^--([a-z-]+)=(\S+)$/.exec(flag) ?? [];
    const duration = parseDurationMs(text);
    if (!(name in durations) || !duration.ok) return refuse(`${flag} is not known here`);
    durations[name] = duration.value;
  }
  return accept({
    kind: 'healthcheck',
    command: words,
    timeoutMs: durations['timeout'] ?? 0,
    startPeriodMs: durations['start-period'] ?? 0,
  });
}

function parseCommand(kind: 'entrypoint' | 'cmd', rest: string): Read {
  const command = execForm(rest);
  // In the shell form a shell would be process 1, and swallow the signal that asks us to stop.
  return command === undefined ? refuse('not a JSON list of texts') : accept({ kind, command });
}

function execForm(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isWords = Array.isArray(value) && value.every((word) => typeof word === 'string');
    return isWords && value.length > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
