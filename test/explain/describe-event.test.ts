import { expect, test } from 'vitest';
import { describeAttempt, describeEvent } from '../../src/explain/describe-event.ts';
import type { HistoryAttempt, HistoryEvent } from '../../src/ledger/history/history.ts';
import { attempt } from '../support/fixtures/history.ts';

const at = '2026-11-20T03:00:01.000Z';

const events: [Omit<HistoryEvent, 'at'>, string][] = [
  [{ stage: 'parse', verdict: 'pass' }, 'a valid alert'],
  [{ stage: 'route', verdict: 'pass', detail: 'route default' }, 'a route matches [route default]'],
  [{ stage: 'severity-gate', verdict: 'pass' }, 'severe enough for its route'],
  [{ stage: 'resolve-gate', verdict: 'pass' }, 'not a resolve'],
  [{ stage: 'dedupe-gate', verdict: 'pass' }, 'no duplicate, at least for one recipient'],
  [{ stage: 'recipients', verdict: 'pass', detail: '2 phone(s)' }, 'recipients found [2 phone(s)]'],
  [{ stage: 'consent-gate', verdict: 'pass' }, 'may be texted'],
  [{ stage: 'ledger', verdict: 'pass' }, 'not sent before'],
  [{ stage: 'expiry-gate', verdict: 'pass' }, 'still in time'],
  [{ stage: 'rate-cap', verdict: 'pass' }, 'within the rate caps'],
  [{ stage: 'dispatch', verdict: 'pass' }, 'ready to send'],
  [{ stage: 'a-new-gate', verdict: 'pass' }, 'passed'],
  [{ stage: 'a-new-gate', verdict: 'a-new-verdict' }, 'a-new-verdict'],
  [
    { stage: 'severity-gate', verdict: 'suppressed', reason: 'below_severity' },
    'decided not to text: its severity is below the minimum of its route (below_severity)',
  ],
  [
    { stage: 'rate-cap', verdict: 'deferred', reason: 'rate_cap_hour', until: '2026-11-20T03:30:00.000Z' },
    'deferred until 2026-11-20 03:30:00 UTC: all phones together have reached caps.perHour (rate_cap_hour)',
  ],
  [{ stage: 'expiry-gate', verdict: 'expired', reason: 'expired' }, 'given up: its deadline passed before it could be sent (expired)'],
  [{ stage: 'dispatch', verdict: 'accepted' }, 'the provider accepted the text'],
  [
    { stage: 'dispatch', verdict: 'failover', reason: 'balance', detail: 'from a to b' },
    "failed over to the next provider: the provider's account is out of money (balance) [from a to b]",
  ],
  [{ stage: 'receipt', verdict: 'undelivered' }, 'a receipt reports that it was not delivered'],
];

test.each(events)('%o', (event, sentence) => {
  expect(describeEvent({ at, ...event })).toBe(sentence);
});

test.each([
  'accepted',
  'suppressed',
  'expired',
  'cancelled',
  'deferred',
  'retry',
  'unknown',
  'failed',
  'settled',
  'queued',
  'sending',
  'delivered',
  'undelivered',
  'pending',
  'early',
  'late',
  'duplicate',
  'reordered',
  'unmatched',
  'forged',
  'unreadable',
  'routed',
  'malformed',
  'resend',
  'failover',
  'skipped',
])('the verdict %s has words of its own', (verdict) => {
  expect(describeEvent({ at, stage: 'dispatch', verdict })).toMatch(/\w+ \w+|refused|cancelled|deferred/);
});

const attempts: [HistoryAttempt, string][] = [
  [attempt(), 'twilio-main called, accepted after 0.50 s'],
  [
    attempt({ result: 'refused', reason: 'recipient', code: '21211', status: 400 }),
    'twilio-main called, refused (recipient, code 21211, HTTP 400) after 0.50 s: the provider reports that this number cannot receive SMS',
  ],
  [
    attempt({ result: 'unknown', reason: 'unknown_outcome', endedAt: '2026-11-20T03:00:15.700Z' }),
    'twilio-main called, unknown (unknown_outcome) after 15 s: the request was sent and no readable response came back; the message may have been sent',
  ],
  [{ provider: 'twilio-main', startedAt: at }, 'twilio-main called, no response yet'],
  [attempt({ endedAt: '2026-11-20T03:00:00.600Z' }), 'twilio-main called, accepted after 0.00 s'],
];

test.each(attempts)('a request: %o', (one, sentence) => {
  expect(describeAttempt(one)).toBe(sentence);
});

test.each([
  ['planned', undefined, 'escalation planned [immediately: chat]'],
  ['accepted', undefined, 'notified [immediately: chat]'],
  ['failed', undefined, 'given up [immediately: chat]'],
  ['cancelled', 'resolved', 'cancelled: '],
])('a step of the ladder that is %s reads "%s"', (verdict, reason, words) => {
  const event = {
    at: '2026-11-20T03:00:00.000Z',
    stage: 'escalation',
    verdict,
    detail: 'immediately: chat',
    ...(reason === undefined ? {} : { reason }),
  };
  expect(describeEvent(event)).toContain(words);
});
