/**
 * The older endpoints by which operators make something of an agent's resources (contract 13.2): forms,
 * each another spelling of a v1 call (contract 10.3).
 */
import type { HttpHandler } from '#internal/runtime/http.ts';
import { fromJson } from '#internal/wire/json.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import type { MasterDoor } from '../../door.ts';
import { onlyWhileLeading } from '../leadership-gate.ts';
import { answerResponse, errorResponse, methodNotAllowed } from '../response.ts';
import type { Route } from '../router.ts';

export function reservationRoutes(door: MasterDoor): readonly Route[] {
  return forms.map((form) => ({
    path: form.path,
    handler: onlyWhileLeading(door, decides(door, form)),
  }));
}

type Form = {
  readonly path: string;
  readonly type: string;
  readonly member: string;
  /** The fields that are lists of resources; the first one must be there. */
  readonly lists: readonly string[];
};

const forms: readonly Form[] = [
  {
    path: '/reserve',
    type: 'RESERVE_RESOURCES',
    member: 'reserve_resources',
    lists: ['resources', 'source'],
  },
  {
    path: '/unreserve',
    type: 'UNRESERVE_RESOURCES',
    member: 'unreserve_resources',
    lists: ['resources'],
  },
  {
    path: '/create-volumes',
    type: 'CREATE_VOLUMES',
    member: 'create_volumes',
    lists: ['volumes'],
  },
  {
    path: '/destroy-volumes',
    type: 'DESTROY_VOLUMES',
    member: 'destroy_volumes',
    lists: ['volumes'],
  },
];

const inBody = 'query parameter in the request body';

function decides(door: MasterDoor, { type, member, lists }: Form): HttpHandler {
  return (request) => {
    if (request.method !== 'POST') return methodNotAllowed(request.method, 'POST');
    const form = new URLSearchParams(new TextDecoder().decode(request.body));
    const id = form.get('slaveId');
    if (id === null) return errorResponse(400, `Missing 'slaveId' ${inBody}`);
    const [first] = lists;
    if (first !== undefined && !form.has(first)) {
      return errorResponse(400, `Missing '${first}' ${inBody}`);
    }
    const agent = `"agent_id":{"value":${JSON.stringify(id)}}`;
    let members = agent;
    for (const name of lists) {
      const text = form.get(name);
      if (text === null) continue;
      const problem = listProblem(text);
      if (problem !== undefined) {
        return errorResponse(400, `Error in parsing '${name}' ${inBody}: ${problem}`);
      }
      members += `,"${name}":${text}`;
    }
    try {
      const call: Call = fromJson(
        'mesos.v1.master.Call',
        `{"type":"${type}","${member}":{${members}}}`,
      );
      return door.operate(call).then(answerResponse);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return errorResponse(400, `Error in parsing '${first}' ${inBody}: ${error.message}`);
    }
  };
}

/** One whole list, or what is put around it would not stay around it. */
function listProblem(text: string): string | undefined {
  try {
    return Array.isArray(JSON.parse(text)) ? undefined : 'Expecting a JSON array';
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}
