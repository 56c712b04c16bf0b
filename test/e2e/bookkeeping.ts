import type { AlertHistory, MessageHistory } from '../../src/ledger/history/history.ts';
import { metrics } from '../support/system.ts';

/** Series, such as `sms_alert_outcomes_total{outcome="routed",reason="none"}`, → value; without those at 0. */
export type Books = Readonly<Record<string, number>>;

type Add = (name: string, labels: Readonly<Record<string, string>>, amount?: number) => void;

/** The metrics that a trace lets one count as well. */
const KEPT = [
  'sms_alerts_total',
  'sms_alert_outcomes_total',
  'sms_messages_total',
  'sms_message_outcomes_total',
  'sms_messages_in_flight',
  'sms_deferred_total',
  'sms_failovers_total',
  'sms_unknown_outcomes_total',
  'sms_segments_total',
  'sms_receipts_total',
  'sms_provider_requests_total',
  'sms_provider_request_duration_seconds_count',
  'sms_alert_to_accepted_seconds_count',
  'sms_accepted_to_delivered_seconds_count',
];

/** What the processes say, added up; what each of them says of the whole system is taken once. */
export async function scrapedBooks(urls: readonly string[]): Promise<Books> {
  const books: Record<string, number> = {};
  for (const scrape of await Promise.all(urls.map(metrics))) {
    for (const [series, value] of scrape) {
      const name = series.replace(/\{.*/s, '');
      if (!KEPT.includes(name) || value === 0) continue;
      // Traces do not tell the purpose.
      const key = series.replace(/,purpose="\w+"/, '').replace(/^(\w+)$/, '$1{}');
      books[key] = name === 'sms_messages_in_flight' ? Math.max(books[key] ?? 0, value) : (books[key] ?? 0) + value;
    }
  }
  return books;
}

/** What the processes must say when the traces are right. */
export function tracedBooks(alerts: readonly AlertHistory[]): Books {
  const books: Record<string, number> = {};
  const add: Add = (name, labels, amount = 1) => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const key = `${name}{${pairs.join(',')}}`;
    books[key] = (books[key] ?? 0) + amount;
  };
  for (const { severity, outcome, reason, messages } of alerts) {
    add('sms_alerts_total', { severity });
    add('sms_alert_outcomes_total', { outcome, reason: reason ?? 'none' });
    for (const message of messages) {
      add('sms_messages_total', { severity });
      addEnd(message, add);
      addWay(message, add);
    }
  }
  return books;
}

/** Sum of one metric over its labels, such as `sum(books, 'sms_alerts_total')`. */
export function sum(books: Books, name: string): number {
  return Object.entries(books)
    .filter(([series]) => series.startsWith(`${name}{`))
    .reduce((all, [, value]) => all + value, 0);
}

function addEnd({ state, reason, severity, provider, segments }: MessageHistory, add: Add): void {
  if (['queued', 'sending', 'deferred'].includes(state)) {
    add('sms_messages_in_flight', {});
    return;
  }
  const carrier = { provider: provider ?? '' };
  if (state === 'delivered' || state === 'undelivered') add('sms_receipts_total', { ...carrier, state });
  if (state === 'delivered') add('sms_accepted_to_delivered_seconds_count', carrier);
  if (state === 'accepted' || state === 'delivered' || state === 'undelivered') {
    add('sms_message_outcomes_total', { state: 'accepted', reason: 'none', severity });
    add('sms_alert_to_accepted_seconds_count', { severity });
    add('sms_segments_total', carrier, segments);
  } else add('sms_message_outcomes_total', { state, reason: reason ?? 'none', severity });
}

function addWay({ attempts, events, state }: MessageHistory, add: Add): void {
  for (const { provider, result = 'open', reason = 'none' } of attempts) {
    add('sms_provider_requests_total', { provider, result, reason });
    add('sms_provider_request_duration_seconds_count', { provider });
  }
  for (const { verdict, reason = 'none', detail = '' } of events) {
    const [, from = '', to = ''] = /^from (\S+) to (\S+)$/.exec(detail) ?? [];
    if (verdict === 'deferred') add('sms_deferred_total', { reason });
    if (verdict === 'failover') add('sms_failovers_total', { from, to });
  }
  // Each doubt was met by a resend, but for the last, which was left standing.
  const doubts = attempts.filter(({ result }) => result === 'unknown');
  for (const [index, { provider }] of doubts.entries()) {
    const held = state === 'unknown' && index === doubts.length - 1;
    add('sms_unknown_outcomes_total', { provider, resolution: held ? 'held' : 'resent' });
  }
}
