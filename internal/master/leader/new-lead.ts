/** A leadership as it begins: nobody is connected, nothing is on offer. */
import type { Lead } from './lead.ts';

type Given = Pick<
  Lead,
  'term' | 'self' | 'options' | 'clock' | 'random' | 'logger' | 'ids' | 'allocator' | 'state'
>;

type Doors = {
  readonly propose: Lead['propose'];
  readonly backlog: Lead['backlog'];
  /** Runs a callback as a turn of its own, if this leadership still lasts. */
  readonly turn: (lead: Lead, callback: () => void) => void;
};

export function newLead(given: Given, { turn, propose, backlog }: Doors): Lead {
  const { clock } = given;
  const lead: Lead = {
    ...given,
    electedMs: clock.now(),
    propose,
    backlog,
    turn: (callback) => turn(lead, callback),
    after: (delayMs, callback) => clock.after(delayMs, () => turn(lead, callback)),
    schedulers: new Map(),
    subscriptions: new Map(),
    failovers: new Map(),
    recoveredFrameworks: new Set(),
    allocatable: new Set(),
    removals: new Map(),
    peers: new Map(),
    visitors: new Set(),
    registering: new Map(),
    reregistering: new Map(),
    offers: new Map(),
    launching: new Map(),
    pending: { reports: [], proposed: [], acknowledgements: [], ends: new Map(), inFlight: 0 },
    allocation: undefined,
  };
  return lead;
}
