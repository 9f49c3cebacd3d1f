/**
 * What an agent is told to offer: the short syntax of `parseResources`, or a JSON list of resources as
 * the v1 API writes them, which alone can say what kind of disk it is.
 */
import { refuse, type Result } from '#internal/base/result.ts';
import { parseResources, totalOf } from '#internal/resources/parse.ts';
import { anyRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { fromJson } from './json.ts';
import { resourcesFromWire } from './resources.ts';
import { WireError } from './wire-error.ts';

/** Refuses in words for whoever typed it. What names no role is reserved to the default one. */
export function parseResourcesFlag(
  text: string,
  defaultRole: string = anyRole,
): Result<Resources, string> {
  return text.trimStart().startsWith('[')
    ? parseList(text, defaultRole)
    : parseResources(text, defaultRole);
}

function parseList(text: string, defaultRole: string): Result<Resources, string> {
  let elements: readonly unknown[];
  try {
    elements = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(`The JSON is ill-formed: ${error.message}`);
    throw error;
  }
  const list: Resource[] = [];
  for (const [i, element] of elements.entries()) {
    const one = parseElement(element, defaultRole);
    if (!one.ok) return refuse(`Cannot read resource ${i + 1} of the JSON: ${one.refusal}`);
    list.push(...one.value);
  }
  return totalOf(list);
}

function parseElement(element: unknown, defaultRole: string): Result<Resources, string> {
  try {
    const one: wire.Resource = fromJson('mesos.v1.Resource', JSON.stringify(element));
    const isSilent = one.role === undefined && (one.reservations ?? []).length === 0;
    return resourcesFromWire([isSilent ? { ...one, role: defaultRole } : one]);
  } catch (error) {
    if (error instanceof WireError) return refuse(error.message);
    throw error;
  }
}
