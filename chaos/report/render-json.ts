/** A run's record as a file for programs: the whole of it, on one line a member. Ends with a line break. */
import type { RunRecord } from './run-record.ts';

export const renderJson = (record: RunRecord): string => `${JSON.stringify(record, null, 1)}\n`;
