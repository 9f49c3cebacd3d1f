import test from 'ava';
import { executorOptionsFrom } from './executor-options.ts';

const least = {
  MESOS_FRAMEWORK_ID: 'F',
  MESOS_EXECUTOR_ID: 'e',
  MESOS_AGENT_ENDPOINT: '10.0.0.1:5051',
};

test('an executor learns where it is from its environment', (t) => {
  t.deepEqual(executorOptionsFrom(least), {
    ok: true,
    value: {
      frameworkId: 'F',
      executorId: 'e',
      agent: '10.0.0.1:5051',
      isCheckpointed: false,
      recoveryTimeoutMs: 900_000,
      backoffMsMax: 2000,
      shutdownGraceMs: 5000,
      token: undefined,
    },
  });
  const more = {
    MESOS_CHECKPOINT: '1',
    MESOS_RECOVERY_TIMEOUT: '1mins',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '500ms',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '10secs',
    MESOS_EXECUTOR_AUTHENTICATION_TOKEN: 'token',
  };
  const parsed = executorOptionsFrom({ ...least, ...more });
  t.like(parsed, {
    value: {
      isCheckpointed: true,
      recoveryTimeoutMs: 60_000,
      backoffMsMax: 500,
      shutdownGraceMs: 10_000,
      token: 'token',
    },
  });
});

test('an environment of no executor is refused, and the variable is named', (t) => {
  for (const name of Object.keys(least)) {
    const parsed = executorOptionsFrom({ ...least, [name]: undefined });
    t.deepEqual(parsed, { ok: false, refusal: `${name} is not set` });
  }
  const odd = executorOptionsFrom({ ...least, MESOS_RECOVERY_TIMEOUT: 'soon' });
  t.true(!odd.ok && odd.refusal.startsWith('MESOS_RECOVERY_TIMEOUT: '));
});
