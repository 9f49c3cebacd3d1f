import test from 'ava';
import { type MediaType, negotiateMediaType, parseContentType } from './media-type.ts';

const json = 'application/json';
const protobuf = 'application/x-protobuf';

test('a content type is ours to the letter or not at all', (t) => {
  t.is(parseContentType(json), json);
  t.is(parseContentType(protobuf), protobuf);
  for (const other of [
    'application/json; charset=utf-8',
    'Application/JSON',
    ' application/json',
    'text/plain',
    '',
  ]) {
    t.is(parseContentType(other), undefined, other);
  }
});

test('who accepts something that we speak gets it, and JSON when both will do', (t) => {
  const cases: readonly [string | undefined, MediaType | undefined][] = [
    [undefined, json],
    ['*/*', json],
    [json, json],
    [protobuf, protobuf],
    [`${protobuf}, ${json}`, json],
    [`${protobuf};q=1.0, ${json};q=0.1`, json],
    [`${json}, ${json}`, json],
    [`${protobuf}, ${protobuf}`, protobuf],
    ['application/*', json],
    ['text/html, application/*;q=0.2', json],
    [`${json};q=0`, undefined],
    [`${json};q=0.0, */*`, protobuf],
    [`${json}; q=0, ${protobuf}`, protobuf],
    [`*/*;q=0`, undefined],
    [`${json}, */*;q=0`, json],
    [`${json};q=much`, undefined],
    [`${json};charset=utf-8`, json],
    ['text/html', undefined],
    ['text/*', undefined],
    ['application/recordio', undefined],
    ['', undefined],
  ];
  for (const [accept, expected] of cases) t.is(negotiateMediaType(accept), expected, accept);
});
