/** `exec` and `attach`: a command beside a task, and a task's own terminal. */
import { newUuid } from '#internal/base/uuid.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import type { Call, Response_WaitContainer } from '#proto/gen/mesos/v1/agent.ts';
import type { ContainerID } from '#proto/gen/mesos/v1.ts';
import { converse, type ConversationEnd } from './conversation.ts';
import { type Doing, TaskError } from './doing.ts';

export type ExecOptions = {
  readonly command: readonly string[];
  readonly isInteractive: boolean;
  readonly hasTerminal: boolean;
};

/** The exit status. */
export async function exec(
  doing: Doing,
  { command, isInteractive, hasTerminal }: ExecOptions,
): Promise<number> {
  const { terminal, place } = doing;
  const parent = containerOf(doing);
  if (isInteractive && hasTerminal && !terminal.isTerminal) {
    throw new TaskError('REFUSED', 'the input is not a terminal: leave -t out');
  }
  const container: ContainerID = { value: newUuid(systemRandom()), parent };
  const [value = '', ...rest] = command;
  const opening: Call = {
    type: 'LAUNCH_NESTED_CONTAINER_SESSION',
    launch_nested_container_session: {
      container_id: container,
      // As programs are: the first argument is the name.
      command: { shell: false, value, arguments: [value, ...rest] },
      ...(hasTerminal && {
        container: { type: 'MESOS', tty_info: { window_size: terminal.size() } },
      }),
    },
  };
  const input = isInteractive ? 'ours' : 'empty';
  const { agent } = place;
  const asked = { agent, container, opening, hasTerminal, input, mayDetach: false } as const;
  return statusOf(await converse(doing, asked));
}

/** The exit status. */
export async function attach(
  doing: Doing,
  { isInteractive }: { readonly isInteractive: boolean },
): Promise<number> {
  const container = containerOf(doing);
  const { agent } = doing.place;
  const opening: Call = {
    type: 'ATTACH_CONTAINER_OUTPUT',
    attach_container_output: { container_id: container },
  };
  const input = isInteractive ? 'ours' : 'none';
  const asked = { agent, container, opening, hasTerminal: true, input, mayDetach: true } as const;
  const end = await converse(doing, asked);
  if (end.kind === 'refused' && /switchboard/u.test(end.text)) {
    const why = "it has no terminal to attach to; 'altiplano task logs' shows what it writes";
    throw new TaskError('REFUSED', why);
  }
  return statusOf(end);
}

function containerOf({ place }: Doing): ContainerID {
  const { taskId, state, container } = place;
  if (state !== 'TASK_RUNNING' || container === undefined) {
    throw new TaskError('REFUSED', `task '${taskId}' does not run: it is ${state}`);
  }
  return container;
}

function statusOf(end: ConversationEnd): number {
  if (end.kind === 'refused') throw new TaskError('REFUSED', end.text);
  return end.kind === 'detached' ? 0 : exitStatusOf(end.how);
}

/** Of what waitpid(2) told; 1 when nobody knows. */
function exitStatusOf({ exit_status: status }: Response_WaitContainer): number {
  if (status === undefined) return 1;
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
