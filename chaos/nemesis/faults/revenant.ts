/**
 * A leader of an earlier term, woken up from an old image of its machine: it believes that it leads, takes
 * every agent that calls and orders it about. The nemesis plays it. All other masters are out of reach of
 * the agent, whose calls to the one that once led come to the revenant.
 */
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { acceptGrpcLinks, agentLinkOptions } from '#internal/rpc/link-grpc.ts';
import type { Link, LinkHandlers } from '#internal/rpc/link.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import { type Fault, together } from './fault.ts';
import { membersOf } from './processes.ts';

const port = 5060;
const silenceSeconds = 5;

export const revenant: Fault = {
  words: 'in reach of nobody but a leader of an earlier term',
  settings: {},
  takesProcess: false,
  needs: [],
  async strike(ground, targets) {
    const { cluster, network } = ground;
    const [agent] = membersOf(cluster, targets);
    const past = agent === undefined ? undefined : ground.deposedBefore(agent.name);
    const old = cluster.masters.find(({ name }) => name === past?.master);
    if (agent === undefined || past === undefined || old === undefined) return async () => {};
    const host = network.ip(0);
    const server = await openGrpcServer({ host, port });
    acceptGrpcLinks(
      { server: server.server, clock: systemClock(), codec: masterSideCodec },
      agentLinkOptions,
      (link) => ordersTo(link, BigInt(past.term)),
    );
    const heals: (() => void | Promise<void>)[] = [
      async () => await server[Symbol.asyncDispose](),
      network.divert([agent.place, old.place], port),
    ];
    for (const { name, place } of cluster.masters) {
      if (name === old.name) continue;
      // Connections break at once, so that the agent looks for another master.
      heals.push(network.reset(place, agent.place), network.reset(agent.place, place));
    }
    return together(heals);
  },
};

/** What would do most harm: it is taken in, and everything it runs is to be killed. */
const ordersTo = (link: Link<MasterMessage>, term: bigint): LinkHandlers<AgentMessage> => ({
  onMessage({ reregister }) {
    const id = reregister?.description.agent_info.id;
    if (reregister === undefined || id === undefined) return;
    const registered = { agent_id: id, total_ping_timeout_seconds: silenceSeconds };
    link.send({ term, registered });
    for (const { framework_id, task_info } of reregister.tasks ?? []) {
      link.send({ term, kill_task: { framework_id, task_id: task_info.task_id } });
    }
  },
  onClose() {},
});
