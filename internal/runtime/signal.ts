/** The signals of Linux, by the numbers that clients send. Those for real-time programs have no names. */
const names = [
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'IO',
  'PWR',
  'SYS',
] as const;

export type Signal = (typeof names)[number];

/** Undefined for a number that is none's. */
export const signalOf = (number: number): Signal | undefined => names[number - 1];

export const signalNumber = (signal: Signal): number => names.indexOf(signal) + 1;
