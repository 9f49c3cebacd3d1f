import test from 'ava';
import fc from 'fast-check';
import { arbitraryMessage } from '#internal/testing/arbitrary-message.ts';
import type { Response } from '#proto/gen/mesos/v1/master.ts';
import { toJson } from './json.ts';
import { jsonPieces } from './json-stream.ts';
import { encode } from './protobuf.ts';
import { protobufPieces } from './protobuf-stream.ts';
import { isPlain, messageNamed } from './schema.ts';
import { type Each, each, settled, type Streamed } from './streamed.ts';

const name = 'mesos.v1.master.Response';

/** The message with all of its lists, but for those inside lists, still to be made. */
function withListsToCome(type: string, message: object): object {
  const fields = new Map(messageNamed(type).fields.map((field) => [field.name, field]));
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => {
      const field = fields.get(key);
      if (Array.isArray(value)) return [key, each(value, (item: unknown) => item)];
      const isMessage = field?.kind === 'message' && field.label !== 'map' && isPlain(value);
      return [key, isMessage ? withListsToCome(field.type, value) : value];
    }),
  );
}

const together = (pieces: Iterable<Uint8Array | undefined>): Buffer =>
  Buffer.concat([...pieces].filter((piece) => piece !== undefined));

test('a message that is made while it is written has the bytes of the whole one', (t) => {
  let lists = 0;
  fc.assert(
    fc.property(arbitraryMessage(name), (whole: Response) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that is what was made.
      const streamed = withListsToCome(name, whole) as Streamed<Response>;
      const text = toJson(name, whole);
      if (text.includes('[{')) lists++;
      t.is(together(jsonPieces(name, streamed)).toString(), text);
      t.deepEqual(together(protobufPieces(name, streamed)), Buffer.from(encode(name, whole)));
      t.deepEqual(settled(streamed), whole);
    }),
    { numRuns: 60 },
  );
  t.true(lists > 5, `${lists} of the messages had a list of messages`);
});

test('a list is made as far as it is read, and pieces have a bound', (t) => {
  let made = 0;
  const tasks = each(Array.from({ length: 5000 }).keys(), (n) => {
    made++;
    return {
      name: `task ${n}`,
      task_id: { value: `t${n}` },
      framework_id: { value: 'F' },
      agent_id: { value: 'S' },
      state: 'TASK_RUNNING' as const,
      resources: [],
      statuses: [],
    };
  });
  const message: Streamed<Response> = { type: 'GET_TASKS', get_tasks: { tasks } };
  const pieces = jsonPieces(name, message);
  let first = pieces.next();
  while (first.done !== true && first.value === undefined) first = pieces.next();
  t.true(made < 1000, `${made} were made for the first piece`);
  const rest = [...pieces].filter((piece) => piece !== undefined);
  t.true(rest.length > 3);
  t.true(rest.every(({ length }) => length < 80_000));
  t.is(made, 5000);
});

test('an empty list that is still to be made is written as one that is there', (t) => {
  const none = (): Each<never> => each([], (item) => item);
  const streamed: Streamed<Response> = {
    type: 'GET_STATE',
    get_state: {
      get_tasks: { tasks: none(), completed_tasks: none() },
      get_agents: { agents: none() },
    },
  };
  const whole = settled(streamed);
  t.deepEqual(whole.get_state?.get_tasks?.tasks, []);
  t.is(together(jsonPieces(name, streamed)).toString(), toJson(name, whole));
  t.deepEqual(together(protobufPieces(name, streamed)), Buffer.from(encode(name, whole)));
});
