/**
 * Carries out a Dockerfile: each stage in a root filesystem of its own, each instruction as written.
 * A command that fails or takes too long ends the build with its last words.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assert, unreachable } from '#internal/base/assert.ts';
import {
  defaultPath,
  type Instruction,
  imageConfig,
  resolveIn,
  type ImageConfig,
  type Stage,
} from './dockerfile.ts';
import { closeRootfs, command, type Layers, openRootfs, type Rootfs } from './rootfs.ts';

export type Image = { readonly layers: Layers; readonly config: ImageConfig };

export type Build = {
  /** Where layers are kept; on a real filesystem. */
  readonly folder: string;
  /** What `COPY` without `--from` sees. */
  readonly context: string;
  readonly base: Layers;
  readonly say: (line: string) => void;
};

/** What holds at an instruction. */
type Step = {
  readonly root: string;
  readonly workdir: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
};

type Place = { readonly path: string; readonly workdir: string };

const runMsMax = 300_000;
const outputBytesMax = 16 * 1024 * 1024;
const wordsMax = 60;

/** Builds every stage in turn; the last one is the image. */
export function buildImage(stages: readonly Stage[], build: Build): Image {
  const done = new Map<string, Place>();
  let layers: Layers = build.base;
  let last: Rootfs | undefined;
  for (const stage of stages) {
    last = openRootfs(join(build.folder, `stage-${stage.name}`), build.base);
    command('mount', ['-t', 'proc', 'proc', join(last.path, 'proc')]);
    let step: Step = { root: last.path, workdir: '/', user: 'root', env: { PATH: defaultPath } };
    for (const instruction of stage.instructions) {
      step = carryOut(instruction, step, { build, done });
    }
    done.set(stage.name, { path: last.path, workdir: step.workdir });
    layers = last.layers;
  }
  const final = stages.at(-1);
  assert(final !== undefined && last !== undefined, 'a Dockerfile has a stage');
  // A layer that is still written to must not be a layer below another.
  closeRootfs(last);
  return { layers, config: imageConfig(final) };
}

function carryOut(
  instruction: Instruction,
  step: Step,
  { build, done }: { readonly build: Build; readonly done: ReadonlyMap<string, Place> },
): Step {
  switch (instruction.kind) {
    case 'workdir': {
      const workdir = resolveIn(step.workdir, instruction.path);
      mkdirSync(inside(step.root, workdir), { recursive: true });
      return { ...step, workdir };
    }
    case 'copy': {
      const { from, sources, target } = instruction;
      const place = from === undefined ? { path: build.context, workdir: '/' } : done.get(from);
      assert(place !== undefined, `there is no stage ${from}`);
      for (const source of sources) {
        copy(inside(place.path, resolveIn(place.workdir, source)), target, step);
      }
      return step;
    }
    case 'run':
      run(instruction.command, step, build);
      return step;
    case 'env':
      return { ...step, env: { ...step.env, [instruction.name]: instruction.value } };
    case 'user':
      return { ...step, user: instruction.user };
    case 'volume':
      mkdirSync(inside(step.root, instruction.path), { recursive: true });
      return step;
    case 'expose':
    case 'healthcheck':
    case 'entrypoint':
    case 'cmd':
      return step; // Said to whoever runs the image; they change no file.
    default:
      return unreachable(instruction);
  }
}

/** As Docker copies: of a folder its contents; everything belongs to root; links stay links. */
function copy(source: string, target: string, { root, workdir }: Step): void {
  const isFolder = statSync(source).isDirectory();
  const into = inside(root, resolveIn(workdir, target));
  const path = !isFolder && target.endsWith('/') ? join(into, basename(source)) : into;
  mkdirSync(isFolder ? path : dirname(path), { recursive: true });
  const from = isFolder ? `${source}/.` : source;
  command('cp', ['-dR', '--preserve=mode,timestamps,links', from, path]);
}

function run(line: string, step: Step, { say }: Build): void {
  const start = performance.now();
  const argv = containerArgv(step, ['/bin/sh', '-c', line]);
  const { status, error, stdout, stderr } = spawnSync('chroot', argv, {
    encoding: 'utf8',
    timeout: runMsMax,
    maxBuffer: outputBytesMax,
  });
  if (error !== undefined || status !== 0) {
    const words = `${stdout}${stderr}`.trim().split('\n').slice(0, wordsMax).join('\n');
    throw new Error(`RUN ${line}\n${words}\nended with ${error?.message ?? `status ${status}`}`);
  }
  say(`RUN ${line.replace(/\s+/g, ' ')}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** The words after `chroot` that run a command as a container's: its user, folder and environment. */
export function containerArgv(step: Step, argv: readonly string[]): readonly string[] {
  const { home, ids } = lookUp(step.root, step.user);
  const env = Object.entries({ HOME: home, ...step.env }).map(([key, value]) => `${key}=${value}`);
  const words = ['env', '-i', `--chdir=${step.workdir}`, ...env, ...argv];
  return [`--userspec=${ids}`, '--groups=', step.root, ...words];
}

function lookUp(root: string, user: string): { readonly home: string; readonly ids: string } {
  const rows = readFileSync(join(root, 'etc/passwd'), 'utf8').split('\n');
  const row = rows.map((line) => line.split(':')).find(([name]) => name === user);
  assert(row !== undefined, `the image has no user ${user}`);
  return { home: row[5] ?? '/', ids: `${row[2]}:${row[3]}` };
}

/** A path in a root as the machine sees it; a link that would lead out of the root is a mistake. */
export function inside(root: string, path: string): string {
  const full = join(root, path);
  let known = full;
  while (!existsSync(known)) known = dirname(known);
  const real = realpathSync(known);
  assert(real === root || real.startsWith(`${root}/`), `${path} leads out of the root`);
  return full;
}
