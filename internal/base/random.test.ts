import test from 'ava';
import { randomFromSeed } from './random.ts';
import { randomSuite } from './random.suite.ts';

randomSuite(test, () => randomFromSeed(7));

test('the same seed throws the same, and each seed its own', (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 1000; seed++) {
    const thrown = randomFromSeed(seed).bytes(8).join();
    t.is(randomFromSeed(seed).bytes(8).join(), thrown);
    seen.add(thrown);
  }
  t.is(seen.size, 1000);
});

test('a fork depends on the seed and the name, not on what was drawn before', (t) => {
  const one = randomFromSeed('seed');
  const other = randomFromSeed('seed');
  other.bytes(100);
  t.deepEqual(one.fork('disk').bytes(16), other.fork('disk').bytes(16));
  t.deepEqual(one.fork('a').fork('b').bytes(16), one.fork('a').fork('b').bytes(16));
  t.notDeepEqual(one.fork('a').fork('b').bytes(16), one.fork('b').fork('a').bytes(16));
});
