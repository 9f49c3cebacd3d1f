/**
 * A leader of an earlier term, woken up from an old image of its machine: it believes that it leads,
 * takes every agent that calls, and orders them about. Nobody who has heeded a later leader may obey.
 */
import { acceptSimulatedLinks } from '#internal/rpc/link-simulated.ts';
import type { Link, LinkHandlers } from '#internal/rpc/link.ts';
import { masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { AgentMessage, MasterMessage, Reregister } from '#proto/gen/altiplano/agent/v1.ts';
import { type Ground, linkBacklogBytesMax, linkPort } from './cluster-ground.ts';

export const revenantName = 'revenant';

export class Revenant {
  /** Agents that it gave orders. */
  orders = 0;
  readonly #ground: Ground;

  constructor(dependencies: { readonly ground: Ground }) {
    this.#ground = dependencies.ground;
  }

  start(): void {
    const { world, links } = this.#ground;
    const life = world.boot(revenantName);
    acceptSimulatedLinks<MasterMessage, AgentMessage>(
      { streams: links, life, codec: masterSideCodec },
      { backlogBytesMax: linkBacklogBytesMax, port: linkPort },
      (link) => this.#accept(link),
    );
  }

  #accept(link: Link<MasterMessage>): LinkHandlers<AgentMessage> {
    const heeded = this.#ground.witness.laws.fencing.termOf(link.peer);
    return {
      onMessage: ({ reregister }) => {
        if (reregister !== undefined && heeded >= 2n) this.#order(link, heeded - 1n, reregister);
        else {
          link.send({ term: heeded, not_leading: {} });
          link.close();
        }
      },
      onClose: () => {},
    };
  }

  /** What would do most harm. */
  #order(link: Link<MasterMessage>, term: bigint, { description, tasks = [] }: Reregister): void {
    const { id } = description.agent_info;
    if (id === undefined) return;
    this.orders++;
    link.send({ term, registered: { agent_id: id, total_ping_timeout_seconds: 5 } });
    link.send({ term, ping: { sequence: 0n } });
    for (const { framework_id, task_info } of tasks) {
      link.send({ term, kill_task: { framework_id, task_id: task_info.task_id } });
    }
    const [first] = tasks;
    if (first === undefined) return;
    const { framework_id, task_info } = first;
    const framework_info = { user: '', name: 'revenant', id: framework_id };
    const stolen = { ...task_info, task_id: { value: `${revenantName}-${this.orders}` } };
    link.send({ term, run_task: { framework_info, task_info: stolen } });
  }
}
