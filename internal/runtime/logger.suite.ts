/** What every `Logger` promises. */
import type { TestFn } from 'ava';
import type { Logger } from './logger.ts';

export type LoggerRig = {
  readonly logger: Logger;
  /** What was written: level, message and the fields by name. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
};

export function loggerSuite(test: TestFn, openRig: () => LoggerRig): void {
  test('a line has its level, its message and its fields, in the order of the calls', (t) => {
    const { logger, lines } = openRig();
    logger.debug('one');
    logger.info('two', { agent: 'a1' });
    logger.warn('three', { count: 3, list: [1] });
    logger.error('four', { error: new Error('broken') });
    t.is(lines().length, 4);
    t.like(lines()[0], { level: 'debug', message: 'one' });
    t.like(lines()[1], { level: 'info', message: 'two', agent: 'a1' });
    t.like(lines()[2], { level: 'warn', message: 'three', count: 3, list: [1] });
    t.like(lines()[3], { level: 'error', message: 'four', error: { message: 'broken' } });
  });

  test('a child adds its fields, and the line wins over them', (t) => {
    const { logger, lines } = openRig();
    const child = logger.child({ node: 1, role: 'leader' }).child({ role: 'follower' });
    child.info('one', { term: 2 });
    logger.info('two');
    t.like(lines()[0], { message: 'one', node: 1, role: 'follower', term: 2 });
    t.false('node' in (lines()[1] ?? {}));
    child.info('three', { node: 9 });
    t.is(lines()[2]?.['node'], 9);
  });
}
