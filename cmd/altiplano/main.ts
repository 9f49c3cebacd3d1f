/**
 * Chooses the program. Each is loaded only when it is asked for, so that `--help` is instant and a
 * master never loads what only an agent needs.
 *
 * Exit statuses: 0 well, 1 it failed and says why in one line, 2 the command line is wrong. `run`
 * and `task exec` exit with the status of the command they ran.
 */
import { version } from '#internal/config/version.ts';

type Command = {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ run(argv: readonly string[]): Promise<number> }>;
};

const commands: readonly Command[] = [
  {
    name: 'dev',
    summary: 'a whole cluster on this machine: three masters, two agents',
    load: () => import('../dev/main.ts'),
  },
  {
    name: 'master',
    summary: 'one of the masters that decide together who is offered what',
    load: () => import('../master/main.ts'),
  },
  {
    name: 'agent',
    summary: 'offers the resources of its machine and runs tasks on them',
    load: () => import('../agent/main.ts'),
  },
  {
    name: 'run',
    summary: 'runs one command in the cluster and shows its output',
    load: () => import('../run/main.ts'),
  },
  {
    name: 'task',
    summary: 'looks into a task: a command beside it, its terminal, its output, its files',
    load: () => import('../task/main.ts'),
  },
  {
    name: 'volume',
    summary: 'shows where persistent volumes are, takes on those that were found, destroys',
    load: () => import('../volume/main.ts'),
  },
  {
    name: 'reservation',
    summary: 'shows which role holds what of which agent, and frees what nobody has',
    load: () => import('../reservation/main.ts'),
  },
  {
    name: 'service',
    summary: 'what runs for long: starts, scales, updates, stops and destroys services',
    load: () => import('../service/main.ts'),
  },
  {
    name: 'service-framework',
    summary: 'looks after the services; run two, and one stands by',
    load: () => import('../service-framework/main.ts'),
  },
  {
    name: 'operator',
    summary: 'looks after a cluster: which masters there are, and which of them leads',
    load: () => import('../operator/main.ts'),
  },
  {
    name: 'allocator',
    summary: 'plays a recording of the allocator again, also under another policy',
    load: () => import('../allocator/main.ts'),
  },
  {
    name: 'chaos',
    summary: 'hurts a cluster of its own on purpose, and says whether it kept its promises',
    load: () => import('../chaos/main.ts'),
  },
];

/** Runs the command line and sets the process's exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) {
    const program = await command.load();
    process.exitCode = await program.run(rest);
  } else if (name === '--version') {
    console.log(version);
  } else if (name === '--help' || name === 'help') {
    console.log(overview());
  } else {
    const problem = name === undefined ? 'which command?' : `there is no command '${name}'`;
    console.error(`altiplano: ${problem} Try 'altiplano --help'`);
    process.exitCode = 2;
  }
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'Usage: altiplano COMMAND [--flag=value …]',
    '',
    'A two-level cluster scheduler that speaks the Apache Mesos v1 HTTP API.',
    '',
    ...rows,
    '',
    "'altiplano COMMAND --help' lists a command's flags.",
  ].join('\n');
}
