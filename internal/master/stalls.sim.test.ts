/** Every list of every call, as long as it may be and longer, and texts that are slow to read. */
import test from 'ava';
import { weigh } from './stalls.suite.ts';

test('no list is so long, and no text so odd, that it holds the loop up for more than 50 ms', async (t) => {
  t.timeout(600_000);
  await weigh(t, /./u);
});
