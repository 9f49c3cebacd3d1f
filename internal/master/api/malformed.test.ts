/** What the faces refuse by themselves, each in the contract's words, and nothing behind them hears. */
import test from 'ava';
import fc from 'fast-check';
import { expectedText, malformedRequests } from '#internal/testing/malformed-requests.ts';
import { masterUnderTest, textOf } from '#internal/testing/master-under-test.ts';
import { oracleView } from '#internal/testing/oracle-cluster.ts';

const view = oracleView('O1');
const nobody = { frameworkId: 'nobody', streamId: 'none' };

for (const malformed of malformedRequests.filter(({ refusedBy }) => refusedBy === 'face')) {
  test(`is refused with ${malformed.status}: ${malformed.name}`, async (t) => {
    const { door, ask } = masterUnderTest({ view });
    const response = await ask(malformed.request(nobody));
    t.is(response.status, malformed.status);
    t.is(textOf(response), expectedText(malformed, nobody) ?? 'a text is fixed');
    t.is(response.headers['content-type'], 'text/plain; charset=utf-8');
    t.is(response.headers['allow'], malformed.status === 405 ? 'POST' : undefined);
    t.deepEqual([door.calls, door.streams, door.operations], [[], [], []]);
  });
}

test('no bytes make the faces fail: they answer, and never with a fault of ours', async (t) => {
  const { ask } = masterUnderTest({ view });
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({ type: fc.constantFrom('SUBSCRIBE', 'ACCEPT', 'KILL', 'GET_STATE', 'TEARDOWN') })
      .map((one) => Buffer.from(JSON.stringify(one))),
  );
  const requests = fc.record({
    method: fc.constantFrom('POST', 'GET', 'PUT'),
    target: fc.oneof(
      fc.constantFrom(
        '/api/v1',
        '/api/v1/scheduler',
        '/tasks?limit=x',
        '/state?jsonp=',
        '/teardown',
      ),
      fc.string().map((text) => `/${text}`),
      fc.string(),
    ),
    headers: fc.record({
      'content-type': fc.constantFrom('application/json', 'application/x-protobuf', 'x'),
      accept: fc.oneof(fc.constantFrom('*/*', 'application/json'), fc.string()),
    }),
    body: bodies,
  });
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const { status } = await ask(request);
      return status !== 500 && status >= 200 && status < 502;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
