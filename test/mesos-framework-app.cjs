/**
 * A framework as somebody would have written it years ago, with the npm package `mesos-framework` as
 * it is. It runs in a process of its own and tells its parent over IPC what it sees; the parent tells
 * it what to launch.
 *
 * The package follows a redirect and subscribes again when a stream was ended in good order. When the
 * connection breaks, or a master refuses, it says so and leaves the rest to the application: here is
 * that rest, a walk over the masters it was told of, by the package's documented fields and methods.
 */
'use strict';

const { Mesos, Scheduler, helpers } = require('mesos-framework');

const mesos = Mesos.getMesos();
const { masters, logs, user } = JSON.parse(process.argv[2]);

/** Between two masters that would not have us. */
const pauseMs = 200;
/** Far beyond the 15 s of the heartbeats: the package gives up a connection that is silent so long. */
const silenceSeconds = 120;

let master = 0;
const scheduler = new Scheduler({
  ...address(masters[master]),
  frameworkName: 'old client',
  user,
  frameworkFailoverTimeout: 3600,
  masterConnectionTimeout: silenceSeconds,
  logging: { path: logs, fileName: 'mesos-framework.log', level: 'error' },
  tasks: {},
});

function address(hostAndPort) {
  const [masterUrl, port] = hostAndPort.split(':');
  return { masterUrl, port };
}

function say(line) {
  if (process.connected) process.send(line);
}

let isLooking = false;

/** Asks the next master, once for each reason that made it necessary. */
function askNextMaster() {
  if (isLooking) return;
  isLooking = true;
  setTimeout(() => {
    isLooking = false;
    master = (master + 1) % masters.length;
    Object.assign(scheduler.options, address(masters[master]));
    scheduler.generateRequestTemplate();
    scheduler.subscribe();
  }, pauseMs);
}

scheduler.once('ready', () => scheduler.subscribe());

scheduler.on('sent_subscribe', () => {
  const request = scheduler.httpRequest;
  request.once('close', () => {
    // After an end in good order the package itself subscribes again.
    if (request.res.complete) return;
    say({ kind: 'lost' });
    askNextMaster();
  });
});

scheduler.on('subscribed', ({ frameworkId }) => {
  const { masterUrl, port } = scheduler.options;
  say({ kind: 'subscribed', frameworkId, master: `${masterUrl}:${port}` });
});

// Of a call the package tells the error's text, of a subscription an object.
scheduler.on('error', (error) => {
  const isOfCall = typeof error === 'string';
  say({ kind: 'error', isOfCall, message: isOfCall ? error : error.message });
  if (isOfCall) return;
  if (/^(?:There was a problem with the request|Error registering)/u.test(error.message)) {
    askNextMaster();
  }
});

scheduler.on('update', ({ status }) => {
  say({
    kind: 'update',
    taskId: status.task_id.value,
    agentId: status.agent_id?.value,
    state: status.state,
    reason: status.reason,
    uuid: status.uuid,
  });
});

for (const call of ['accept', 'acknowledge']) {
  scheduler.on(`sent_${call}`, () => say({ kind: 'sent', call }));
}

const orders = {
  /** Puts `instances` tasks into the package's queue, out of which it serves offers. */
  launch({ name, command, instances }) {
    const commandInfo = new mesos.CommandInfo(null, new mesos.Environment([]), true, command);
    const resources = { cpus: 0.1, mem: 32, disk: 0, ports: 0 };
    const tasks = helpers.sortTasksByPriority({ [name]: { instances, resources, commandInfo } });
    scheduler.pendingTasks.push(...tasks);
    scheduler.revive();
  },
  kill: ({ taskId, agentId }) => scheduler.kill(taskId, agentId),
  teardown: () => scheduler.teardown(),
};

process.on('message', (order) => orders[order.kind](order));
process.on('disconnect', () => process.exit(0));
