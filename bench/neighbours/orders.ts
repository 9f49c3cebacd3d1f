/**
 * How a bench talks with processes of its own: one order a line of JSON, one answer to each, in order.
 * The process ends with whoever holds its input.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Answers the orders that come in until there are no more, and then ends this process. */
export async function serveOrders(answerTo: (order: unknown) => unknown): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answerTo(JSON.parse(line))));
  }
  process.exit(0);
}

export type Ordered<Order, Answer> = AsyncDisposable & {
  readonly pid: number;
  ask(order: Order): Promise<Answer>;
};

/** Starts a program that serves orders; `settings` are what `settingsOf` gives there. */
export function startOrdered<Order, Answer>(
  file: string,
  settings: unknown,
): Ordered<Order, Answer> {
  const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error(`${file} has ended`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
      return JSON.parse(answer.value) as Answer;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export const settingsOf = (): unknown => JSON.parse(process.argv[2] ?? '{}');
