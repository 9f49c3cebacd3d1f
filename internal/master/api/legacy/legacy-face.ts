/**
 * The older endpoints that web UIs, exporters and service discovery read (contract 13.2). They do not
 * look at the method. With `?jsonp=f` the reply is a script that calls `f`.
 */
import type { HttpHandler, HttpRequest } from '#internal/runtime/http.ts';
import type { MasterDoor, MasterView } from '../../door.ts';
import { agentGroups } from '../agent-groups.ts';
import { completedFrameworks, type FrameworkEntry, liveFrameworks } from '../framework-record.ts';
import { onlyWhileLeading } from '../leadership-gate.ts';
import { type MasterProfile, versionInfo } from '../master-profile.ts';
import type { Metrics } from '../metrics.ts';
import {
  answerResponse,
  bodyResponse,
  emptyResponse,
  errorResponse,
  methodNotAllowed,
  type WholeResponse,
} from '../response.ts';
import { roleEntries } from '../roles.ts';
import { queryOf, type Route } from '../router.ts';
import { type Usage, usageOf } from '../usage.ts';
import { fullAgentJson, recoveredAgentJson } from './agents.ts';
import { durationProblem } from './duration-text.ts';
import { frameworkJson } from './frameworks.ts';
import { double, type Json, writeJson } from './json-text.ts';
import { policyRoutes } from './policies.ts';
import { roleJson } from './roles.ts';
import { stateJson, stateSummaryJson } from './state.ts';
import { findTasks, taskJson } from './tasks.ts';

export type LegacyDependencies = {
  readonly door: MasterDoor;
  readonly metrics: Metrics;
};

export function legacyRoutes(
  { door, metrics }: LegacyDependencies,
  profile: MasterProfile,
): readonly Route[] {
  const reading = (path: string, read: Reader): Route => ({
    path,
    handler: onlyWhileLeading(door, (request) => {
      const view = door.view();
      return jsonReply(request, read(view, usageOf(view), queryOf(request.target)));
    }),
  });
  return [
    { path: '/health', handler: () => emptyResponse(200) },
    { path: '/version', handler: (request) => jsonReply(request, versionJson(profile)) },
    { path: '/flags', handler: (request) => jsonReply(request, { flags: profile.flags }) },
    {
      path: '/metrics/snapshot',
      handler: (request) => metricsReply(request, metrics(door.view())),
    },
    reading('/state', (view, usage) => stateJson(view, usage, profile)),
    reading('/state-summary', (view, usage) => stateSummaryJson(view, usage, profile)),
    reading('/slaves', slavesJson),
    reading('/frameworks', frameworksJson),
    reading('/tasks', tasksJson),
    reading('/roles', (view, usage) => ({ roles: roleEntries(view, usage).map(roleJson) })),
    { path: '/teardown', handler: onlyWhileLeading(door, teardownHandler(door)) },
    ...policyRoutes(door),
  ];
}

type Reader = (view: MasterView, usage: Usage, query: URLSearchParams) => Json;

const textDecoder = new TextDecoder();

function teardownHandler(door: MasterDoor): HttpHandler {
  return (request) => {
    if (request.method !== 'POST') return methodNotAllowed(request.method, 'POST');
    const form = new URLSearchParams(textDecoder.decode(request.body));
    const id = form.get('frameworkId');
    if (id !== null) {
      const teardown = { framework_id: { value: id } };
      return door.operate({ type: 'TEARDOWN', teardown }).then(answerResponse);
    }
    return errorResponse(400, `Missing 'frameworkId' query parameter in the request body`);
  };
}

/** Nothing is slow to read here, so a time limit is only looked at. */
function metricsReply(request: HttpRequest, metrics: ReadonlyMap<string, number>): WholeResponse {
  const timeout = queryOf(request.target).get('timeout');
  const problem = timeout === null ? undefined : durationProblem(timeout);
  if (problem === undefined) return jsonReply(request, numbers(metrics));
  return errorResponse(400, `Invalid timeout '${timeout}': ${problem}.\n`);
}

const slavesJson: Reader = (view, usage, query) => {
  const wanted = query.get('slave_id');
  const { registered, recovered } = agentGroups(view);
  const isWanted = ({ id }: { readonly id: string }): boolean => wanted === null || id === wanted;
  return {
    slaves: registered.filter(isWanted).map((agent) => fullAgentJson(view, usage, agent)),
    recovered_slaves: recovered.filter(isWanted).map(recoveredAgentJson),
  };
};

const frameworksJson: Reader = (view, usage, query) => {
  const wanted = query.get('framework_id');
  const isWanted = ({ framework }: FrameworkEntry): boolean =>
    wanted === null || framework.id === wanted;
  return {
    frameworks: liveFrameworks(view, usage).filter(isWanted).map(frameworkJson),
    completed_frameworks: completedFrameworks(view).filter(isWanted).map(frameworkJson),
    unregistered_frameworks: [],
  };
};

/** `/tasks` answers at most this many unless asked for another number. */
const tasksLimit = 100;

const tasksJson: Reader = (view, _usage, query) => {
  const found = findTasks(view, {
    frameworkId: query.get('framework_id'),
    taskId: query.get('task_id'),
    limit: count(query.get('limit')) ?? tasksLimit,
    offset: count(query.get('offset')) ?? 0,
    order: query.get('order') === 'asc' ? 'asc' : 'des',
  });
  return { tasks: found.map(taskJson) };
};

/** A number that does not parse is as good as none (contract 13.2). */
function count(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
}

/** Keys sorted, as Mesos does here. */
function versionJson({ build }: MasterProfile): Json {
  const { version, build_time = 0, ...rest } = versionInfo(build);
  const { build_date, build_user, git_sha } = rest;
  return { build_date, build_time: double(build_time), build_user, git_sha, version };
}

const numbers = (metrics: ReadonlyMap<string, number>): Json =>
  Object.fromEntries([...metrics].map(([name, value]) => [name, double(value)]));

/** What may stand before the bracket: anything else would let a link put words into our mouth. */
const callbackPattern = /^[\w$.]{1,256}$/u;

function jsonReply(request: HttpRequest, value: Json): WholeResponse {
  const text = writeJson(value);
  const callback = queryOf(request.target).get('jsonp');
  if (callback === null) return bodyResponse('application/json', text);
  if (!callbackPattern.test(callback)) {
    return errorResponse(400, `Expecting 'jsonp' to be the name of a function`);
  }
  return bodyResponse('text/javascript', `${callback}(${text})`);
}
