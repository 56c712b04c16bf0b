import type { ShownEntry } from '../../src/http/console/api.ts';

type MessageShown = Extract<ShownEntry, { kind: 'message' }>['message'];
type AlertShown = Extract<ShownEntry, { kind: 'alert' }>['alert'];

export function messageEntry({ seq = '1-0', ...message }: Partial<MessageShown> & { readonly seq?: string }): ShownEntry {
  const whole: MessageShown = {
    id: 'm-1',
    alertId: 'a-1',
    state: 'queued',
    reason: null,
    provider: null,
    attempt: null,
    recipient: '+60*******789 (alice)',
    severity: 'critical',
    ...message,
  };
  return { seq, at: new Date(Number(seq.split('-')[0])).toISOString(), kind: 'message', message: whole };
}

export function alertEntry({ seq = '1-0', ...alert }: Partial<AlertShown> & { readonly seq?: string }): ShownEntry {
  const whole: AlertShown = {
    id: 'a-1',
    severity: 'critical',
    outcome: 'routed',
    reason: null,
    dedupKey: 'db-1/down',
    contacts: ['alice'],
    messages: 1,
    ...alert,
  };
  return { seq, at: new Date(Number(seq.split('-')[0])).toISOString(), kind: 'alert', alert: whole };
}
