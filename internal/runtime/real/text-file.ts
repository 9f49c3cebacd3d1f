/** Small files that a program reads as a whole before it does anything else. */
import { readFileSync } from 'node:fs';
import { accept, refuse, type Result } from '#internal/base/result.ts';

/** The text of a file, or why it cannot be read. */
export function readTextFile(path: string): Result<string, string> {
  try {
    return accept(readFileSync(path, 'utf8'));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}
