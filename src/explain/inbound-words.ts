import type { KeptInbound, UnmatchedReason } from '../ledger/inbound/kept-inbound.ts';

const UNMATCHED: Readonly<Record<UnmatchedReason, string>> = {
  no_code: 'nothing: it holds no code',
  unknown_code: 'nothing: no text to this phone has this code',
  nothing_open: 'nothing: no alert is open at this phone',
  ambiguous: 'nothing: several alerts are open at this phone, and it names none',
  already_resolved: 'nothing: the alert is resolved already',
};

/** What was made of a text that came in, without a full stop. */
export function describeInbound({ kind, reason, alerts }: KeptInbound): string {
  switch (kind) {
    case 'stop':
      return 'opted out';
    case 'start':
      return 'opted in again';
    case 'acknowledged':
      return `acknowledged ${alerts.join(', ')}`;
    case 'unmatched':
      return reason === null ? 'nothing' : UNMATCHED[reason];
  }
}
