/**
 * The older endpoints that web UIs, exporters and service discovery read (contract 13.2). They do not
 * look at the method. With `?jsonp=f` the reply is a script that calls `f`.
 */
import { atOnce, type Steps } from '#internal/base/steps.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { gathered } from '#internal/wire/json-stream.ts';
import { chained, each } from '#internal/wire/streamed.ts';
import type { MasterDoor, MasterView } from '../../door.ts';
import { agentGroups } from '../agent-groups.ts';
import { completedFrameworks, type FrameworkEntry, liveFrameworks } from '../framework-record.ts';
import { onlyWhileLeading, unsure } from '../leadership-gate.ts';
import { type MasterProfile, versionInfo } from '../master-profile.ts';
import type { Metrics } from '../metrics.ts';
import type { Pieces, ReadingDesk } from '../reading-desk.ts';
import {
  answerResponse,
  emptyResponse,
  errorResponse,
  methodNotAllowed,
  type WholeResponse,
} from '../response.ts';
import { roleEntries } from '../roles.ts';
import { queryOf, type Route } from '../router.ts';
import { usageSteps } from '../usage.ts';
import { fullAgentJson, recoveredAgentJson } from './agents.ts';
import { durationProblem } from './duration-text.ts';
import { frameworkJson } from './frameworks.ts';
import { double, type Json, jsonParts } from './json-text.ts';
import { policyRoutes } from './policies.ts';
import { reservationRoutes } from './reservations.ts';
import { roleJson } from './roles.ts';
import { stateJson, stateSummaryJson } from './state.ts';
import { findTasks, taskJson } from './tasks.ts';

export type LegacyDependencies = {
  readonly door: MasterDoor;
  readonly metrics: Metrics;
  readonly desk: ReadingDesk;
};

export function legacyRoutes(
  { door, metrics, desk }: LegacyDependencies,
  profile: MasterProfile,
): readonly Route[] {
  const answer = (request: HttpRequest, steps: Steps<Json>): HttpResponse | Promise<HttpResponse> =>
    answerJson(desk, request, steps);
  const reading = (path: string, read: Reader): Route => ({
    path,
    handler: onlyWhileLeading(door, async (request) => {
      const view = await door.read();
      if (view === undefined) return unsure(door, request.target);
      return await answer(request, read(view, queryOf(request.target)));
    }),
  });
  return [
    { path: '/health', handler: () => emptyResponse(200) },
    {
      path: '/version',
      handler: (request) =>
        answer(
          request,
          atOnce(() => versionJson(profile)),
        ),
    },
    {
      path: '/flags',
      handler: (request) =>
        answer(
          request,
          atOnce(() => ({ flags: profile.flags })),
        ),
    },
    {
      path: '/metrics/snapshot',
      handler: (request) =>
        metricsProblem(request) ?? answer(request, metricsJson(metrics(door.view()))),
    },
    reading('/state', function* (view) {
      return stateJson(view, yield* usageSteps(view), profile);
    }),
    reading('/state-summary', function* (view) {
      return yield* stateSummaryJson(view, yield* usageSteps(view), profile);
    }),
    reading('/slaves', slavesJson),
    reading('/frameworks', frameworksJson),
    reading('/tasks', tasksJson),
    reading('/roles', function* (view) {
      const usage = yield* usageSteps(view);
      return { roles: roleEntries(view, usage).map(roleJson) };
    }),
    { path: '/teardown', handler: onlyWhileLeading(door, teardownHandler(door)) },
    ...policyRoutes(door),
    ...reservationRoutes(door),
  ];
}

type Reader = (view: MasterView, query: URLSearchParams) => Steps<Json>;

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
function metricsProblem(request: HttpRequest): WholeResponse | undefined {
  const timeout = queryOf(request.target).get('timeout');
  const problem = timeout === null ? undefined : durationProblem(timeout);
  if (problem === undefined) return undefined;
  return errorResponse(400, `Invalid timeout '${timeout}': ${problem}.\n`);
}

function* metricsJson(metrics: Steps<ReadonlyMap<string, number>>): Steps<Json> {
  return numbers(yield* metrics);
}

const slavesJson: Reader = function* (view, query) {
  const wanted = query.get('slave_id');
  const usage = yield* usageSteps(view);
  const { registered, recovered } = agentGroups(view);
  const isWanted = ({ id }: { readonly id: string }): boolean => wanted === null || id === wanted;
  return {
    slaves: each(registered.filter(isWanted), (agent) => fullAgentJson(view, usage, agent)),
    recovered_slaves: each(recovered.filter(isWanted), recoveredAgentJson),
  };
};

const frameworksJson: Reader = function* (view, query) {
  const wanted = query.get('framework_id');
  const usage = yield* usageSteps(view);
  const isWanted = ({ framework }: FrameworkEntry): boolean =>
    wanted === null || framework.id === wanted;
  return {
    frameworks: each(liveFrameworks(view, usage).filter(isWanted), frameworkJson),
    completed_frameworks: each(completedFrameworks(view).filter(isWanted), frameworkJson),
    unregistered_frameworks: [],
  };
};

/** `/tasks` answers at most this many unless asked for another number. */
const tasksLimit = 100;

const tasksJson: Reader = function* (view, query) {
  const found = yield* findTasks(view, {
    frameworkId: query.get('framework_id'),
    taskId: query.get('task_id'),
    limit: count(query.get('limit')) ?? tasksLimit,
    offset: count(query.get('offset')) ?? 0,
    order: query.get('order') === 'asc' ? 'asc' : 'des',
  });
  return { tasks: each(found, taskJson) };
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

function answerJson(
  desk: ReadingDesk,
  request: HttpRequest,
  steps: Steps<Json>,
): HttpResponse | Promise<HttpResponse> {
  const callback = queryOf(request.target).get('jsonp');
  if (callback === null) return desk.answer('application/json', piecesOf(steps, '', ''));
  if (!callbackPattern.test(callback)) {
    return errorResponse(400, `Expecting 'jsonp' to be the name of a function`);
  }
  return desk.answer('text/javascript', piecesOf(steps, `${callback}(`, ')'));
}

function* piecesOf(steps: Steps<Json>, before: string, after: string): Pieces {
  const value = yield* steps;
  yield* gathered(chained([before], { [Symbol.iterator]: () => jsonParts(value) }, [after]));
}
