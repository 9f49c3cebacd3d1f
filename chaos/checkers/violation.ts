/** An invariant that did not hold. `rule` names it, the message says where it broke. */
export class Violation extends Error {
  override readonly name: string = 'Violation';
  readonly rule: string;

  constructor(rule: string, message: string, options?: ErrorOptions) {
    super(`${rule}: ${message}`, options);
    this.rule = rule;
  }
}
