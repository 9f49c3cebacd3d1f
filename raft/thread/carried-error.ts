/** An error from one thread to another: what operators and logs see of it is the same in both. */

export type CarriedError = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of faults; a bug has none. */
  readonly code: string | undefined;
};

export function carried(error: unknown): CarriedError {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: String(error), stack: undefined, code: undefined };
  }
  const { name, message, stack } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { name, message, stack, code };
}

/** Made from what another thread told. */
export function uncarried({ name, message, stack, code }: CarriedError): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
