/**
 * What agents say on their links. A link comes in, presents its agent, and is nobody's until the log
 * has let that agent in; then updates and pongs follow. Whoever comes while this master does not lead
 * is told where the leader is.
 */
import type { Agent, Executor } from '#internal/model/cluster.ts';
import { agentId, type AgentId, frameworkId, taskId } from '#internal/model/ids.ts';
import { type FoundVolume, orphansMax } from '#internal/model/volume.ts';
import { isFromVolumesOn } from '#internal/state/version.ts';
import { foundVolumeFromWire } from '#internal/wire/volume.ts';
import { anyRole } from '#internal/resources/reservation.ts';
import type { Link } from '#internal/rpc/link.ts';
import type { ReportedTask } from '#internal/state/command.ts';
import { executorFromWire } from '#internal/wire/executor.ts';
import { agentFromDescription } from '#internal/wire/agent.ts';
import { taskStateFromWire } from '#internal/wire/task-state.ts';
import type {
  AgentMessage,
  Executor as RunningExecutor,
  MasterMessage,
  Register,
  Reregister,
  Task,
  VolumeManifest,
} from '#proto/gen/altiplano/agent/v1.ts';
import type { AgentInfo } from '#proto/gen/mesos/v1.ts';
import { dismiss, markedGone, pong } from './agents.ts';
import { booksTold } from './checking.ts';
import { livingExecutor } from './arriving.ts';
import { executorExited, executorStarted, messageSent } from './executors.ts';
import { agentOf, type Lead, type Visitor } from './lead.ts';
import { agentEmpty } from './operators/deactivation.ts';
import { operationReported } from './operations.ts';
import { statusUpdated } from './reports.ts';
import { comeBack, refuseTooLarge } from './returns.ts';

const alreadyReplaced = 'a new agent registered at the same address';

/** Undefined when there is no room: the link is closed, and the agent tries again later. */
export function welcomeLink(lead: Lead, link: Link<MasterMessage>): Visitor | undefined {
  if (lead.visitors.size >= lead.options.linksMax) {
    lead.logger.warn('too many links: one is closed', { peer: link.peer });
    link.close();
    return undefined;
  }
  const visitor: Visitor = {
    link,
    agentId: undefined,
    reported: [],
    frameworks: [],
    operations: [],
    hasVolumes: false,
    emptySinceDrainMs: undefined,
    takesRunTasks: false,
    tellsBooks: false,
    pingTimer: undefined,
    pingSequence: 0n,
    pingsUnanswered: 0,
  };
  lead.visitors.add(visitor);
  return visitor;
}

export function heard(lead: Lead, visitor: Visitor, message: AgentMessage): void {
  const { agentId: from } = visitor;
  if (message.register !== undefined) register(lead, visitor, message.register);
  else if (message.reregister !== undefined) reregister(lead, visitor, message.reregister);
  else if (from === undefined) return; // Said before it was let in, or after it was marked.
  else if (message.pong !== undefined) pong(lead, visitor);
  else if (message.drained !== undefined) agentEmpty(lead, visitor, message.drained);
  else if (message.status_update !== undefined) statusUpdated(lead, from, message.status_update);
  else if (message.operation_update !== undefined) {
    operationReported(lead, from, message.operation_update);
  } else if (message.executor_exited !== undefined) {
    executorExited(lead, from, message.executor_exited);
  } else if (message.executor_launched !== undefined) {
    executorLaunching(lead, from, message.executor_launched);
  } else if (message.executor_message !== undefined) {
    messageSent(lead, from, message.executor_message);
  } else if (message.volumes_used !== undefined) {
    volumesUsed(lead, from, message.volumes_used.volumes);
  } else if (message.books !== undefined) {
    booksTold(lead, from, message.books);
  } else if (message.unregister !== undefined) {
    lead.propose({ kind: 'remove-agent', agentId: from, cause: message.unregister.message });
  }
}

function register(lead: Lead, visitor: Visitor, message: Register): void {
  const { registration_uuid: registration } = message;
  const known = lead.state.registrations.get(registration);
  const agent = present(lead, visitor, message, known ?? lead.ids.nextAgentId());
  if (agent === undefined) return;
  visitor.hasVolumes = agent.orphans.length > 0;
  if (known === undefined) replaceNamesake(lead, agent);
  lead.registering.set(registration, visitor);
  if (lead.propose({ kind: 'admit-agent', agent })) return;
  lead.registering.delete(registration);
  refuseTooLarge(lead, visitor);
}

function reregister(lead: Lead, visitor: Visitor, message: Reregister): void {
  const id = message.description.agent_info.id?.value;
  if (id === undefined) {
    dismiss(lead, visitor, 'Agent attempted to reregister without an id');
    return;
  }
  const agent = present(lead, visitor, message, agentId(id));
  if (agent === undefined) return;
  const refusal = unwelcome(lead, agent);
  if (refusal !== undefined) {
    // mark: an agent was turned away at the door
    dismiss(lead, visitor, refusal);
    return;
  }
  visitor.reported = (message.tasks ?? []).map(reportedTask);
  const frameworks = (message.frameworks ?? []).flatMap((info) => info.id?.value ?? []);
  const ids = [...frameworks, ...visitor.reported.map((task) => task.frameworkId)];
  visitor.frameworks = [...new Set(ids)].map(frameworkId);
  visitor.operations = (message.operations ?? []).map(({ uuid }) => uuid);
  const { reported: tasks, operations } = visitor;
  const executors = (message.executors ?? []).flatMap((one) => runningExecutor(lead, agent, one));
  const volumes = manifests(lead, agent.id, message.volumes);
  visitor.hasVolumes = volumes.length + agent.orphans.length > 0;
  comeBack(lead, visitor, { agent, tasks, operations, executors, volumes });
  startedUnheard(lead, agent, message.executors ?? []);
}

/**
 * The log may have taken an executor for ended that was started again since, and the leader that was told so
 * was none any more. Those of groups end with their tasks, whatever was heard.
 */
function startedUnheard(lead: Lead, agent: Agent, there: readonly RunningExecutor[]): void {
  const brought = there.filter(({ executor_info: { type } }) => type !== 'DEFAULT');
  for (const executor of brought.flatMap((one) => runningExecutor(lead, agent, one))) {
    if (livingExecutor(lead, executor)?.endsWith === 'tasks') executorStarted(lead, executor);
  }
}

/** The agent behind a link, when what it says of itself can be. */
function present(
  lead: Lead,
  visitor: Visitor,
  {
    description,
    registration_uuid: registration,
    total = [],
    found_volumes,
  }: Register & Pick<Reregister, 'total'>,
  id: AgentId,
): Agent | undefined {
  const atMs = lead.clock.now();
  const orphans = manifests(lead, id, found_volumes).slice(0, orphansMax);
  visitor.takesRunTasks = description.takes_run_tasks === true;
  visitor.tellsBooks = description.tells_books === true;
  const agent = agentFromDescription(description, { id, registration, total, orphans, atMs });
  const stranger = agent.ok ? domainFault(lead, description.agent_info) : undefined;
  if (stranger !== undefined) {
    // It is not told, and asks again: whoever runs it may give it, or us, a domain (contract 7.4).
    lead.logger.warn('agent ignored', { peer: visitor.link.peer, reason: stranger });
    return undefined;
  }
  if (agent.ok) return agent.value;
  lead.logger.warn('agent refused', { peer: visitor.link.peer, reason: agent.refusal });
  dismiss(lead, visitor, agent.refusal);
  return undefined;
}

function domainFault({ options }: Lead, { domain }: AgentInfo): string | undefined {
  if (domain === undefined) {
    return options.requireAgentDomain ? 'it has no domain, and --require-agent-domain' : undefined;
  }
  return options.domain === undefined ? 'it has a domain, and this master has none' : undefined;
}

/**
 * Why an agent that comes back is sent away (contract 7.4). Only for what holds for ever: a leader that
 * was deposed without knowing may say it as well. Whether its machine is down the log decides.
 */
function unwelcome(lead: Lead, agent: Agent): string | undefined {
  if (lead.state.goneAgents.has(agent.id)) return markedGone;
  if (!hasMoved(lead, agent)) return undefined;
  return 'Agent attempted to reregister with different IP / hostname';
}

/** Only of one that this leader has met: after a change of leaders agents may come from elsewhere. */
function hasMoved(lead: Lead, { id, hostname, ip }: Agent): boolean {
  const known = agentOf(lead, id);
  const presence = lead.peers.get(id)?.presence.kind;
  if (known === undefined || presence === undefined || presence === 'recovered') return false;
  return known.hostname !== hostname || known.ip !== ip;
}

/** An agent that starts afresh at an address has forgotten what ran there before. */
function replaceNamesake(lead: Lead, { hostname, ip, port }: Agent): void {
  for (const { id, presence } of lead.peers.values()) {
    if (presence.kind !== 'disconnected') continue;
    const other = agentOf(lead, id);
    if (other?.hostname !== hostname || other.ip !== ip || other.port !== port) continue;
    lead.propose({ kind: 'remove-agent', agentId: id, cause: alreadyReplaced });
  }
}

/** One that cannot be is left out. */
function manifests(
  lead: Lead,
  id: AgentId,
  list: readonly VolumeManifest[] = [],
): readonly FoundVolume[] {
  return list.flatMap((one) => {
    const found = foundVolumeFromWire(one);
    if (found.ok) return [found.value];
    lead.logger.warn('volume refused', { agentId: id, origin: one.origin, reason: found.refusal });
    return [];
  });
}

function volumesUsed(lead: Lead, from: AgentId, list: readonly VolumeManifest[] = []): void {
  const volumes = manifests(lead, from, list);
  if (volumes.length === 0 || !isFromVolumesOn(lead.state)) return;
  lead.propose({ kind: 'note-volume-uses', agentId: from, volumes });
}

function executorLaunching(lead: Lead, from: AgentId, message: RunningExecutor): void {
  const agent = agentOf(lead, from);
  if (agent === undefined) return;
  for (const executor of runningExecutor(lead, agent, message)) executorStarted(lead, executor);
}

/** One that holds what cannot be is not counted. */
function runningExecutor(lead: Lead, agent: Agent, one: RunningExecutor): readonly Executor[] {
  const ids = { frameworkId: frameworkId(one.framework_id.value), agentId: agent.id };
  const terms = { launchedMs: lead.clock.now(), endsWith: 'agent' } as const;
  const executor = executorFromWire(one.executor_info, { ...ids, role: anyRole }, terms);
  return executor.ok ? [executor.value] : [];
}

function reportedTask({ framework_id, task_info, state }: Task): ReportedTask {
  return {
    frameworkId: frameworkId(framework_id.value),
    taskId: taskId(task_info.task_id.value),
    state: taskStateFromWire(state),
  };
}
