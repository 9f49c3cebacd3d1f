/**
 * Has its tasks looked after. Some fall ill and stay so: they sleep for ever, only their health check ends
 * them, and without it the run would not end. Others are well, or ill for a moment that is too short to be
 * killed for: one of them that is killed was not asked for, and a law sees it.
 */
import type { Offer, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { modernFramework } from './framework.ts';
import type { Body, Mind, Temperament } from './temperament.ts';

const tasksMax = 6;

/** Of lives that are looked at twice a second, and end when they look ill four times on end. */
const lives = {
  hopeless: 'sleep 1; fall ILL; sleep 100000; exit 0',
  'never-well': 'fall ILL; sleep 100000; exit 0',
  passing:
    'sleep 1; fall ILL; sleep 0.9; get WELL; sleep 1.5; fall ILL; sleep 0.9; get WELL; sleep 1; exit 0',
  well: 'sleep 2; exit 0',
} as const;

type Life = keyof typeof lives;

const order: readonly Life[] = ['hopeless', 'never-well', 'passing', 'well'];

const isLost = (life: Life): boolean => life === 'hopeless' || life === 'never-well';

const pace = { delay_seconds: 0.5, interval_seconds: 0.5, timeout_seconds: 5 };
const command = { shell: true, value: 'ask PARENT' };

export const carer: Temperament = {
  name: 'carer',
  figures: ['health-checked', 'ill-told', 'well-told', 'checks-told', 'killed-for-health'],
  newMind: (body) => newCarer(body),
};

function newCarer(body: Body): Mind {
  const wrongs: string[] = [];
  const killed = new Set<string>();
  return {
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => use(body, offer),
    onUpdate(status) {
      const { healthy, reason, source, task_id, check_status: check } = status;
      if (source !== 'SOURCE_EXECUTOR') return;
      if (check === undefined) wrongs.push(`${task_id.value} was told of without its check`);
      if (reason === 'REASON_TASK_CHECK_STATUS_UPDATED') body.count('checks-told');
      if (reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED') {
        body.count(healthy === true ? 'well-told' : 'ill-told');
      }
      if (!isPlainKill(status) || killed.has(task_id.value)) return;
      killed.add(task_id.value);
      if (healthy === false) body.count('killed-for-health');
      else wrongs.push(`${task_id.value} was killed, and nobody says why`);
    },
    refuted: () => wrongs[0],
  };
}

/** Not by a drain, and not while it was launched. */
const isPlainKill = ({ state, reason }: TaskStatus): boolean =>
  state === 'TASK_KILLED' && reason === undefined;

function use(body: Body, offer: Offer): void {
  const { random } = body;
  const room = Math.min(tasksMax - body.tasks.open.length, 1 + random.below(3));
  const infos = room <= 0 || random.chance(0.1) ? [] : body.pack([offer], room);
  if (infos.length === 0) {
    body.decline([offer], room <= 0 ? 5 : random.below(4));
    return;
  }
  body.launch(
    [offer],
    infos.map((info) => cared(body, info)),
    random.below(3),
  );
}

function cared(body: Body, info: TaskInfo): TaskInfo {
  const life = order[body.random.below(order.length)] ?? 'well';
  const id = info.task_id.value;
  if (isLost(life)) body.witness.see(({ containers }) => containers.mayBeKilled(id));
  body.count('health-checked');
  return {
    ...info,
    command: { shell: true, value: lives[life] },
    check: { type: 'COMMAND', command: { command }, ...pace },
    health_check: {
      type: 'COMMAND',
      command,
      ...pace,
      consecutive_failures: 4,
      grace_period_seconds: life === 'never-well' ? 1 : 0,
    },
  };
}
