/**
 * `.ci/image` without its namespaces: builds the image as the Dockerfile says, starts the cluster that
 * compose.yaml describes, uses it, and stops it. Needs to be root in mount and process namespaces of
 * its own, which take every mount and process along when this ends, however it ends.
 *
 * Usage: node test/image/main.ts FOLDER, an empty one on a real filesystem.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { assert } from '#internal/base/assert.ts';
import type { Result } from '#internal/base/result.ts';
import { buildImage, type Image } from './build.ts';
import { parseCompose } from './compose.ts';
import { type Container, get, type Network, openNetwork, startContainer } from './containers.ts';
import { isIgnored } from './context.ts';
import { parseDockerfile } from './dockerfile.ts';
import { makeBase } from './rootfs.ts';

const readyMsMax = 60_000;
const pollMs = 250;
const runMsMax = 30_000;
const lastWords = 15;

const start = performance.now();

async function main(folder: string): Promise<void> {
  const stages = accepted(parseDockerfile(readFileSync('Dockerfile', 'utf8')));
  const { services } = accepted(parseCompose(readFileSync('compose.yaml', 'utf8')));
  const context = join(folder, 'context');
  say(`context: ${copyContext(context)} files`);
  const base = makeBase(join(folder, 'base'));
  const image = buildImage(stages, { folder, context, base, say });
  say(`image: ${stages.length} stages, runs as ${image.config.user}`);

  const network = openNetwork(join(folder, 'network'), services);
  const containers = services.map((one) => startContainer(one, image, { folder, network }));
  try {
    await useCluster(containers, image, network);
    await stopCluster(containers);
  } catch (error) {
    for (const { service, logFile } of containers) {
      const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-lastWords);
      say(`--- ${service.name} said last\n${lines.join('\n')}`);
    }
    throw error;
  }
}

/** What a clone's working tree would send: neither what git ignores nor what .dockerignore names. */
function copyContext(target: string): number {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const dockerignore = readFileSync('.dockerignore', 'utf8');
  const paths = execFileSync('git', list, { encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(path) && !isIgnored(dockerignore, path));
  for (const path of new Set(paths)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(path, join(target, path), { verbatimSymlinks: true });
  }
  return paths.length;
}

async function useCluster(
  containers: readonly Container[],
  image: Image,
  network: Network,
): Promise<void> {
  const masters = containers.filter(({ service }) => service.command[0] === 'master');
  const agents = containers.filter(({ service }) => service.command[0] === 'agent');
  const addresses = masters.map(({ ip }) => `${ip}:5050`);
  await until(
    `a leader with ${agents.length} agents`,
    async () => (await activeAgents(addresses, network)) === agents.length,
    containers,
  );
  say(`cluster: ${masters.length} masters, ${agents.length} active agents`);

  const { healthcheck } = image.config;
  assert(healthcheck !== undefined, 'the image has a HEALTHCHECK');
  for (const container of containers) {
    const { status, stderr } = await container.exec(healthcheck.command, healthcheck);
    assert(status === 0, `${container.service.name} is not healthy: status ${status} ${stderr}`);
  }
  say(`health: ${containers.length} of ${containers.length} are well`);

  const [first] = masters;
  assert(first !== undefined, 'there is a master');
  const names = masters.map(({ service }) => `${service.name}:5050`).join(',');
  const script = 'sleep 1000 & echo hi';
  const run = ['altiplano', 'run', `--masters=${names}`, '--command', script];
  const { status, stdout, stderr } = await first.exec(run, { timeoutMs: runMsMax });
  assert(status === 0 && stdout === 'hi\n', `run: status ${status} '${stdout}' ${stderr}`);
  await until('nothing is left of the task', async () => await noneLeft(agents), containers);
  say(`altiplano run --command '${script}': ${stdout.trim()}, and nothing is left of it`);
}

/** Neither a process that outlived its task, nor a dead one that nobody reaped. */
async function noneLeft(agents: readonly Container[]): Promise<boolean> {
  const script = ['sh', '-c', 'cat /proc/[0-9]*/stat'];
  const lists = await Promise.all(
    agents.map(async (agent) => await agent.exec(script, { timeoutMs: runMsMax })),
  );
  return lists.every(({ stdout }) => stdout !== '' && !/\(sleep\)|\) Z /.test(stdout));
}

/** What the leader's /slaves counts; -1 while nobody leads. */
async function activeAgents(masters: readonly string[], network: Network): Promise<number> {
  const replies = await Promise.all(masters.map((one) => get(network, `http://${one}/slaves`)));
  const body = replies.find((reply) => reply !== undefined);
  return body === undefined ? -1 : body.split('"active":true').length - 1;
}

/** As `docker compose stop`: everybody is asked at once, and has its grace period to end well. */
async function stopCluster(containers: readonly Container[]): Promise<void> {
  const asked = performance.now();
  for (const container of containers) container.signal('SIGTERM');
  await Promise.all(
    containers.map(async ({ service, ended }) => {
      const late = pause(service.stopGraceMs, undefined, { ref: false });
      const end = await Promise.race([ended, late]);
      assert(end !== undefined, `${service.name} did not end in ${service.stopGraceMs} ms`);
      assert(end.status === 0, `${service.name} ended with status ${end.status}`);
    }),
  );
  say(`stopped: every service with status 0 after ${seconds(asked)}`);
}

/** Polls, and gives up at once when a container ends. */
async function until(
  what: string,
  holds: () => Promise<boolean>,
  containers: readonly Container[],
): Promise<void> {
  const deadline = performance.now() + readyMsMax;
  let fallen: string | undefined;
  const watch = async ({ service, ended }: Container): Promise<void> => {
    const { status } = await ended;
    fallen = `${service.name} ended with status ${status}`;
  };
  for (const container of containers) void watch(container);
  while (!(await holds())) {
    assert(fallen === undefined, `${fallen}, before ${what}`);
    assert(performance.now() < deadline, `not in ${readyMsMax} ms: ${what}`);
    await pause(pollMs);
  }
}

function accepted<Value>(result: Result<Value, readonly string[]>): Value {
  if (!result.ok) throw new Error(result.refusal.join('\n'));
  return result.value;
}

function say(line: string): void {
  process.stdout.write(`image ${seconds(start).padStart(7)}  ${line}\n`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

const [folder] = process.argv.slice(2);
assert(folder !== undefined, 'usage: node test/image/main.ts FOLDER');
try {
  await main(folder);
} catch (error) {
  process.stdout.write(`image: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Whatever is left ends with this process, which is the first of its namespace.
process.exit();
