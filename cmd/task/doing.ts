/** What every verb of `altiplano task` works with. */
import type { TaskPlace } from '#internal/client/find-task.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { Terminal } from './terminal.ts';

export type Doing = {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly terminal: Terminal;
  readonly place: TaskPlace;
};

/** It cannot be done; the message is for whoever asked. */
export class TaskError extends Error {
  override readonly name: string = 'TaskError';
  readonly code: 'NOT_FOUND' | 'REFUSED';

  constructor(code: TaskError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
