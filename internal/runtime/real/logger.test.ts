import test from 'ava';
import { loggerSuite } from '../logger.suite.ts';
import { openLogger, type LogLevel } from './logger.ts';

/** Lines as they are read back from their JSON. */
function openRig(level: LogLevel): {
  logger: ReturnType<typeof openLogger>;
  lines: () => Record<string, unknown>[];
} {
  const texts: string[] = [];
  const logger = openLogger({ level, sink: { write: (line) => texts.push(line) } });
  return { logger, lines: () => texts.map(parse) };
}

function parse(text: string): Record<string, unknown> {
  const line: unknown = JSON.parse(text);
  return { ...(typeof line === 'object' ? line : {}) };
}

loggerSuite(test, () => openRig('debug'));

test('lines below the level are not written', (t) => {
  const { logger, lines } = openRig('warn');
  logger.debug('one');
  logger.info('two');
  logger.warn('three');
  logger.child({ node: 1 }).error('four');
  t.deepEqual(
    lines().map((line) => line['message']),
    ['three', 'four'],
  );
});

test('a line has a time, and an error its cause', (t) => {
  const { logger, lines } = openRig('info');
  logger.info('failed', { error: new Error('outer', { cause: new Error('inner') }) });
  const [line] = lines();
  t.regex(String(line?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.like(line, { error: { type: 'Error', message: 'outer', cause: { message: 'inner' } } });
});
