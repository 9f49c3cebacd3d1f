/** What happened in a run, as it happens: events, what lasts, and what broke. Bounded. */
import type { Finding } from '#chaos/checkers/launch-book.ts';
import type { RunEvent, RunEventKind, Span, ViolationRecord } from '#chaos/report/run-record.ts';

/** Of each list; what comes after is counted and not kept. */
const entriesMax = 20_000;
const violationsMax = 100;

export class Timeline {
  readonly events: RunEvent[] = [];
  readonly spans: Span[] = [];
  readonly violations: ViolationRecord[] = [];
  readonly #beganMs = performance.now();
  readonly #open = new Map<string, Omit<Span, 'toMs'>>();
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Since the run began. */
  now(): number {
    return Math.round(performance.now() - this.#beganMs);
  }

  say(kind: RunEventKind, who: string, text: string): void {
    const atMs = this.now();
    if (this.events.length < entriesMax) this.events.push({ atMs, kind, who, text });
    this.#tell(`${(atMs / 1000).toFixed(3).padStart(8)}  ${kind.padEnd(8)}  ${who}: ${text}`);
  }

  accuse({ law, text, facts }: Finding): void {
    if (this.violations.length < violationsMax) {
      this.violations.push({ atMs: this.now(), law, text, facts });
    }
    this.say('check', 'BROKEN', `${law}: ${text} (${facts.join('; ')})`);
  }

  /** One that is open under the same key ends now. */
  begins(key: string, kind: Span['kind'], [who, text]: readonly [who: string, text: string]): void {
    this.ends(key);
    this.#open.set(key, { kind, who, text, fromMs: this.now() });
  }

  ends(key: string): void {
    const open = this.#open.get(key);
    this.#open.delete(key);
    if (open !== undefined && this.spans.length < entriesMax) {
      this.spans.push({ ...open, toMs: this.now() });
    }
  }

  /** When nothing more will happen. */
  close(): void {
    for (const key of this.#open.keys()) this.ends(key);
  }

  add(span: Span): void {
    if (this.spans.length < entriesMax) this.spans.push(span);
  }
}
