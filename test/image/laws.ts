/**
 * The laws of the image and of the example cluster: what is wrong with a Dockerfile and a
 * compose.yaml, one line each, without any engine. Commands are read by the programs' own flag tables.
 */
import { type AgentFlags, agentProgram } from '#cmd/agent/flags.ts';
import { type MasterFlags, masterProgram } from '#cmd/master/flags.ts';
import { parseFlags, type Program } from '#internal/config/flags.ts';
import { type Compose, parseCompose, type Service } from './compose.ts';
import { isIgnored } from './context.ts';
import {
  type ImageConfig,
  imageConfig,
  type Instruction,
  parseDockerfile,
  resolveIn,
  type Stage,
} from './dockerfile.ts';

export type Texts = {
  readonly dockerfile: string;
  readonly dockerignore: string;
  readonly gitignore: string;
  readonly compose: string;
  /** The major version of Node that the project is developed with. */
  readonly nodeMajor: number;
  /** Whether the working tree holds this path. */
  exists(path: string): boolean;
};

/** What a build step makes that the repository does not hold. */
const products: Readonly<Record<string, string>> = {
  node_modules: 'npm ci',
  dist: 'npm run build',
};

/** Where the health check asks when nothing else is said. */
const healthPortDefault = 5050;

type Copy = Extract<Instruction, { kind: 'copy' }>;

/** A service with its command as its program reads it. */
type Member =
  | { readonly kind: 'master'; readonly service: Service; readonly flags: MasterFlags }
  | { readonly kind: 'agent'; readonly service: Service; readonly flags: AgentFlags };

/** Empty when all is well. */
export function problemsOf(texts: Texts): readonly string[] {
  const stages = parseDockerfile(texts.dockerfile);
  const compose = parseCompose(texts.compose);
  const final = stages.ok ? stages.value.at(-1) : undefined;
  return [
    ...(stages.ok ? [] : stages.refusal),
    ...(compose.ok ? [] : compose.refusal),
    ...(stages.ok ? copyProblems(stages.value, texts) : []),
    ...(stages.ok ? baseProblems(stages.value, texts.nodeMajor) : []),
    ...contextProblems(texts),
    ...(final === undefined ? [] : imageProblems(imageConfig(final))),
    ...(final === undefined || !compose.ok
      ? []
      : composeProblems(compose.value, imageConfig(final))),
  ];
}

function copyProblems(stages: readonly Stage[], texts: Texts): readonly string[] {
  return stages.flatMap(({ instructions }, n) =>
    instructions
      .filter((one): one is Copy => one.kind === 'copy')
      .flatMap((copy) =>
        copy.from === undefined
          ? copy.sources.flatMap((source) => sourceProblems(source, texts))
          : copy.sources.flatMap((source) => stageSourceProblems(copy, source, stages.slice(0, n))),
      ),
  );

  function stageSourceProblems(
    copy: Copy,
    source: string,
    earlier: readonly Stage[],
  ): readonly string[] {
    const stage = earlier.find(({ name }) => name === copy.from);
    if (stage === undefined) return [`COPY --from=${copy.from}: no earlier stage has that name`];
    const workdir = imageConfig(stage).workdir;
    const path = resolveIn(workdir, source);
    if (!path.startsWith(`${workdir}/`)) return [`COPY ${source}: outside of ${workdir}`];
    const relative = path.slice(workdir.length + 1);
    const maker = products[relative.split('/')[0] ?? ''];
    if (maker === undefined) return sourceProblems(relative, texts);
    const isMade = stage.instructions.some(
      (one) => one.kind === 'run' && one.command.includes(maker),
    );
    return isMade ? [] : [`COPY ${source}: no '${maker}' made it`];
  }
}

function sourceProblems(source: string, texts: Texts): readonly string[] {
  const path = source.replace(/^\.\/|\/$/g, '');
  if (!texts.exists(path)) return [`COPY ${source}: the repository does not hold it`];
  return path !== '.' && isIgnored(texts.dockerignore, path)
    ? [`COPY ${source}: .dockerignore keeps it out`]
    : [];
}

function baseProblems(stages: readonly Stage[], nodeMajor: number): readonly string[] {
  return stages
    .filter(({ base }) => Number(/^node:(\d+)-\w+-slim$/.exec(base)?.[1]) !== nodeMajor)
    .map(({ base }) => `FROM ${base}: not a slim Debian with Node ${nodeMajor}`);
}

/** Nothing that git ignores is sent, nor git's own folder. */
function contextProblems({ dockerignore, gitignore }: Texts): readonly string[] {
  const ignored = gitignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return ['.git', ...ignored]
    .map((line) => line.replace(/^\/|\/$/g, '').replace('*', 'x'))
    .filter((path) => !isIgnored(dockerignore, path))
    .map((path) => `.dockerignore does not keep ${path} out`);
}

function imageProblems(image: ImageConfig): readonly string[] {
  return [
    ...(image.user === 'root' || image.user === '0' ? ['the image runs as root'] : []),
    ...(image.healthcheck === undefined ? ['the image has no HEALTHCHECK'] : []),
    ...(image.entrypoint.length === 0 ? ['the image has no ENTRYPOINT'] : []),
  ];
}

function composeProblems(compose: Compose, image: ImageConfig): readonly string[] {
  const problems: string[] = [];
  const members = compose.services.flatMap((service): readonly Member[] => {
    const read = readMember(service);
    problems.push(...read.problems);
    return read.member === undefined ? [] : [read.member];
  });
  const published = compose.services.flatMap(({ ports }) => ports.map((port) => port.published));
  if (new Set(published).size < published.length) problems.push('a port is published twice');
  const mounted = compose.services.flatMap(({ volumes }) => volumes.map(({ volume }) => volume));
  if (new Set(mounted).size < mounted.length) problems.push('two services share a volume');
  problems.push(
    ...compose.volumes
      .filter((volume) => !mounted.includes(volume))
      .map((volume) => `the volume ${volume} is never mounted`),
    ...mounted
      .filter((volume) => !compose.volumes.includes(volume))
      .map((volume) => `the volume ${volume} is not declared`),
    ...members.flatMap((member) =>
      memberProblems(member, image).map((problem) => `${member.service.name}: ${problem}`),
    ),
    ...peerProblems(members),
  );
  return problems;
}

function readMember(service: Service): {
  readonly member: Member | undefined;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const read = <Flags extends object>(program: Program<Flags>): Flags | undefined => {
    const parsed = parseFlags(program, service.command.slice(1));
    if (parsed.ok && parsed.value.kind === 'values') return parsed.value.values;
    problems.push(...(parsed.ok ? ['only asks for help'] : parsed.refusal));
    return undefined;
  };
  const [kind] = service.command;
  let member: Member | undefined;
  if (kind === 'master') {
    const flags = read(masterProgram);
    member = flags && { kind, service, flags };
  } else if (kind === 'agent') {
    const flags = read(agentProgram);
    member = flags && { kind, service, flags };
  } else {
    problems.push(`the command ${kind} is neither master nor agent`);
  }
  return { member, problems: problems.map((problem) => `${service.name}: ${problem}`) };
}

function memberProblems({ kind, service, flags }: Member, image: ImageConfig): readonly string[] {
  const healthPort = Number(service.environment['ALTIPLANO_HEALTH_PORT'] ?? healthPortDefault);
  const listens = kind === 'master' ? [flags.port, flags.grpcPort, flags.peerPort] : [flags.port];
  const isRoot = (service.user ?? image.user) === 'root';
  return [
    ...(healthPort === flags.port ? [] : [`its health is asked at ${healthPort}, not its port`]),
    ...listens
      .filter((port) => !image.ports.includes(port))
      .map((port) => `it listens at ${port}, which the image does not EXPOSE`),
    ...service.ports
      .filter(({ target }) => target !== flags.port)
      .map(({ target }) => `it publishes ${target}, where no HTTP listens`),
    ...(service.volumes.some(({ path }) => path === flags.workDir)
      ? []
      : [`its work directory ${flags.workDir} is not on a volume`]),
    ...(flags.hostname === service.name ? [] : [`it tells others the name ${flags.hostname}`]),
    ...(service.hostname === service.name ? [] : [`its hostname is ${service.hostname}`]),
    ...(kind === 'master' && isRoot ? ['a master runs as root'] : []),
    ...(kind === 'agent' && !service.init ? ['nothing reaps what its tasks leave behind'] : []),
    ...(kind === 'agent' && !isRoot && flags.switchUser
      ? ['an agent that switches users does not run as root']
      : []),
  ];
}

/** Every list of masters names exactly the masters of the file, at the ports that are for them. */
function peerProblems(members: readonly Member[]): readonly string[] {
  const masters = members.filter((member) => member.kind === 'master');
  const addresses = masters.map(({ service, flags }) => `${service.name}:${flags.grpcPort}`);
  const peers = masters.map(
    ({ service, flags }) => `${flags.nodeId}=${service.name}:${flags.peerPort}`,
  );
  return [
    ...(masters.length % 2 === 1 ? [] : [`${masters.length} masters: an odd number is wanted`]),
    ...masters
      .filter(({ flags }) => differs(flags.peers, peers))
      .map(({ service }) => `${service.name}: its --peers are not ${peers.join(',')}`),
    ...members
      .filter((member) => member.kind === 'agent')
      .filter(({ flags }) => differs(flags.masters, addresses))
      .map(({ service }) => `${service.name}: its --masters are not ${addresses.join(',')}`),
  ];
}

const differs = (listed: readonly string[], wanted: readonly string[]): boolean =>
  listed.toSorted().join(',') !== wanted.toSorted().join(',');
