/**
 * A ledger to which one writer at a time appends serials, one a line, and what somebody outside was told
 * to be in it. Pure.
 */
import type { Finding } from './launch-book.ts';

/** `acknowledged`: the last serial that was told to be on the disk. */
export function judgeLedger(lines: readonly string[], acknowledged: number): readonly Finding[] {
  const findings: Finding[] = [];
  const numbers = lines.map(Number);
  const odd = numbers.findIndex((serial, n) => serial !== n + 1);
  if (odd >= 0) {
    findings.push({
      law: 'a volume has one writer, whose lines stay as they were',
      text: `line ${odd + 1} of the ledger says ${lines[odd]}`,
      facts: [
        `the ledger has ${lines.length} lines`,
        `before it is ${lines[odd - 1] ?? 'nothing'}`,
      ],
    });
  }
  if (numbers.length < acknowledged) {
    findings.push({
      law: 'what was synced to a volume stays there',
      text: `the ledger ends with ${lines.at(-1) ?? 'nothing'}, and ${acknowledged} was acknowledged`,
      facts: [
        `the ledger has ${lines.length} lines`,
        `its writer noted ${acknowledged} after a sync`,
      ],
    });
  }
  return findings;
}
