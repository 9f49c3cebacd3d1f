/** Laws of the two wire forms of reservations (contract 6.3). */
import { isDeepStrictEqual } from 'node:util';
import { assert } from '#internal/base/assert.ts';
import { isRefined } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import {
  resourcesAsWritten,
  resourcesFromWire,
  resourcesToWire,
} from '#internal/wire/resources.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import { anyResources } from '../any-resources.ts';
import { assertEqual, law, type Law } from './law.ts';

export const wireLaws: readonly Law[] = [
  law(
    'what was valid comes back from the wire as it went, in both encodings',
    anyResources,
    (list) => {
      for (const form of ['new', 'endpoint'] as const) {
        const wire = resourcesToWire(list, form);
        assertEqual(read(wire), list, form);
        assertEqual(read(wire.map(throughJson)), list, `${form} in JSON`);
        assertEqual(read(wire.map(throughBytes)), list, `${form} in protobuf`);
      }
      const written = resourcesAsWritten(resourcesToWire(list, 'new'));
      assert(isDeepStrictEqual(plain(written), plain(list)), 'not as it was written');
    },
  ),
  law('the old form says what it can say, and nothing of the new', anyResources, (list) => {
    const sayable = list.filter((one) => !isRefined(one));
    const wire = resourcesToWire(sayable, 'old');
    assertEqual(read(wire), sayable, 'the old form');
    for (const { role, reservation, reservations } of wire) {
      assert(role !== undefined && reservations === undefined, 'not the old form');
      assert(reservation === undefined || role !== '*', 'nobody reserved it');
    }
  }),
  law(
    'the new form says nothing of the old, the endpoint form both where it can',
    anyResources,
    (list) => {
      for (const { role, reservation } of resourcesToWire(list, 'new')) {
        assert(role === undefined && reservation === undefined, 'not the new form');
      }
      for (const [i, { role, reservation, reservations = [] }] of resourcesToWire(
        list,
        'endpoint',
      ).entries()) {
        const [only, second] = reservations;
        assert(reservations.length === list[i]?.reservations.length, 'a reservation is lost');
        assert(role === (second === undefined ? (only?.role ?? '*') : undefined), `role ${role}`);
        const isDynamic = second === undefined && only?.type === 'DYNAMIC';
        assert((reservation !== undefined) === isDynamic, 'reserved or not');
        assert(reservation?.principal === (isDynamic ? only.principal : undefined), 'by whom');
      }
    },
  ),
];

/** Some of what is generated has no prototype, which nobody asks of it. */
const plain = (list: Resources): unknown => structuredClone(list);

function read(list: readonly Resource[]): Resources {
  const result = resourcesFromWire(list);
  assert(result.ok, result.ok ? '' : result.refusal);
  return result.value;
}

const throughJson = (one: Resource): Resource =>
  fromJson('mesos.v1.Resource', toJson('mesos.v1.Resource', one));

const throughBytes = (one: Resource): Resource =>
  decode('mesos.v1.Resource', encode('mesos.v1.Resource', one));
