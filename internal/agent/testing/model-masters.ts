/**
 * Three masters as an agent sees them, without any of their insides: one truth that survives them all
 * (what was launched, what was acknowledged), one that leads it, and at times one that was deposed and
 * has not noticed. They check what the agent says against the laws of status updates.
 */
import type { Random } from '#internal/base/random.ts';
import type { Link, LinkAcceptor } from '#internal/rpc/link.ts';
import type {
  AgentMessage,
  MasterMessage,
  RunTask,
  StatusUpdate,
} from '#proto/gen/altiplano/agent/v1.ts';
import type { FrameworkInfo, TaskInfo, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { isTerminal } from '../core/state.ts';

export type ModelTask = {
  readonly line: string;
  readonly run: RunTask;
  /** Updates in the order of their first arrival. */
  readonly heard: TaskStatus[];
  readonly uuids: string[];
  /** How many of `heard` the log has as acknowledged. */
  acknowledged: number;
  killed: { readonly graceSeconds: number | undefined } | undefined;
};

export type ModelOptions = {
  /** Chance that an update is acknowledged when it arrives; it comes again otherwise. */
  readonly attention: number;
};

type Session = { readonly link: Link<MasterMessage>; readonly term: bigint; registered: boolean };

export const frameworkInfo: FrameworkInfo = {
  user: '',
  name: 'model',
  id: { value: 'f-1' },
  checkpoint: true,
  capabilities: [{ type: 'TASK_KILLING_STATE' }],
};

export const modelAgentId = 'master-S0';

export class ModelMasters {
  readonly tasks: Map<string, ModelTask> = new Map();
  /** Laws that were broken, in words. */
  readonly violations: string[] = [];
  /** Repeated updates, registrations, and words of deposed leaders: what really happened. */
  readonly counts: Record<
    'repeated' | 'registrations' | 'deposedWords' | 'acknowledgements',
    number
  > = { repeated: 0, registrations: 0, deposedWords: 0, acknowledgements: 0 };
  attention: number;
  term: bigint = 1n;
  leader: number = 0;
  /** The agent has shown that it heeds this one. */
  #heeded = 0n;
  /** Believes to lead under an old term. */
  #deposed: { readonly index: number; readonly term: bigint } | undefined;
  readonly #random: Random;
  readonly #addresses: readonly string[];
  readonly #sessions = new Map<number, Set<Session>>();
  #registration: string | undefined;

  constructor(
    { random }: { readonly random: Random },
    { addresses, attention }: ModelOptions & { readonly addresses: readonly string[] },
  ) {
    this.#random = random;
    this.#addresses = addresses;
    this.attention = attention;
  }

  get allTold(): boolean {
    return [...this.tasks.values()].every((task) => {
      const last = task.heard.at(-1);
      return (
        last !== undefined && isTerminal(last.state) && task.acknowledged === task.heard.length
      );
    });
  }

  acceptor(index: number): LinkAcceptor<MasterMessage, AgentMessage> {
    return (link) => {
      const term = index === this.#deposed?.index ? this.#deposed.term : this.term;
      const session: Session = { link, term, registered: false };
      const sessions = this.#sessions.get(index) ?? new Set();
      this.#sessions.set(index, sessions.add(session));
      return {
        onMessage: (message) => this.#hear(index, session, message),
        onClose: () => sessions.delete(session),
      };
    };
  }

  /** Another master leads; the old one may not know for a while. */
  elect(): void {
    const old = this.leader;
    this.#deposed = this.#random.chance(0.5) ? { index: old, term: this.term } : undefined;
    this.leader = (this.leader + 1 + this.#random.below(this.#addresses.length - 1)) % 3;
    this.term += 1n + BigInt(this.#random.below(3));
    if (this.#deposed === undefined) this.#hangUp(old);
    this.#hangUp(this.leader);
  }

  /** The deposed leader notices at last. */
  enlighten(): void {
    if (this.#deposed !== undefined) this.#hangUp(this.#deposed.index);
    this.#deposed = undefined;
  }

  launch(id: string, line: string, more: Partial<TaskInfo> = {}): void {
    const run: RunTask = {
      framework_info: frameworkInfo,
      task_info: {
        name: id,
        task_id: { value: id },
        agent_id: { value: modelAgentId },
        command: { shell: true, value: line },
        ...more,
      },
    };
    const task = { line, run, heard: [], uuids: [], acknowledged: 0, killed: undefined };
    this.tasks.set(id, task);
    this.#tellLeading({ run_task: run });
  }

  kill(id: string, graceSeconds: number | undefined): void {
    const task = this.tasks.get(id);
    if (task === undefined) return;
    task.killed = { graceSeconds };
    this.#tellLeading({ kill_task: killOf(id, graceSeconds) });
  }

  ping(): void {
    this.#tellLeading({ ping: { sequence: 1n } });
  }

  /** The deposed leader orders what nobody decided. */
  speakInError(id: string): void {
    const deposed = this.#deposed;
    // One that was not superseded yet speaks in error too, but its words are not committed either.
    if (deposed === undefined || this.#heeded <= deposed.term) return;
    for (const session of this.#sessions.get(deposed.index) ?? []) {
      if (!session.registered) continue;
      this.counts.deposedWords++;
      const info = { name: id, task_id: { value: id }, agent_id: { value: modelAgentId } };
      session.link.send({
        term: deposed.term,
        run_task: {
          framework_info: frameworkInfo,
          task_info: { ...info, command: { shell: true, value: 'exit 0' } },
        },
      });
    }
  }

  #hangUp(index: number): void {
    const sessions = [...(this.#sessions.get(index) ?? [])];
    this.#sessions.get(index)?.clear();
    for (const { link } of sessions) link.close();
  }

  #tellLeading(message: Omit<MasterMessage, 'term'>): void {
    for (const session of this.#sessions.get(this.leader) ?? []) {
      if (session.registered) session.link.send({ term: session.term, ...message });
    }
  }

  #hear(index: number, session: Session, message: AgentMessage): void {
    const introduction = message.register ?? message.reregister;
    if (introduction !== undefined) this.#register(index, session, message);
    // What a deposed leader hears it cannot commit, so it acknowledges nothing.
    if (message.status_update !== undefined && index === this.leader) {
      this.#update(session, message.status_update);
    }
  }

  #register(index: number, session: Session, { register, reregister }: AgentMessage): void {
    const { link } = session;
    const leads = index === this.leader || index === this.#deposed?.index;
    if (!leads) {
      link.send({
        term: this.term + 100n,
        not_leading: { leader: this.#addresses[this.leader] ?? '' },
      });
      link.close();
      return;
    }
    const registration = register?.registration_uuid ?? reregister?.registration_uuid;
    if (index === this.leader) this.#registration ??= registration;
    if (registration !== this.#registration) {
      if (index === this.leader) this.violations.push('the agent forgot who it is');
      return;
    }
    this.counts.registrations++;
    session.registered = true;
    const registered = { agent_id: { value: modelAgentId }, total_ping_timeout_seconds: 75 };
    link.send({ term: session.term, registered });
    if (index !== this.leader) {
      this.speakInError(`error-${this.counts.registrations}`);
      return;
    }
    const known = new Map(reregister?.tasks?.map((task) => [task.task_info.task_id.value, task]));
    for (const [id, task] of this.tasks) {
      const report = known.get(id);
      if (report === undefined) {
        if (task.heard.length === 0) link.send({ term: session.term, run_task: task.run });
        else if (!isTold(task)) this.violations.push(`${id} is forgotten before it was told`);
      } else {
        this.#compare(id, task, report.state);
        // Updates reach the log in batches: a new leader may not know that it was started.
        if (this.#random.oneIn(3)) link.send({ term: session.term, run_task: task.run });
      }
      if (task.killed !== undefined && !isTold(task)) {
        const kill = killOf(id, task.killed.graceSeconds);
        link.send({ term: session.term, kill_task: kill });
      }
    }
  }

  #compare(id: string, task: ModelTask, state: TaskState): void {
    const last = task.heard.at(-1);
    if (last !== undefined && isTerminal(last.state) && state !== last.state) {
      this.violations.push(`${id} was ${last.state} and is ${state}`);
    }
  }

  #update(session: Session, { status, latest_state }: StatusUpdate): void {
    if (session.term > this.#heeded) this.#heeded = session.term;
    const id = status.task_id.value;
    const task = this.tasks.get(id);
    if (task === undefined) {
      this.violations.push(`an update of "${id}", which nobody launched`);
      return;
    }
    const uuid = Buffer.from(status.uuid ?? []).toString('hex');
    const at = task.uuids.indexOf(uuid);
    if (at === -1) this.#hearNew(id, task, status);
    else {
      this.counts.repeated++;
      if (at < task.uuids.length - 1) this.violations.push(`${id}: update ${at} after a later one`);
    }
    if (isTerminal(status.state) && latest_state !== status.state) {
      this.violations.push(`${id}: ${latest_state} after ${status.state}`);
    }
    if (!this.#random.chance(this.attention)) return;
    task.acknowledged = Math.max(task.acknowledged, task.uuids.indexOf(uuid) + 1);
    this.counts.acknowledgements++;
    session.link.send({
      term: session.term,
      acknowledge_update: {
        framework_id: { value: 'f-1' },
        task_id: status.task_id,
        uuid: status.uuid ?? new Uint8Array(),
      },
    });
  }

  #hearNew(id: string, task: ModelTask, status: TaskStatus): void {
    if (task.acknowledged < task.heard.length) {
      this.violations.push(`${id}: ${status.state} before the one before it was acknowledged`);
    }
    const before = task.heard.at(-1);
    if (before !== undefined && isTerminal(before.state)) {
      this.violations.push(`${id}: ${status.state} after ${before.state}`);
    }
    if (before !== undefined && rank(before.state) >= rank(status.state)) {
      this.violations.push(`${id}: ${status.state} after ${before.state}`);
    }
    task.heard.push(status);
    task.uuids.push(Buffer.from(status.uuid ?? []).toString('hex'));
  }
}

const isTold = (task: ModelTask): boolean => {
  const last = task.heard[task.acknowledged - 1];
  return last !== undefined && isTerminal(last.state);
};

const rank = (state: TaskState): number =>
  isTerminal(state) ? 9 : ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'].indexOf(state);

const killOf = (id: string, graceSeconds: number | undefined): MasterMessage['kill_task'] & {} => ({
  framework_id: { value: 'f-1' },
  task_id: { value: id },
  ...(graceSeconds === undefined
    ? {}
    : { kill_policy: { grace_period: { nanoseconds: BigInt(graceSeconds) * 1_000_000_000n } } }),
});
