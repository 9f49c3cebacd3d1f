/**
 * Messages that are lost, late, repeated and out of order as the network likes. For protocols that
 * repeat themselves (Raft). Messages are handed over as they are, so they must not change: encode
 * them first when the codec shall be tested too.
 */
import { assert } from '#internal/base/assert.ts';
import type { Life } from './life.ts';
import type { SimulatedNetwork } from './network.ts';

type Receiver<Message> = {
  readonly life: Life;
  readonly receive: (message: Message, from: string) => void;
};

/** One kind of traffic, between one endpoint a machine; several kinds may share a network. */
export class SimulatedDatagrams<Message> {
  readonly #network: SimulatedNetwork;
  readonly #name: string;
  readonly #receivers = new Map<string, Receiver<Message>>();
  readonly #sent = new Map<string, number>();
  readonly #arrived = new Map<string, number>();

  constructor(
    { network }: { readonly network: SimulatedNetwork },
    { name }: { readonly name: string },
  ) {
    this.#network = network;
    this.#name = name;
  }

  /** From now to the end of its life, `life` gets what is sent to its machine. */
  bind(life: Life, receive: (message: Message, from: string) => void): void {
    assert(this.#receivers.get(life.name)?.life.alive !== true, `${life.name} is bound already`);
    this.#receivers.set(life.name, { life, receive });
  }

  /** Ends `bind` while the program goes on. */
  unbind(life: Life): void {
    if (this.#receivers.get(life.name)?.life === life) this.#receivers.delete(life.name);
  }

  send(life: Life, to: string, message: Message): void {
    if (!life.alive) return;
    const from = life.name;
    const link = `${from}>${to}`;
    const number = (this.#sent.get(link) ?? 0) + 1;
    this.#sent.set(link, number);
    for (const delayMs of this.#network.fate(from, to)) {
      this.#network.world.schedule(delayMs, `${this.#name} ${link}`, () => {
        this.#arrive(link, number);
        const receiver = this.#receivers.get(to);
        receiver?.life.run(() => receiver.receive(message, from));
      });
    }
  }

  #arrive(link: string, number: number): void {
    const { counts } = this.#network;
    counts.delivered++;
    const latest = this.#arrived.get(link) ?? 0;
    if (number < latest) counts.reordered++;
    else this.#arrived.set(link, number);
  }
}
