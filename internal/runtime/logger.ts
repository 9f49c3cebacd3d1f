/** One line an event: a constant message, and what varies as fields (ids, counts, `error`). */
export type Logger = {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: Fields): Logger;
};

export type Fields = Readonly<Record<string, unknown>>;
