import { describe, expect, test } from 'vitest';
import { OUR_REASONS } from '../../src/alert/reason.ts';
import type { ConclusionKind } from '../../src/explain/conclude-message.ts';
import { formatStory } from '../../src/explain/format-story.ts';
import { REASON_WORDS } from '../../src/explain/reason-words.ts';
import { concludeAlert, storyOfAlert } from '../../src/explain/story-of-alert.ts';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import { alertHistory, attempt, messageHistory, NOW } from '../support/fixtures/history.ts';

const explain = (alert: AlertHistory) => formatStory(storyOfAlert(alert, NOW));

const accepted = messageHistory({ state: 'accepted', provider: 'twilio-main', attempts: [attempt()] });
const refused = messageHistory({ id: 'm-2', to: '+44********123', contact: 'bob', state: 'suppressed', reason: 'no_consent' });
const unresolved = messageHistory({ id: 'm-3', state: 'unknown', reason: 'unknown_outcome', provider: 'sns' });
const waiting = messageHistory({ id: 'm-4', state: 'deferred', reason: 'rate_cap_hour' });

const conclusions: [
  name: string,
  facts: Partial<AlertHistory>,
  says: readonly [kind: ConclusionKind, ...facts: string[]],
  todo?: string,
][] = [
  ['just raised', { outcome: 'pending' }, ['waiting']],
  ['waiting for long', { outcome: 'pending', receivedAt: '2026-11-20T02:50:00Z' }, ['waiting'], 'Is a router running?'],
  [
    'below the severity of its route',
    {
      outcome: 'suppressed',
      reason: 'below_severity',
      events: [
        {
          at: '2026-11-20T03:00:00Z',
          stage: 'severity-gate',
          verdict: 'suppressed',
          reason: 'below_severity',
          detail: 'route default has minSeverity critical',
        },
      ],
    },
    ['not_texted', '(below_severity)'],
    'minSeverity',
  ],
  ['a resolve', { outcome: 'suppressed', reason: 'resolved', status: 'resolved' }, ['not_texted', '(resolved)']],
  ['resolved before it was routed', { outcome: 'suppressed', reason: 'resolved' }, ['not_texted', '(resolved)']],
  [
    'malformed',
    {
      outcome: 'malformed',
      reason: 'malformed',
      events: [
        {
          at: '2026-11-20T03:00:00Z',
          stage: 'parse',
          verdict: 'malformed',
          reason: 'malformed',
          detail: 'to[1]: not a possible phone number',
        },
      ],
    },
    ['not_texted', '(malformed)', 'to[1]: not a possible phone number'],
    'Correct the errors below',
  ],
  ['malformed without a reason', { outcome: 'malformed' }, ['not_texted', '(malformed)'], 'Correct the errors below'],
  ['routed to nobody', {}, ['not_texted', '(no_recipient)']],
  [
    'an alert that goes to channels only',
    {
      events: ['planned', 'accepted', 'accepted', 'failed', 'cancelled'].map((verdict) => ({
        at: '2026-11-20T03:00:00.000Z',
        stage: 'escalation',
        verdict,
      })),
    },
    ['not_texted'],
  ],
  ['one phone, measured from the alert', { messages: [accepted] }, ['texted', 'twilio-main', '2026-11-20 03:00:01 UTC', 'after 1.2 s']],
  ['two phones, both texted', { messages: [accepted, accepted] }, ['texted', '2 of 2 phones']],
  ['one of each', { messages: [accepted, refused, unresolved, waiting] }, ['texted', '1 of 4 phones', '1 perhaps', '1 still on the way']],
  ['none of two', { messages: [refused, refused] }, ['not_texted', 'none of 2 phones']],
  ['none of two yet', { messages: [refused, waiting] }, ['waiting', 'none of 2 phones', '1 still on the way']],
];

describe('what became of an alert', () => {
  test.each(conclusions)('%s', (_name, facts, [kind, ...says], todo) => {
    const conclusion = concludeAlert(alertHistory(facts), NOW);
    expect(conclusion.kind).toBe(kind);
    for (const fact of says) expect(conclusion.text).toContain(fact);
    if (todo === undefined) expect(conclusion.todo).toBeUndefined();
    else expect(conclusion.todo).toContain(todo);
  });

  test.each(OUR_REASONS)('suppressed for %s', (reason) => {
    const { because, todo } = REASON_WORDS[reason];
    expect(concludeAlert(alertHistory({ outcome: 'suppressed', reason }), NOW)).toEqual({
      kind: 'not_texted',
      text: `Not texted: ${because} (${reason}).`,
      todo,
    });
  });
});

describe('the explanation', () => {
  test('of an alert to one phone shows the whole history in one time line', () => {
    const alert = alertHistory({
      events: [{ at: '2026-11-20T03:00:00.100Z', stage: 'severity-gate', verdict: 'pass' }],
      messages: [{ ...accepted, events: [{ at: '2026-11-20T03:00:01.250Z', stage: 'dispatch', verdict: 'accepted' }] }],
    });
    expect(
      explain(alert),
    ).toBe(`Texted: accepted by twilio-main at 2026-11-20 03:00:01 UTC, after 1.2 s. No delivery receipt has arrived; not every provider sends them.

alert       a-1, critical, firing
dedup key   db-1/unreachable
received    2026-11-20 03:00:00 UTC
message     m-1
to          +60*******789
route       default
good until  2026-11-20 04:00:00 UTC

2026-11-20, UTC
03:00:00.100  severity-gate  severe enough for its route
03:00:00.700  request        twilio-main called, accepted after 0.50 s
03:00:01.250  dispatch       the provider accepted the text
`);
  });

  test('of an alert to several phones says in which digest each is named', () => {
    const named = messageHistory({ id: 'm-9', state: 'suppressed', reason: 'digested', digest: 'digest-1' });
    expect(explain(alertHistory({ messages: [accepted, named] }))).toMatch(/suppressed \(digested\) in digest-1 +m-9/);
  });

  test('of an alert to several phones lists phones without a message first', () => {
    const text = explain(alertHistory({ messages: [accepted, waiting, unresolved, refused] }));
    expect(text.split('\n').slice(-6)).toEqual([
      '+44********123 (bob)  suppressed (no_consent)        m-2',
      '+60*******789         unknown (unknown_outcome) sns  m-3',
      '+60*******789         deferred (rate_cap_hour)       m-4',
      '+60*******789         accepted twilio-main           m-1',
      'For one of them: sms-dispatch explain MESSAGE_ID',
      '',
    ]);
  });

  test('of an alert to a thousand phones fits on a screen, and still shows the one that failed', () => {
    const messages = [...Array.from({ length: 999 }, () => accepted), refused];
    const text = explain(alertHistory({ messages }));
    expect(text.split('\n').length).toBeLessThan(40);
    expect(text).toContain('Texted: 999 of 1000 phones; 1 not: no_consent.');
    expect(text).toContain('m-2');
    expect(text).toContain('… and 980 more, shown by --json …');
  });

  test('is the same in every time zone', () => {
    const before = process.env.TZ;
    const alert = alertHistory({ messages: [accepted] });
    try {
      process.env.TZ = 'Asia/Kuala_Lumpur';
      expect(new Date(NOW).getTimezoneOffset()).toBe(-480);
      expect(explain(alert)).toContain('received    2026-11-20 03:00:00 UTC');
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});

test('distinguishes the message about a problem from the message about its end', () => {
  const [firing, end] = [
    messageHistory({ state: 'delivered' }),
    messageHistory({ id: 'm-2', says: 'resolved', state: 'accepted', severity: 'info' }),
  ];
  const text = explain(alertHistory({ messages: [firing, end] }));
  expect(text).toMatch(/^Texted: .*The resolution was texted to 1 of 1 phone\(s\)\./);
  expect(text).toContain('RESOLVED text: accepted');
});
