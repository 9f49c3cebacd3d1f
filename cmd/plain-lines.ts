/** Log lines for people: programs for the terminal show the message and its fields, not JSON. */
export function plainLines(program: string): { write(line: string): void } {
  return {
    write: (line) => {
      const { message, level: _level, time: _time, pid: _pid, ...fields } = parse(line);
      const rest = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      console.error(`altiplano ${program}: ${[String(message), ...rest].join(' ')}`);
    },
  };
}

function parse(line: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
