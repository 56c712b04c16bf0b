import type { MessageRecord, RoutedAlert } from '../../src/ledger/records.ts';

/** A critical text as the router writes it down, waiting for a dispatcher. */
export function messageRecord(id: string, alertId: string, over: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id,
    alertId,
    to: '+60*******789',
    phoneHash: 'phone',
    contact: null,
    severity: 'critical',
    route: 'default',
    segments: 1,
    createdAt: 1_000,
    expiresAt: 9_000_000_000_000,
    state: 'queued',
    reason: null,
    until: null,
    events: [],
    ...over,
  };
}

/** A critical alert that becomes one text. */
export function routedAlert(id: string, over: Partial<RoutedAlert> = {}): RoutedAlert {
  return {
    id,
    severity: 'critical',
    purpose: 'alert',
    status: 'firing',
    dedupKey: 'db/down',
    dedupHash: 'db',
    receivedAt: 1_000,
    dedupeForMs: 60_000,
    events: [],
    messages: [messageRecord(`m-${id}`, id)],
    ...over,
  };
}
