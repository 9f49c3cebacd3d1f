/** The input and output of one simulated container. */
import type { Life } from '#internal/runtime/simulated/life.ts';
import { ContainerError, type ContainerIo, type OutputChunk } from '../containerizer.ts';
import { OutputFeed } from './output-feed.ts';

export class SimulatedTerminal {
  readonly #hasTerminal: boolean;
  readonly #said: OutputChunk[] = [];
  readonly #read: Uint8Array[] = [];
  #feed: { readonly life: Life; readonly feed: OutputFeed } | undefined;
  #onInput: (() => void) | undefined;
  #wake: () => void = () => {};
  #ended = false;

  constructor({ hasTerminal }: { readonly hasTerminal: boolean }) {
    this.#hasTerminal = hasTerminal;
  }

  /** As one run of the agent's program sees it. */
  io(life: Life): ContainerIo {
    if (this.#feed?.life !== life) {
      this.#feed = { life, feed: new OutputFeed(this.#chunks(life)) };
    }
    const { feed } = this.#feed;
    return {
      output: () => feed.read(),
      write: async (data) => {
        this.#read.push(data);
        this.#onInput?.();
      },
      resize: async ({ rows, columns }) => {
        if (!this.#hasTerminal) throw new ContainerError('The container has no terminal');
        this.say(`${rows} ${columns}\n`);
      },
    };
  }

  say(text: string): void {
    this.#said.push({ stream: 'stdout', data: new TextEncoder().encode(text) });
    this.#wake();
  }

  /** Says what is read, and goes on after the end of the input. */
  echo(then: () => void): void {
    this.#onInput = () => {
      for (const data of this.#read.splice(0)) {
        if (data.length > 0) this.say(new TextDecoder().decode(data));
        else {
          this.#onInput = undefined;
          then();
        }
      }
    };
    this.#onInput();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *#chunks(life: Life): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#said.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = () => life.schedule(1, 'output', resolve);
        });
      }
    }
  }
}
