/**
 * The older endpoints by which operators decide (contract 13.2): weights, quota, maintenance and
 * machines. Each is another spelling of a v1 call, and judged as that one is.
 */
import type { HttpHandler, HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import type { MasterDoor, MasterView } from '../../door.ts';
import { onlyWhileLeading, unsure } from '../leadership-gate.ts';
import {
  getMaintenanceSchedule,
  getMaintenanceStatus,
  getQuota,
  getWeights,
} from '../policy-replies.ts';
import { masterCallProblem } from '../validate-master-call.ts';
import { answerResponse, bodyResponse, errorResponse, methodNotAllowed } from '../response.ts';
import { pathOf, type Route } from '../router.ts';

export function policyRoutes(door: MasterDoor): readonly Route[] {
  const route = (path: string, answers: Answers): Route => ({
    path,
    handler: onlyWhileLeading(door, byMethod(answers)),
  });
  const deciding = (what: string, call: (body: string) => string): HttpHandler =>
    decides(door, what, call);
  const reading = (text: (view: MasterView) => string): HttpHandler => reads(door, text);
  return [
    route('/weights', {
      GET: reading(weightsJson),
      PUT: deciding(
        'update weights',
        (body) => `{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":${body}}}`,
      ),
    }),
    route('/quota', {
      GET: reading(quotaJson),
      POST: deciding(
        'set quota',
        (body) => `{"type":"SET_QUOTA","set_quota":{"quota_request":${body}}}`,
      ),
      DELETE: (request) => removeQuota(door, request),
    }),
    route('/maintenance/schedule', {
      GET: reading(scheduleJson),
      POST: deciding('maintenance schedule', (body) => {
        const member = `"update_maintenance_schedule":{"schedule":${body}}`;
        return `{"type":"UPDATE_MAINTENANCE_SCHEDULE",${member}}`;
      }),
    }),
    route('/maintenance/status', { GET: reading(statusJson) }),
    route('/machine/down', {
      POST: deciding(
        'machine ids',
        (body) => `{"type":"START_MAINTENANCE","start_maintenance":{"machines":${body}}}`,
      ),
    }),
    route('/machine/up', {
      POST: deciding(
        'machine ids',
        (body) => `{"type":"STOP_MAINTENANCE","stop_maintenance":{"machines":${body}}}`,
      ),
    }),
  ];
}

type Answers = Readonly<Record<string, HttpHandler>>;

function byMethod(answers: Answers): HttpHandler {
  return (request) => {
    const answer = answers[request.method];
    if (answer !== undefined) return answer(request);
    return methodNotAllowed(request.method, Object.keys(answers).join(`', '`));
  };
}

const textDecoder = new TextDecoder();

/** The body is the part of a v1 call that changes. */
function decides(door: MasterDoor, what: string, callOf: (body: string) => string): HttpHandler {
  return (request) => {
    const body = textDecoder.decode(request.body);
    let call: Call;
    try {
      // One whole value, or what is put around it would not stay around it.
      JSON.parse(body);
      call = fromJson('mesos.v1.master.Call', callOf(body));
    } catch (error) {
      if (!(error instanceof WireError || error instanceof SyntaxError)) throw error;
      return errorResponse(400, `Failed to parse ${what} request JSON '${body}': ${error.message}`);
    }
    const problem = masterCallProblem(call);
    if (problem !== undefined) return errorResponse(400, problem);
    return door.operate(call).then(answerResponse);
  };
}

/** `DELETE /quota/role`. */
function removeQuota(
  door: MasterDoor,
  { target }: HttpRequest,
): HttpResponse | Promise<HttpResponse> {
  const [, after = ''] = pathOf(target).split('/quota/');
  const role = unescaped(after);
  if (role === undefined || role === '') {
    return errorResponse(400, `Failed to parse request path '${target}': 2 tokens expected`);
  }
  return door.operate({ type: 'REMOVE_QUOTA', remove_quota: { role } }).then(answerResponse);
}

/** Undefined for escapes that mean nothing. */
function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const reads =
  (door: MasterDoor, text: (view: MasterView) => string): HttpHandler =>
  async ({ target }) => {
    const view = await door.read();
    return view === undefined ? unsure(door, target) : bodyResponse('application/json', text(view));
  };

function weightsJson(view: MasterView): string {
  const { get_weights: weights } = getWeights(view);
  const list = weights?.weight_infos ?? [];
  return `[${list.map((one) => toJson('mesos.v1.WeightInfo', one)).join(',')}]`;
}

const quotaJson = (view: MasterView): string =>
  toJson('mesos.v1.quota.QuotaStatus', getQuota(view).status);

const scheduleJson = (view: MasterView): string =>
  toJson('mesos.v1.maintenance.Schedule', getMaintenanceSchedule(view).schedule);

const statusJson = (view: MasterView): string =>
  toJson('mesos.v1.maintenance.ClusterStatus', getMaintenanceStatus(view).status);
