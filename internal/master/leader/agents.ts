/**
 * Agents and their links (contract 7.4). An agent of the log is connected, or disconnected since its
 * link broke, or recovered: not heard of since this master leads. One that does not answer pings, or
 * does not come back in time, is marked unreachable; nobody is told before the log knows.
 */
import { assert } from '#internal/base/assert.ts';
import type { Agent, Task } from '#internal/model/cluster.ts';
import type { AgentId } from '#internal/model/ids.ts';
import { agentTraitsFromWire } from '#internal/wire/agent-traits.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import type { ReportedTask } from '#internal/state/command.ts';
import { holdersOnAgent, isCompleted, tasksOnAgent } from '#internal/state/state.ts';
import type { AgentDescription, FrameworkUse } from '#internal/allocator/event.ts';
import { agentFailureEvent } from './events.ts';
import { runAgain } from './executors.ts';
import {
  agentOf,
  frameworkOf,
  instruct,
  instructVisitor,
  type Lead,
  type Peer,
  type Presence,
  type Visitor,
} from './lead.ts';
import { deliverOperations } from './deliver-operation.ts';
import { rescindInverseOffersOfAgent } from './inverse-offers.ts';
import { nameLeftByAgent } from './left-behind.ts';
import { allocateArrival, allocateSoon, rescindOffersOfAgent } from './offers.ts';
import { adoptByPolicy } from './operators/adopt.ts';
import { heedDeactivation, sendDrain } from './operators/deactivation.ts';
import { heedWindow } from './operators/maintenance.ts';
import { recoveredAgentCame } from './recovery.ts';
import { giveUp, spare } from './removals.ts';
import { loseTasks, shutDownFramework } from './reports.ts';
import { frameworkInfo } from './schedulers.ts';
import { voidSettlements } from './settlement.ts';
import { killTask } from './tasks.ts';

/** An agent of the log, when this master begins to lead: it has some time to come back. */
export function agentRecovered(lead: Lead, id: AgentId): void {
  addPeer(lead, id, { kind: 'recovered' });
  bar(lead, id);
}

/** The log knows a new agent; its link may have broken in the meantime. */
export function agentAdmitted(lead: Lead, id: AgentId, registration: string): void {
  const visitor = lead.registering.get(registration);
  lead.registering.delete(registration);
  arrive(lead, id, visitor);
}

export function agentReregistered(lead: Lead, id: AgentId): void {
  const visitor = lead.reregistering.get(id);
  lead.reregistering.delete(id);
  arrive(lead, id, visitor);
}

/** Decided and told to its tasks' frameworks: its offers fall, and all hear of it. */
export function agentUnreachable(lead: Lead, id: AgentId): void {
  leave(lead, id);
}

/** It is in no book any more. One that wanted to come back is sent away (contract 7.4). */
export function agentRemoved(lead: Lead, id: AgentId, isDown: boolean): void {
  const visitor = lead.reregistering.get(id);
  lead.reregistering.delete(id);
  if (visitor !== undefined) dismiss(lead, visitor, isDown ? machineDown : 'Agent was removed');
  nameLeftByAgent(lead, id);
  leave(lead, id);
}

/** Its machine was taken down while its first registration was on its way into the log. */
export function agentRefused(lead: Lead, registration: string): void {
  const visitor = lead.registering.get(registration);
  lead.registering.delete(registration);
  if (visitor !== undefined) dismiss(lead, visitor, machineDown);
}

/** It hears it first, and its tasks' frameworks then (contract 7.4). `agent-removed` follows. */
export function agentGone(lead: Lead, id: AgentId): void {
  instruct(lead, id, { shutdown: { message: markedGone } });
}

export const markedGone = 'Agent has been marked gone';

/** What an agent on such a machine is told (contract 7.4). */
const machineDown = 'Machine is `DOWN`';

/** Tells an agent to stop, and closes its link. */
export function dismiss(lead: Lead, visitor: Visitor, message: string): void {
  instructVisitor(lead, visitor, { shutdown: { message } });
  visitor.link.close();
}

/** The link is closed, whoever closed it. */
export function linkClosed(lead: Lead, visitor: Visitor, reason: string): void {
  lead.visitors.delete(visitor);
  visitor.pingTimer?.cancel();
  const peer = visitor.agentId === undefined ? undefined : lead.peers.get(visitor.agentId);
  if (peer?.presence.kind !== 'connected' || peer.presence.visitor !== visitor) return;
  lead.logger.info('agent disconnected', { agentId: peer.id, reason });
  disconnect(lead, peer);
}

/** Any answer will do: the link and the agent behind it are alive. */
export function pong(lead: Lead, visitor: Visitor): void {
  visitor.pingsUnanswered = 0;
  if (visitor.agentId !== undefined) spare(lead, visitor.agentId);
}

/**
 * What the allocator knew of an agent was not so: it forgets it, and is told what the log says. Offers
 * of it are rescinded, and what ACCEPTs hold until their operations are decided is not theirs any more.
 */
export function rebuildBooks(lead: Lead, id: AgentId): void {
  const peer = lead.peers.get(id);
  const agent = agentOf(lead, id);
  if (peer === undefined || agent === undefined) return;
  rescindOffersOfAgent(lead, id);
  voidSettlements(lead, id);
  lead.allocator.handle({ kind: 'agent-removed', agentId: id });
  addBooks(lead, agent);
  if (peer.presence.kind !== 'connected') bar(lead, id);
  allocateSoon(lead);
}

function addPeer(lead: Lead, id: AgentId, presence: Presence): Peer {
  const agent = agentOf(lead, id);
  assert(agent !== undefined, `an agent that is in no book: ${id}`);
  const peer: Peer = { id, offers: new Set(), presence };
  lead.peers.set(id, peer);
  addBooks(lead, agent);
  return peer;
}

function addBooks(lead: Lead, agent: Agent): void {
  const used = usesOf(lead, agent.id);
  lead.allocator.handle({ kind: 'agent-added', agentId: agent.id, used, ...describe(agent) });
  heedDeactivation(lead, agent.id);
  heedWindow(lead, agent);
}

function disconnected(lead: Lead, id: AgentId): Presence {
  const { agentReregisterTimeoutMs } = lead.options;
  const deadline = lead.after(agentReregisterTimeoutMs, () => {
    const seconds = agentReregisterTimeoutMs / 1000;
    if (lead.reregistering.has(id)) return;
    // mark: an agent did not come back in time
    giveUp(lead, id, `Agent did not re-register within ${seconds} seconds`);
  });
  return { kind: 'disconnected', deadline };
}

/** The agent is in the log as admitted; with a link it is connected from now on. */
function arrive(lead: Lead, id: AgentId, visitor: Visitor | undefined): void {
  const agent = agentOf(lead, id);
  assert(agent !== undefined, `an agent that is in no book: ${id}`);
  // It introduced itself twice, and the first time has brought it in.
  if (visitor === undefined && lead.peers.get(id)?.presence.kind === 'connected') {
    // mark: an agent introduced itself twice
    // Between the two it may have got another total.
    rebuildBooks(lead, id);
    return;
  }
  // What is on offer was offered of the agent as it was.
  rescindOffersOfAgent(lead, id);
  const peer = lead.peers.get(id) ?? addPeer(lead, id, disconnected(lead, id));
  if (visitor === undefined || !lead.visitors.has(visitor)) {
    // mark: an agent left while it was let in
    bar(lead, id);
    return;
  }
  const { presence } = peer;
  spare(lead, id);
  if (presence.kind === 'disconnected') presence.deadline.cancel();
  if (presence.kind === 'recovered') recoveredAgentCame(lead);
  if (presence.kind === 'connected' && presence.visitor !== visitor) presence.visitor.link.close();
  visitor.agentId = id;
  visitor.pingTimer?.cancel();
  const info = decode('mesos.v1.AgentInfo', agent.info);
  peer.presence = { kind: 'connected', visitor, info };
  lead.allocator.handle({ kind: 'agent-updated', agentId: id, ...describe(agent) });
  lead.allocator.handle({ kind: 'agent-unbarred', agentId: id, bar: 'disconnected' });
  lead.logger.info('agent connected', { agentId: id, hostname: agent.hostname });
  welcome(lead, visitor, id);
  ping(lead, visitor, id);
  allocateArrival(lead);
}

/** What an agent has to hear that comes, or comes back. */
function welcome(lead: Lead, visitor: Visitor, id: AgentId): void {
  const { agentPingTimeoutMs, agentPingTimeoutsMax } = lead.options;
  const total_ping_timeout_seconds = (agentPingTimeoutMs * agentPingTimeoutsMax) / 1000;
  const { clusterId } = lead.state;
  const registered = {
    agent_id: { value: id },
    total_ping_timeout_seconds,
    ...(clusterId !== undefined && { cluster_id: clusterId }),
  };
  instructVisitor(lead, visitor, { registered });
  sendDrain(lead, id);
  for (const frameworkId of visitor.frameworks) {
    const framework = frameworkOf(lead, frameworkId);
    if (framework === undefined) shutDownFramework(lead, id, frameworkId);
    else {
      const update = { framework_info: frameworkInfo(framework) };
      instructVisitor(lead, visitor, { update_framework: update });
    }
  }
  deliverOperations(lead, id, new Set(visitor.operations));
  const known = new Set(visitor.reported.map((task) => `${task.frameworkId} ${task.taskId}`));
  const tasks = tasksOnAgent(lead.state, id);
  const isKnown = (task: Task): boolean => known.has(`${task.frameworkId} ${task.id}`);
  runAgain(
    lead,
    tasks.filter((task) => task.state === 'staging' && !isKnown(task)),
  );
  for (const task of tasks) killTask(lead, task);
  for (const task of visitor.reported) killOrphan(lead, id, task);
  adoptByPolicy(lead, id);
}

/** Its scheduler was told that it has ended: then it has to. */
function killOrphan(lead: Lead, id: AgentId, { frameworkId, taskId, state }: ReportedTask): void {
  if (isTerminal(state) || !isCompleted(lead.state, frameworkId, taskId)) return;
  // mark: a task that its framework was told had ended is killed
  const ids = { framework_id: { value: frameworkId }, task_id: { value: taskId } };
  instruct(lead, id, { kill_task: ids });
}

/** Nobody would know what became of them (contract 7.3): their frameworks have asked for no more. */
function loseUncheckpointed(lead: Lead, id: AgentId): void {
  const message = `Agent ${agentOf(lead, id)?.hostname} disconnected`;
  const tasks = tasksOnAgent(lead.state, id).filter(
    (task) => !isTerminal(task.state) && frameworkOf(lead, task.frameworkId)?.checkpoint === false,
  );
  if (tasks.length > 0) loseTasks(lead, tasks, { reason: 'agent-disconnected', message });
}

/** One ping an interval; the count of those without an answer falls to nothing with any answer. */
function ping(lead: Lead, visitor: Visitor, id: AgentId): void {
  const { agentPingTimeoutMs, agentPingTimeoutsMax } = lead.options;
  if (visitor.pingsUnanswered >= agentPingTimeoutsMax) {
    // mark: an agent answered no pings
    giveUp(lead, id, 'health check timed out');
  }
  visitor.pingsUnanswered++;
  instructVisitor(lead, visitor, { ping: { sequence: visitor.pingSequence++ } });
  visitor.pingTimer = lead.after(agentPingTimeoutMs, () => ping(lead, visitor, id));
}

function disconnect(lead: Lead, peer: Peer): void {
  peer.presence = disconnected(lead, peer.id);
  bar(lead, peer.id);
  rescindOffersOfAgent(lead, peer.id);
  loseUncheckpointed(lead, peer.id);
}

/** Nothing of it is offered until it is connected. */
function bar(lead: Lead, agentId: AgentId): void {
  lead.allocator.handle({ kind: 'agent-barred', agentId, bar: 'disconnected' });
}

function describe({ total, info }: Agent): AgentDescription {
  return { total, traits: agentTraitsFromWire(decode('mesos.v1.AgentInfo', info)) };
}

/** Out of reach or out of the books: nothing of it is on offer, nothing is held on it (7.4). */
function leave(lead: Lead, id: AgentId): void {
  const peer = lead.peers.get(id);
  if (peer === undefined) return;
  lead.removals.waiting.delete(id);
  rescindOffersOfAgent(lead, id);
  rescindInverseOffersOfAgent(lead, id);
  lead.allocator.handle({ kind: 'agent-removed', agentId: id });
  lead.peers.delete(id);
  lead.windows.delete(id);
  lead.draining.delete(id);
  if (peer.presence.kind === 'connected') {
    const { visitor } = peer.presence;
    visitor.agentId = undefined;
    visitor.pingTimer?.cancel();
    visitor.link.close();
  } else if (peer.presence.kind === 'disconnected') peer.presence.deadline.cancel();
  for (const { stream } of lead.schedulers.values()) stream.send(agentFailureEvent(id));
}

/** What tasks and executors hold on an agent, by framework: in the log, and on their way into it. */
function usesOf(lead: Lead, id: AgentId): readonly FrameworkUse[] {
  const tasks = [...lead.launching.values()].flatMap((ofFramework) => [...ofFramework.values()]);
  const executors = [...lead.arriving.values()].flatMap(({ executor, isHeld }) =>
    isHeld ? [executor] : [],
  );
  const coming = [...tasks, ...executors].filter(({ agentId }) => agentId === id);
  return [...holdersOnAgent(lead.state, id), ...coming].map(({ frameworkId, resources }) => ({
    frameworkId,
    resources,
  }));
}
