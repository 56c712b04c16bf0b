import type { AlertTrace, MessageTrace, TraceAttempt } from '../../src/ledger/history/trace.ts';

/** A few seconds after everything in the traces below. */
export const NOW = new Date('2026-11-20T03:00:10Z');

export function messageTrace(facts: Partial<MessageTrace> = {}): MessageTrace {
  return {
    id: 'm-1',
    alertId: 'a-1',
    to: '+60*******789',
    contact: null,
    severity: 'critical',
    route: 'default',
    state: 'queued',
    reason: null,
    until: null,
    provider: null,
    providerMessageId: null,
    segments: 1,
    createdAt: '2026-11-20T03:00:00.500Z',
    expiresAt: '2026-11-20T04:00:00.000Z',
    attempts: [],
    events: [],
    ...facts,
  };
}

export function alertTrace(facts: Partial<AlertTrace> = {}): AlertTrace {
  return {
    id: 'a-1',
    severity: 'critical',
    status: 'firing',
    dedupKey: 'db-1/unreachable',
    receivedAt: '2026-11-20T03:00:00.000Z',
    outcome: 'routed',
    reason: null,
    events: [],
    messages: [],
    ...facts,
  };
}

export function attempt(facts: Partial<TraceAttempt> = {}): TraceAttempt {
  return {
    provider: 'twilio-main',
    startedAt: '2026-11-20T03:00:00.700Z',
    endedAt: '2026-11-20T03:00:01.200Z',
    result: 'accepted',
    ...facts,
  };
}
