/** What is said and not yet sent, in its order. Who says much waits until it has gone. */
export type Line<Item> = {
  readonly items: AsyncIterable<Item>;
  push(item: Item): void;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
  end(): void;
};

const nobody = (): void => {};

export function newLine<Item>(): Line<Item> {
  const waiting: Item[] = [];
  let isOver = false;
  let wake = nobody;
  let onDrained = nobody;
  async function* items(): AsyncGenerator<Item> {
    for (;;) {
      const item = waiting.shift();
      if (item !== undefined) yield item;
      else if (isOver) return;
      else {
        onDrained();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return {
    items: items(),
    push: (item) => {
      waiting.push(item);
      wake();
    },
    drained: async () => {
      if (waiting.length === 0 || isOver) return;
      await new Promise<void>((resolve) => {
        onDrained = resolve;
      });
    },
    end: () => {
      isOver = true;
      wake();
      onDrained();
    },
  };
}
