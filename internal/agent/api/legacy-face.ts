/** Endpoints of an agent that are older than its API, for scripts and monitors (contract 13.3). */
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import { jsonDouble, jsonString } from '#internal/wire/json-literal.ts';
import type { Response_GetContainers_Container } from '#proto/gen/mesos/v1/agent.ts';
import type { AgentState } from '../core/state.ts';
import { durationMsOf } from './duration-text.ts';
import type { OperatorDependencies } from './operator-face.ts';
import { emptyResponse, errorResponse, jsonResponse } from './response.ts';
import { shownContainers } from './shown-containers.ts';
import { systemStats } from './system-stats.ts';
import { commandSource } from './state-json.ts';

export type LegacySources = OperatorDependencies & { readonly startedMs: number };

/** `/monitor/statistics` costs a look at every process: no more than so many in a second. */
const statisticsPerSecond = 2;

export type RateLimit = { readonly timesMs: number[] };

type Asked = {
  readonly sources: LegacySources;
  readonly state: AgentState;
  readonly request: HttpRequest;
  readonly limit: RateLimit;
};

/** Undefined for a path that is none of these. */
export async function answerLegacy(asked: Asked, path: string): Promise<HttpResponse | undefined> {
  const query = queryOf(asked.request.target);
  const jsonp = query.get('jsonp') ?? undefined;
  switch (path) {
    case '/containers':
      return await containers(asked, query);
    case '/monitor/statistics':
    case '/monitor/statistics.json':
      return await statistics(asked, jsonp);
    case '/containerizer/debug':
      return jsonResponse('{"pending":[]}', jsonp);
    case '/metrics/snapshot':
      return await metrics(asked, query);
    case '/system/stats.json':
      return jsonResponse(
        doubles(Object.entries(await systemStats(asked.sources.fileTree))),
        jsonp,
      );
    case '/logging/toggle':
      return toggle(asked, query);
    default:
      return undefined;
  }
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
}

async function containers(asked: Asked, query: URLSearchParams): Promise<HttpResponse> {
  const id = query.get('container_id');
  const framework = query.get('framework_id');
  const executor = query.get('executor_id');
  const named = [id, framework, executor].filter((one) => one !== null).length;
  // By one id, by framework, or by the two that name an executor.
  const isOdd = (id !== null && named > 1) || (executor !== null && framework === null);
  if (isOdd) {
    const ways = "'container_id', 'framework_id', or 'framework_id' and 'executor_id'";
    return errorResponse(400, `Expecting ${ways} in query.\n`);
  }
  const shown = await shownContainers(asked.sources, asked.state, {
    nested: query.get('show_nested') === 'true',
    standalone: query.get('show_standalone') === 'true',
  });
  const wanted = shown.filter(
    (one) =>
      (id === null || one.container_id.value === id) &&
      (framework === null || one.framework_id?.value === framework) &&
      (executor === null || one.executor_id?.value === executor),
  );
  const json = wanted.map((one) => containerJson(one, asked.state, 'with status'));
  return jsonResponse(`[${json.join(',')}]`, query.get('jsonp') ?? undefined);
}

async function statistics(asked: Asked, jsonp: string | undefined): Promise<HttpResponse> {
  const { sources, state, limit } = asked;
  const nowMs = sources.clock.monotonic();
  while ((limit.timesMs[0] ?? nowMs) <= nowMs - 1000) limit.timesMs.shift();
  const waits = limit.timesMs.length - statisticsPerSecond + 1;
  // Mesos makes the caller wait for a permit; so do we, and count those that wait as well.
  if (waits > waitingMax) return errorResponse(503, '503 Service Unavailable.');
  const freeMs = waits > 0 ? (limit.timesMs[waits - 1] ?? nowMs) + 1000 : nowMs;
  limit.timesMs.push(freeMs);
  if (freeMs > nowMs) await sources.clock.sleep(freeMs - nowMs);
  const shown = await shownContainers(sources, state, { nested: false, standalone: false });
  const running = shown.filter((one) => one.resource_statistics !== undefined);
  const json = running.map((one) => containerJson(one, state, 'bare'));
  return jsonResponse(`[${json.join(',')}]`, jsonp);
}

const waitingMax = 20;

function containerJson(
  container: Response_GetContainers_Container,
  state: AgentState,
  form: 'with status' | 'bare',
): string {
  const { container_id: id, executor_id, executor_name = '', framework_id } = container;
  const { container_status: status, resource_statistics: used } = container;
  const members: [string, string | undefined][] = [
    ['container_id', form === 'bare' ? undefined : jsonString(id.value)],
    ['executor_id', jsonString(executor_id?.value ?? '')],
    ['executor_name', jsonString(executor_name)],
    ['framework_id', jsonString(framework_id?.value ?? '')],
    ['source', jsonString(commandSource(state, framework_id?.value, executor_id?.value))],
    ['statistics', used && toJson('mesos.v1.ResourceStatistics', used)],
    ['status', form === 'bare' ? undefined : status && toJson('mesos.v1.ContainerStatus', status)],
  ];
  return object(members);
}

function object(members: readonly (readonly [string, string | undefined])[]): string {
  const told = members.filter(([, json]) => json !== undefined);
  return `{${told.map(([name, json]) => `${jsonString(name)}:${json}`).join(',')}}`;
}

const doubles = (numbers: Iterable<readonly [string, number]>): string =>
  object([...numbers].map(([name, value]) => [name, jsonDouble(value)] as const));

async function metrics(asked: Asked, query: URLSearchParams): Promise<HttpResponse> {
  const timeout = query.get('timeout');
  const parsed = timeout === null ? undefined : durationMsOf(timeout);
  if (parsed?.ok === false) {
    return errorResponse(400, `Invalid timeout '${timeout}': ${parsed.refusal}.\n`);
  }
  const { sources, state } = asked;
  return jsonResponse(doubles(await sources.metrics(state)), query.get('jsonp') ?? undefined);
}

function toggle({ sources: { verbosity } }: Asked, query: URLSearchParams): HttpResponse {
  const level = query.get('level');
  const duration = query.get('duration');
  if (level === null && duration === null) {
    return textResponse(`${verbosity.level}\n`);
  }
  if (level === null) return errorResponse(400, "Expecting 'level=value' in query.\n");
  if (duration === null) return errorResponse(400, "Expecting 'duration=value' in query.\n");
  if (!/^-?\d+$/u.test(level))
    return errorResponse(400, `Failed to convert '${level}' to number.\n`);
  const parsed = durationMsOf(duration);
  if (!parsed.ok) return errorResponse(400, `${parsed.refusal}.\n`);
  const refusal = verbosity.set(Number(level), parsed.value);
  return refusal === undefined ? emptyResponse(200) : errorResponse(400, `${refusal}.\n`);
}

function textResponse(text: string): HttpResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return { kind: 'whole', status: 200, headers, body: new TextEncoder().encode(text) };
}
