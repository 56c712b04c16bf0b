import { expect, test } from 'vitest';
import { formatStory } from '../../src/explain/format-story.ts';
import { storyOfMessage } from '../../src/explain/story.ts';
import type { HistoryEvent, MessageHistory } from '../../src/ledger/history/history.ts';
import { attempt, messageHistory, NOW } from '../support/fixtures/history.ts';

const explain = (message: MessageHistory) => formatStory(storyOfMessage(message, NOW));

test('the conclusion comes first, then the facts, then what happened in order of time', async () => {
  const message = messageHistory({
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
  const text = explain(message);
  await expect(text).toMatchFileSnapshot('../pages/story-of-a-message.txt');
  expect(text).toMatch(/^Texted: .*\(unavailable, code ECONNREFUSED\)/);
  const times = [...text.matchAll(/^\d\d:\d\d:\d\d\.\d{3}/gm)].map(([time]) => time);
  expect(times).toEqual(['03:00:00.600', '03:00:00.700', '03:00:01.210', '03:00:01.300', '03:00:01.900']);
});

test('what to do stands right below the conclusion', () => {
  const lines = explain(messageHistory({ state: 'suppressed', reason: 'no_consent' })).split('\n');
  expect(lines[0]).toMatch(/^Not texted: .* \(no_consent\)\.$/);
  expect(lines.slice(1, 3)).toEqual([expect.stringContaining('`consent: true`'), '']);
});

test('a message put off for days still fits on a screen, and says how much is left out', () => {
  const events = Array.from(
    { length: 300 },
    (_, index): HistoryEvent => ({
      at: new Date(Date.parse('2026-11-20T03:00:00Z') + index * 60_000).toISOString(),
      stage: 'rate-cap',
      verdict: 'deferred',
      reason: 'rate_cap_recipient',
    }),
  );
  const text = explain(messageHistory({ state: 'deferred', reason: 'rate_cap_recipient', events }));
  expect(text.split('\n').length).toBeLessThan(24);
  expect(text).toContain('… 290 more, shown by --json …');
  expect(text).toMatch(/^2026-11-20, UTC\n03:00:00\.000/m);
  expect(text).toContain('\n07:59:00.000');
});

test('a message that nothing happened to yet says so', () => {
  expect(explain(messageHistory())).toContain('No events are recorded yet.');
});

test('checks that it merely passed share a line, which says by which route and to how many', () => {
  const pass = (stage: string, detail?: string): HistoryEvent => ({
    at: '2026-11-20T03:00:00.600Z',
    stage,
    verdict: 'pass',
    ...(detail === undefined ? {} : { detail }),
  });
  const events = [
    pass('route', 'route default'),
    pass('expiry-gate'),
    pass('recipients', '1 phone(s)'),
    pass('expiry-gate'),
    { ...pass('rate-cap'), at: '2026-11-20T03:00:00.900Z', verdict: 'deferred', reason: 'rate_cap_hour' },
    { ...pass('ledger'), at: '2026-11-21T03:00:00.000Z' },
  ];
  expect(explain(messageHistory({ events }))).toContain(`
UTC
2026-11-20 03:00:00.600  checks    passed: route default, expiry, 1 phone(s)
2026-11-20 03:00:00.900  rate-cap  deferred: all phones together have reached caps.perHour (rate_cap_hour)
2026-11-21 03:00:00.000  ledger    not sent before
`);
});

test('on a terminal no line is longer than it is wide, and what goes on stands below its beginning', () => {
  const message = messageHistory({
    state: 'deferred',
    reason: 'rate_cap_recipient',
    until: '2026-11-20T03:40:00.000Z',
    events: [{ at: '2026-11-20T03:00:00.600Z', stage: 'rate-cap', verdict: 'deferred', reason: 'rate_cap_recipient' }],
  });
  const text = formatStory(storyOfMessage(message, NOW), { width: 60, emphasise: (line) => `*${line}*` });
  expect(text.split('\n').filter((line) => line.replaceAll('*', '').length > 60 && !line.includes('+60'))).toEqual([]);
  expect(text).toMatch(/^\*Not texted yet: this phone has reached caps\.perRecipient\*\n\*/);
  expect(text).toContain(`
03:00:00.600  rate-cap  deferred: this phone has reached
                        caps.perRecipient
                        (rate_cap_recipient)
`);
});
