/**
 * What is wrong with a value by its JSON Schema, in sentences for whoever wrote the value. Judged by ajv;
 * what is published for editors is what files are judged by: there is no second list of rules.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

/** A schema of 2020-12. What ajv does not know in it is a bug, and thrown when it is compiled. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One sentence for each thing that is wrong; none when the value is as the schema wants it. */
export type Judge = (value: unknown) => readonly string[];

/** `whole` is what the value itself is called; empty, and its members stand by their own names. */
export function judgeOf(schema: JsonSchema, whole = ''): Judge {
  const ajv = new Ajv2020({ allErrors: true, ownProperties: true });
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return [];
    const complaints = (validate.errors ?? []).flatMap((error) => {
      const path = pathOf(whole, partsOf(error.instancePath), value);
      return complaintOf(error, path) ?? [];
    });
    return complaints.toSorted((one, other) => (one < other ? -1 : 1));
  };
}

function complaintOf(
  { keyword, params, propertyName, message = `is refused by '${keyword}'` }: ErrorObject,
  path: string,
): string | undefined {
  const at = path === '' ? 'the file' : path;
  const inside = (param: string): string => [path, params[param]].filter(Boolean).join('.');
  switch (keyword) {
    case 'type':
      return `${at} has to be ${kinds.get(params['type']) ?? params['type']}`;
    case 'required':
      return `${inside('missingProperty')} is missing`;
    case 'additionalProperties':
      return `${inside('additionalProperty')} is not known`;
    case 'propertyNames':
      return `${inside('propertyName')}: '${params['propertyName']}' cannot be a name`;
    case 'minProperties':
    case 'minItems':
      return `${at}: entries: at least ${params['limit']}`;
    case 'maxProperties':
    case 'maxItems':
      return `${at}: entries: at most ${params['limit']}`;
    case 'minLength':
      return `${at}: characters: at least ${params['limit']}`;
    case 'maxLength':
      return `${at}: characters: at most ${params['limit']}`;
    case 'minimum':
      return `${at}: at least ${params['limit']}`;
    case 'maximum':
      return `${at}: at most ${params['limit']}`;
    case 'pattern':
      // Of a member's name: `propertyNames` says it again, with the name.
      return propertyName === undefined ? `${at} does not match ${params['pattern']}` : undefined;
    default:
      return `${at} ${message}`;
  }
}

const kinds: ReadonlyMap<unknown, string> = new Map([
  ['object', 'a mapping'],
  ['array', 'a list'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
]);

/** Of a JSON Pointer (RFC 6901). */
const partsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** As people write it: `services.web.ports[0].name`. */
function pathOf(whole: string, parts: readonly string[], value: unknown): string {
  let [path, at] = [whole, value];
  for (const part of parts) {
    if (Array.isArray(at)) path += `[${part}]`;
    else path += path === '' ? part : `.${part}`;
    at = Object(at)[part];
  }
  return path;
}
