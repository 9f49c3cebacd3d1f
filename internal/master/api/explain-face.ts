/**
 * Two questions that no Mesos answers: `/explain?framework_id=…` says why a framework is not offered
 * something (also of one `role`, on one `agent_id`, with a `need` such as `cpus:2;mem:1024`), and
 * `/starvation` who waits for offers for how long, and who sits on them.
 */
import { explanationText, type Names } from '#internal/allocator/explain-text.ts';
import type { Question } from '#internal/allocator/explanation.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { type Quantities, scalarQuantities } from '#internal/resources/quantities.ts';
import { parseRole } from '#internal/resources/role.ts';
import type { HttpHandler } from '#internal/runtime/http.ts';
import type { MasterDoor, MasterView } from '../door.ts';
import { onlyWhileLeading } from './leadership-gate.ts';
import { bodyResponse, errorResponse, methodNotAllowed } from './response.ts';
import { queryOf, type Route } from './router.ts';

export function explainRoutes(door: MasterDoor): readonly Route[] {
  return [
    {
      path: '/explain',
      isExact: true,
      handler: onlyWhileLeading(door, onlyReading(explainHandler(door))),
    },
    {
      path: '/starvation',
      isExact: true,
      handler: onlyWhileLeading(door, onlyReading(starvationHandler(door))),
    },
  ];
}

const onlyReading =
  (handler: HttpHandler): HttpHandler =>
  (request) =>
    request.method === 'GET' ? handler(request) : methodNotAllowed(request.method, 'GET');

function explainHandler(door: MasterDoor): HttpHandler {
  return async ({ target }) => {
    const question = questionOf(queryOf(target));
    if (!question.ok) return errorResponse(400, question.refusal);
    const explanation = await door.explain(question.value);
    if (explanation === undefined) return errorResponse(503, 'No leader elected');
    const text = explanationText(explanation, namesOf(door.view()));
    const status = explanation.roles.length === 0 ? 404 : 200;
    const response = bodyResponse('text/plain; charset=utf-8', text);
    return { ...response, status };
  };
}

function questionOf(query: URLSearchParams): Result<Omit<Question, 'nowMs'>, string> {
  const framework = query.get('framework_id');
  if (framework === null) return refuse("Missing 'framework_id' query parameter");
  const asked = query.get('role');
  const parsedRole = asked === null ? undefined : parseRole(asked);
  if (parsedRole?.ok === false) return refuse(`Invalid role '${asked}': ${parsedRole.refusal}`);
  const need = needOf(query.get('need'));
  if (!need.ok) return need;
  const agent = query.get('agent_id');
  return accept({
    frameworkId: frameworkId(framework),
    ...(parsedRole !== undefined && { role: role(parsedRole.value) }),
    ...(need.value !== undefined && { need: need.value }),
    ...(agent !== null && { agentId: agentId(agent) }),
  });
}

function needOf(text: string | null): Result<Quantities | undefined, string> {
  if (text === null) return accept(undefined);
  const parsed = parseResources(text);
  if (!parsed.ok) return refuse(`Invalid need '${text}': ${parsed.refusal}`);
  if (parsed.value.some(({ value }) => value.kind !== 'scalar')) {
    return refuse(`Invalid need '${text}': only scalars can be asked for`);
  }
  return accept(scalarQuantities(parsed.value));
}

const named = (name: string | undefined, id: string): string =>
  name === undefined || name === '' ? id : `${name} (${id})`;

/** People know agents by host and frameworks by name; programs go by the id. */
function namesOf({ state }: MasterView): Names {
  return {
    agent: (id) => named(state.agents.get(id)?.hostname, id),
    framework: (id) => named(state.frameworks.get(id)?.framework.name, id),
  };
}

const seconds = (ms: number | undefined): number | null =>
  ms === undefined ? null : Math.round(ms) / 1000;

function starvationHandler(door: MasterDoor): HttpHandler {
  return async () => {
    const waits = await door.waits();
    if (waits === undefined) return errorResponse(503, 'No leader elected');
    const starvation = waits.starvation.map((one) => ({
      framework_id: one.frameworkId,
      role: one.role,
      waiting_seconds: seconds(one.waitingMs),
      next_filter_expires_seconds: seconds(one.nextMs),
    }));
    const hoarders = waits.hoarders.map((one) => ({
      framework_id: one.frameworkId,
      offers: one.offers,
      oldest_seconds: seconds(one.oldestMs),
      held: Object.fromEntries(
        Array.from(one.held.milliOf, ([name, milli]) => [name, milli / 1000]),
      ),
    }));
    return bodyResponse('application/json', JSON.stringify({ starvation, hoarders }));
  };
}
