import test from 'ava';
import fc from 'fast-check';
import { basicAuthenticator, basicAuthorization } from './basic.ts';
import { parseCredential, parseCredentials } from './credentials.ts';

const realm = 'mesos-master-readwrite';
const encode = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

const principal = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const secret = fc.stringMatching(/^[!-~]{1,12}$/);

test('who says a principal and its secret is that principal, and nobody else is', (t) => {
  fc.assert(
    fc.property(principal, secret, secret, (name, own, other) => {
      const authenticator = basicAuthenticator(new Map([[name, own]]));
      t.is(basicAuthorization({ principal: name, secret: own }), encode(`${name}:${own}`));
      const judge = (authorization: string) => authenticator.authenticate({ authorization }, realm);
      t.deepEqual(judge(encode(`${name}:${own}`)), { kind: 'authenticated', principal: name });
      const refused = { kind: 'unauthenticated', challenge: `Basic realm="${realm}"` } as const;
      if (other !== own) t.deepEqual(judge(encode(`${name}:${other}`)), refused);
      t.deepEqual(judge(encode(`x${name}:${own}`)), refused);
      t.deepEqual(judge(encode(`${name}:${own}x`)), refused);
      t.deepEqual(judge(encode(`${name}:${own.slice(1)}`)), refused);
    }),
  );
});

test('whatever else stands in the header is nobody', (t) => {
  const authenticator = basicAuthenticator(new Map([['p', 's']]));
  t.is(authenticator.authenticate({}, realm).kind, 'unauthenticated');
  fc.assert(
    fc.property(fc.string(), (authorization) => {
      t.is(authenticator.authenticate({ authorization }, realm).kind, 'unauthenticated');
    }),
  );
  for (const odd of [
    'Basic',
    'Basic ',
    encode(''),
    encode(':'),
    encode(':s'),
    encode('p'),
    encode('p:'),
    encode('q:'),
  ]) {
    t.is(authenticator.authenticate({ authorization: odd }, realm).kind, 'unauthenticated', odd);
  }
});

test('credentials read the same as JSON and as lines, and what is odd is not repeated', (t) => {
  const json = '{"credentials":[{"principal":"a","secret":"1"},{"principal":"b","secret":"2"}]}';
  const known = new Map([
    ['a', '1'],
    ['b', '2'],
  ]);
  t.deepEqual(parseCredentials(json), { ok: true, value: known });
  t.deepEqual(parseCredentials('a 1\n\nb 2\n'), { ok: true, value: known });
  for (const odd of [
    '',
    '{',
    '{}',
    'hidden',
    '{"credentials":[{"principal":"hidden"}]}',
    'a 1\na 2',
  ]) {
    const parsed = parseCredentials(odd);
    t.false(parsed.ok, odd);
    if (!parsed.ok) t.false(parsed.refusal.includes('hidden'));
  }
});

test('one credential reads the same as JSON and as a line, and what is odd is not repeated', (t) => {
  const known = { ok: true, value: { principal: 'a', secret: '1' } } as const;
  t.deepEqual(parseCredential('{"principal":"a","secret":"1"}'), known);
  t.deepEqual(parseCredential(' a 1\n'), known);
  for (const odd of ['', 'hidden', '{"principal":"hidden"}', 'a hidden\nb 2', '{"hidden"']) {
    const parsed = parseCredential(odd);
    t.false(parsed.ok, odd);
    if (!parsed.ok) t.false(parsed.refusal.includes('hidden'));
  }
});
