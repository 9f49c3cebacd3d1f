/** Watches a machine that takes so much at a time (`StateMachine.room`). */
import type { StateMachine } from './replicated-log.ts';

export class RoomWatch {
  readonly #machine: Pick<StateMachine, 'room'>;
  readonly #onRoom: () => void;
  #isWaiting = false;

  /** `onRoom` is called when the machine takes more again, after `isFull` said that it does not. */
  constructor(machine: Pick<StateMachine, 'room'>, onRoom: () => void) {
    this.#machine = machine;
    this.#onRoom = onRoom;
  }

  isFull(): boolean {
    const room = this.#machine.room?.();
    if (room !== undefined && !this.#isWaiting) void this.#wait(room);
    return room !== undefined;
  }

  async #wait(room: Promise<void>): Promise<void> {
    this.#isWaiting = true;
    await room;
    this.#isWaiting = false;
    this.#onRoom();
  }
}
