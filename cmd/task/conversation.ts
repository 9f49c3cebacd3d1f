/**
 * Talks with a container: its output here, our input there, the size of our terminal with it. Ends when
 * the container does, or when who sits here leaves with Ctrl-P Ctrl-Q.
 */
import {
  type AgentReply,
  type AskedAgent,
  callAgent,
  openOutput,
  sendInput,
} from '#internal/client/agent-calls.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { HttpError, type HttpClient } from '#internal/runtime/http.ts';
import type { Call, Response_WaitContainer } from '#proto/gen/mesos/v1/agent.ts';
import type { ContainerID } from '#proto/gen/mesos/v1.ts';
import { newDetachKeys } from './detach-keys.ts';
import { newLine } from './line.ts';
import type { Terminal } from './terminal.ts';

export type WindowSize = { readonly rows: number; readonly columns: number };

export type ConversationDependencies = {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly terminal: Terminal;
};

export type Conversation = {
  readonly agent: string;
  readonly container: ContainerID;
  /** What opens its output: a session, or the output of what runs. */
  readonly opening: Call;
  readonly hasTerminal: boolean;
  /** `ours`: what is typed here. `empty`: it reads the end at once. `none`: others may have it. */
  readonly input: 'ours' | 'empty' | 'none';
  readonly mayDetach: boolean;
};

export type ConversationEnd =
  | { readonly kind: 'ended'; readonly how: Response_WaitContainer }
  | { readonly kind: 'detached' }
  /** `text` is for people. */
  | { readonly kind: 'refused'; readonly text: string };

const heartbeatMs = 30_000;

export async function converse(
  dependencies: ConversationDependencies,
  conversation: Conversation,
): Promise<ConversationEnd> {
  const { http, terminal } = dependencies;
  const { agent, opening, hasTerminal, input, container } = conversation;
  const leaving = new AbortController();
  const asked = { agent, signal: leaving.signal };
  const output = await openOutput(http, asked, opening);
  if (output.kind === 'refused') return { kind: 'refused', text: output.text };
  using stack = new DisposableStack();
  if (hasTerminal && input === 'ours') stack.use(terminal.takeKeys());
  const waited = waitFor(http, asked, container);
  const spoken = input === 'none' ? undefined : speak(dependencies, conversation, leaving);
  try {
    for await (const { data } of output.value) {
      if (data?.data === undefined) continue;
      await terminal.write(data.type === 'STDERR' ? 'stderr' : 'stdout', data.data);
    }
  } catch (error) {
    if (!(error instanceof HttpError) || !leaving.signal.aborted) throw error;
    return { kind: 'detached' };
  }
  const reply = await waited;
  leaving.abort();
  await spoken;
  // It may have been forgotten before we came to ask.
  const how = reply.kind === 'done' ? (reply.value ?? {}) : {};
  return { kind: 'ended', how };
}

async function waitFor(
  http: HttpClient,
  asked: AskedAgent,
  container_id: ContainerID,
): Promise<AgentReply<Response_WaitContainer | undefined>> {
  const call = { type: 'WAIT_CONTAINER', wait_container: { container_id } } as const;
  try {
    const reply = await callAgent(http, asked, call);
    return reply.kind === 'done' ? { kind: 'done', value: reply.value?.wait_container } : reply;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { kind: 'refused', status: 0, text: error.message };
  }
}

/** Ends with our input, the conversation, or the keys that leave it. */
async function speak(
  { clock, http, terminal }: ConversationDependencies,
  { agent, container, hasTerminal, input, mayDetach }: Conversation,
  leaving: AbortController,
): Promise<void> {
  const { signal } = leaving;
  const line = newLine<Call>();
  using stack = new DisposableStack();
  const say = (process_io: NonNullable<Call['attach_container_input']>['process_io']): void =>
    line.push({
      type: 'ATTACH_CONTAINER_INPUT',
      attach_container_input: { type: 'PROCESS_IO', ...(process_io && { process_io }) },
    });
  const sayData = (data: Uint8Array): void => say({ type: 'DATA', data: { type: 'STDIN', data } });
  const saySize = (window_size: WindowSize): void =>
    say({ type: 'CONTROL', control: { type: 'TTY_INFO', tty_info: { window_size } } });
  line.push({
    type: 'ATTACH_CONTAINER_INPUT',
    attach_container_input: { type: 'CONTAINER_ID', container_id: container },
  });
  if (hasTerminal) {
    stack.use(terminal.onResize(saySize));
    saySize(terminal.size());
  }
  const beat = (): void => {
    say({ type: 'CONTROL', control: { type: 'HEARTBEAT' } });
    timer = clock.after(heartbeatMs, beat);
  };
  let timer = clock.after(heartbeatMs, beat);
  stack.defer(() => timer.cancel());
  const onAbort = (): void => line.end();
  signal.addEventListener('abort', onAbort, { once: true });
  const sent = sendInput(http, { agent, signal }, line.items).catch(() => undefined);
  if (input === 'ours') {
    const keys = newDetachKeys();
    for await (const data of terminal.input(signal)) {
      if (mayDetach && keys.take(data)) return leaving.abort();
      sayData(data);
      await line.drained();
    }
  }
  if (!signal.aborted) sayData(new Uint8Array(0));
  // A terminal may still change its size, and a container may read on.
  await sent;
}
