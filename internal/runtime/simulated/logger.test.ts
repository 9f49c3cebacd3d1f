import test from 'ava';
import { loggerSuite } from '../logger.suite.ts';
import { openLogBook } from './logger.ts';

loggerSuite(test, () => {
  const book = openLogBook({ nowMs: () => 0 });
  return {
    logger: book.logger,
    lines: () => book.lines.map(({ level, message, fields }) => ({ ...fields, level, message })),
  };
});

test('the book keeps the newest lines, with their times', (t) => {
  let now = 0;
  const { lines, logger } = openLogBook({ nowMs: () => now }, { linesMax: 3 });
  for (now = 1; now <= 5; now++) logger.info(`line ${now}`);
  t.deepEqual(
    lines.map(({ atMs, message }) => [atMs, message]),
    [
      [3, 'line 3'],
      [4, 'line 4'],
      [5, 'line 5'],
    ],
  );
});
