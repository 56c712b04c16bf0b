import { expect, test } from 'vitest';
import { explainMessage } from '../../src/cli/explain-message.ts';
import type { TraceEvent } from '../../src/ledger/trace.ts';
import { attempt, messageTrace, NOW } from './traces.ts';

test('the conclusion comes first, then the facts, then what happened in order of time', () => {
  const message = messageTrace({
    state: 'accepted',
    contact: 'alice',
    provider: 'sns',
    providerMessageId: 'b1f2',
    events: [
      { at: '2026-11-20T03:00:00.600Z', stage: 'rate-cap', verdict: 'pass' },
      { at: '2026-11-20T03:00:01.210Z', stage: 'dispatch', verdict: 'failover', reason: 'unavailable', detail: 'from twilio-main to sns' },
      { at: '2026-11-20T03:00:01.900Z', stage: 'dispatch', verdict: 'accepted' },
    ],
    attempts: [
      attempt({ result: 'refused', reason: 'unavailable', code: 'ECONNREFUSED' }),
      attempt({ provider: 'sns', startedAt: '2026-11-20T03:00:01.300Z', endedAt: '2026-11-20T03:00:01.800Z' }),
    ],
  });
  expect(
    explainMessage(message, NOW),
  ).toBe(`Texted: accepted by sns at 2026-11-20 03:00:01 UTC, after 1.3 s. No receipt has told whether it arrived; not every provider reports.

message      m-1, of alert a-1
severity     critical
to           +60*******789 (alice)
route        default
good until   2026-11-20 04:00:00 UTC
provider id  b1f2
segments     1

2026-11-20 03:00:00.600  rate-cap  within the rate caps
2026-11-20 03:00:00.700  request   twilio-main asked, refused (unavailable, code ECONNREFUSED) after 0.50 s: the provider could not be reached or said that it could not take the text; nothing was sent
2026-11-20 03:00:01.210  dispatch  handed to the next provider: the provider could not be reached or said that it could not take the text; nothing was sent (unavailable) [from twilio-main to sns]
2026-11-20 03:00:01.300  request   sns asked, accepted after 0.50 s
2026-11-20 03:00:01.900  dispatch  the provider accepted the text
`);
});

test('what to do stands right below the conclusion', () => {
  const lines = explainMessage(messageTrace({ state: 'suppressed', reason: 'no_consent' }), NOW).split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'Not texted: the contact has not agreed to get texts (no_consent).',
    'When they agree, set `consent: true` on the contact in the config.',
    '',
  ]);
});

test('a message put off for days still fits on a screen, and says how much is left out', () => {
  const events = Array.from(
    { length: 300 },
    (_, index): TraceEvent => ({
      at: new Date(Date.parse('2026-11-20T03:00:00Z') + index * 60_000).toISOString(),
      stage: 'rate-cap',
      verdict: 'deferred',
      reason: 'rate_cap_recipient',
    }),
  );
  const text = explainMessage(messageTrace({ state: 'deferred', reason: 'rate_cap_recipient', events }), NOW);
  expect(text.split('\n').length).toBeLessThan(40);
  expect(text).toContain('… 284 more, shown by --json …');
  expect(text).toContain('2026-11-20 03:00:00.000');
  expect(text).toContain('2026-11-20 07:59:00.000');
});

test('a message that nothing happened to yet says so', () => {
  expect(explainMessage(messageTrace(), NOW)).toContain('Nothing is written down about it yet.');
});
