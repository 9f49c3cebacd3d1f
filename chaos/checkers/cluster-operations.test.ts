/** The checker itself: good histories pass, and each way to be bad is called by its name. */
import test from 'ava';
import type { OperationState, OperationStatus } from '#proto/gen/mesos/v1.ts';
import { OperationLaws } from './cluster-operations.ts';
import type { Violation } from './violation.ts';

const uuid = { value: new Uint8Array(16) };

/** `o` of `alice` is asked for on `a`. */
function asking(): OperationLaws {
  const laws = new OperationLaws();
  laws.asked('alice', 'o');
  return laws;
}

function heard(state: OperationState, laws = asking()): OperationLaws {
  laws.heard('alice', status(state));
  return laws;
}

const status = (
  state: OperationState,
  rest: Partial<OperationStatus> = { uuid },
): OperationStatus => ({
  operation_id: { value: 'o' },
  agent_id: { value: 'a' },
  state,
  ...rest,
});

const gone = 'OPERATION_GONE_BY_OPERATOR';
const answered = (state: OperationState, message: string): OperationStatus =>
  status(state, { message: `Reconciliation: ${message}` });

/** The agent is gone, and she asked for the truth. */
function denied(laws = asking()): OperationLaws {
  laws.agentGone('a');
  laws.heard('alice', answered(gone, 'Agent marked gone by operator'));
  return laws;
}

const bad: readonly (readonly [rule: string, how: string, happen: () => void])[] = [
  ['tenants', 'another hears of it', () => asking().heard('bob', status('OPERATION_FINISHED'))],
  ['tenants', 'nobody asked for it', () => heard('OPERATION_FINISHED', new OperationLaws())],
  [
    'final-state',
    'it has failed after all',
    () => heard('OPERATION_FAILED', heard('OPERATION_FINISHED')),
  ],
  [
    'final-state',
    'it is out of reach after its end',
    () => heard('OPERATION_UNREACHABLE', heard('OPERATION_DROPPED')),
  ],
  [
    'final-state',
    'its agent goes after its end, and it with it',
    () => {
      const laws = heard('OPERATION_FINISHED');
      laws.agentGone('a');
      laws.heard('alice', status(gone, { message: 'Agent has been marked gone' }));
    },
  ],
  ['final-state', 'an agent that is gone does it', () => heard('OPERATION_FINISHED', denied())],
  ['final-state', 'it waits for an agent that is gone', () => heard('OPERATION_PENDING', denied())],
  ['true-updates', 'nobody declared its agent gone', () => heard(gone)],
  [
    'true-updates',
    'an answer calls an agent gone that is not',
    () => {
      const laws = asking();
      laws.agentGone('b');
      laws.heard('alice', answered(gone, 'Agent marked gone by operator'));
    },
  ],
];

for (const [rule, how, happen] of bad) {
  test(`"${rule}" of operations is broken when ${how}`, (t) => {
    t.is(t.throws<Violation>(happen, { name: 'Violation' })?.rule, rule);
  });
}

test('an operation may be told to be under way, out of reach, and over, again and again', (t) => {
  const laws = heard('OPERATION_UNREACHABLE', heard('OPERATION_PENDING'));
  heard('OPERATION_FINISHED', heard('OPERATION_FINISHED', laws));
  t.notThrows(() => laws.heard('alice', status('OPERATION_FINISHED', {})));
});

test('an operation goes with its agent, which an answer says again', (t) => {
  const laws = asking();
  laws.agentGone('a');
  t.notThrows(() => denied(heard(gone, laws)));
});

test('who asks after an end was acknowledged hears of the agent, and the end stands', (t) => {
  const laws = denied(heard('OPERATION_FINISHED'));
  t.notThrows(() => heard('OPERATION_FINISHED', laws));
  const violation = t.throws<Violation>(() => heard('OPERATION_ERROR', laws));
  t.is(violation?.rule, 'final-state');
});

test('an ACCEPT that a question overtakes is refused after the answer to it', (t) => {
  t.notThrows(() => heard('OPERATION_ERROR', denied()));
  const laws = asking();
  laws.heard('alice', answered('OPERATION_UNKNOWN', 'Operation is unknown'));
  t.notThrows(() => heard('OPERATION_FINISHED', laws));
});
