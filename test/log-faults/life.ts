/** One life of the program `one-voter-main.ts`: what it acknowledged, and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openOneVoter } from './one-voter.ts';

export type LifeOptions = {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly count: number;
  readonly env?: Readonly<Record<string, string>>;
  /** A folder where a life that ends by itself leaves compiled what later ones then find. */
  readonly compiled?: string;
  /** Called for each line that it says. */
  readonly onLine?: (line: string, child: ChildProcess) => void;
};

export type Ended = {
  readonly acked: number;
  /** What it had when it began; undefined when it did not come so far. */
  readonly had: number | undefined;
  readonly refused: string | undefined;
  readonly code: number | null;
  readonly signal: string | null;
  readonly words: string;
};

const program = fileURLToPath(new URL('one-voter-main.ts', import.meta.url));

export async function live(options: LifeOptions): Promise<Ended> {
  const { folder, segmentBytes, count, env = {}, compiled, onLine } = options;
  const child = spawn(process.execPath, [program, folder, String(segmentBytes), String(count)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled, ...env },
  });
  const said = {
    acked: 0,
    had: undefined as number | undefined,
    refused: undefined as string | undefined,
  };
  let [rest, words] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [verb, what] = line.split(' ');
      if (verb === 'acked') said.acked = Math.max(said.acked, Number(what));
      if (verb === 'has') said.had = Number(what);
      if (verb === 'refused') said.refused = what;
      onLine?.(line, child);
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (status, name) => resolve([status, name]));
  });
  return { ...said, code, signal, words };
}

/** What a fresh start finds in the folder. */
export async function serialsIn(folder: string, segmentBytes: number): Promise<readonly number[]> {
  await using voter = await openOneVoter({ folder, segmentBytes, onFault: rethrow });
  return [...voter.serials];
}

function rethrow(fault: unknown): never {
  throw fault;
}

/** Serials are written in order, so whatever is there is the beginning of them all. */
export function isBeginning(serials: readonly number[]): boolean {
  return serials.every((serial, i) => serial === i + 1);
}
