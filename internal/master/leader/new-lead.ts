/** A leadership as it begins: nobody is connected, nothing is on offer. */
import { newChecking } from './checking.ts';
import type { Lead } from './lead.ts';
import { newRemovals } from './removals.ts';
import { newReturns } from './returns.ts';
import { newStoring } from './stores.ts';

type Given = Pick<
  Lead,
  'term' | 'self' | 'options' | 'clock' | 'random' | 'logger' | 'ids' | 'allocator' | 'state'
>;

type Doors = {
  readonly propose: Lead['propose'];
  readonly backlog: Lead['backlog'];
  readonly abandon: Lead['abandon'];
  /** Runs a callback as a turn of its own, if this leadership still lasts. */
  readonly turn: (lead: Lead, callback: () => void) => void;
};

export function newLead(given: Given, { turn, propose, backlog, abandon }: Doors): Lead {
  const { clock } = given;
  const lead: Lead = {
    ...given,
    electedMs: clock.now(),
    propose,
    backlog,
    abandon,
    turn: (callback) => turn(lead, callback),
    after: (delayMs, callback) => clock.after(delayMs, () => turn(lead, callback)),
    schedulers: new Map(),
    subscriptions: new Map(),
    failovers: new Map(),
    recoveredFrameworks: new Set(),
    allocatable: new Set(),
    waiting: new Set(),
    storing: newStoring(),
    observers: new Map(),
    windows: new Map(),
    draining: new Set(),
    peers: new Map(),
    returns: newReturns(),
    removals: newRemovals(),
    recovery: undefined,
    forgetting: undefined,
    visitors: new Set(),
    registering: new Map(),
    reregistering: new Map(),
    offers: new Map(),
    inverseOffers: new Map(),
    inverseAnswers: new Map(),
    launching: new Map(),
    operating: new Map(),
    arriving: new Map(),
    unsettled: new Set(),
    pending: { reports: [], proposed: [], acknowledgements: [], ends: new Map(), inFlight: 0 },
    runs: new Map(),
    slowWorks: [],
    checking: newChecking(),
    allocation: undefined,
    arrivals: { level: 0, atMs: 0 },
    offeredMs: -Infinity,
  };
  return lead;
}
