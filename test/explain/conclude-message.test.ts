import { describe, expect, test } from 'vitest';
import { OUR_REASONS, PROVIDER_REASONS } from '../../src/alert/reason.ts';
import { type ConclusionKind, concludeMessage, HEADLINES } from '../../src/explain/conclude-message.ts';
import { REASON_WORDS, reasonWords } from '../../src/explain/reason-words.ts';
import { MESSAGE_STATES, type MessageHistory } from '../../src/ledger/history/history.ts';
import { attempt, messageHistory, NOW } from '../support/fixtures/history.ts';

const unknown = attempt({ result: 'unknown', reason: 'unknown_outcome' });
const until = '2026-11-20T03:14:10.000Z';

/** `says`: the kind, then the facts that the text must contain. */
const cases: [name: string, facts: Partial<MessageHistory>, says: readonly [kind: ConclusionKind, ...facts: string[]], todo?: string][] = [
  ['queued', { state: 'queued' }, ['waiting']],
  ['queued for too long', { state: 'queued', createdAt: '2026-11-20T02:59:00Z' }, ['waiting'], 'Is a dispatcher running?'],
  [
    'held back by the cap of a phone',
    { state: 'deferred', reason: 'rate_cap_recipient', until },
    ['waiting', '(rate_cap_recipient)', '2026-11-20 03:14:10 UTC', 'in 14 min 0 s'],
    'Find out what raises so many alerts',
  ],
  [
    'held back by the cap of an hour',
    { state: 'deferred', reason: 'rate_cap_hour', until },
    ['waiting', '(rate_cap_hour)', '2026-11-20 03:14:10 UTC', 'in 14 min 0 s'],
    'criticalReserve',
  ],
  [
    'held back by a provider',
    {
      state: 'deferred',
      reason: 'throttled',
      until,
      attempts: [attempt({ result: 'refused', reason: 'throttled', code: '20429', status: 429 })],
    },
    ['waiting', '(throttled, code 20429, HTTP 429 from twilio-main)', '2026-11-20 03:14:10 UTC', 'in 14 min 0 s'],
    'maxPerSecond',
  ],
  [
    'waiting for the lease of another worker',
    { state: 'deferred', reason: 'unknown_outcome', until },
    ['waiting', '(unknown_outcome)', '2026-11-20 03:14:10 UTC', 'in 14 min 0 s'],
  ],
  [
    'deferred beyond its time',
    { state: 'deferred', reason: 'unavailable', until: '2026-11-20T02:50:00Z' },
    ['waiting', '(unavailable)', '2026-11-20 02:50:00 UTC'],
    'Is a dispatcher running?',
  ],
  ['due this very moment', { state: 'deferred', reason: null, until: '2026-11-20T03:00:09Z' }, ['waiting', '2026-11-20 03:00:09 UTC']],
  ['deferred without a time', { state: 'deferred', reason: null }, ['waiting']],
  [
    'deferred until its step',
    { state: 'deferred', reason: 'escalation', until: '2026-11-20T03:00:09Z' },
    ['waiting', '(escalation)', '2026-11-20 03:00:09 UTC'],
  ],
  [
    'sending',
    { state: 'sending', attempts: [{ provider: 'twilio-main', startedAt: '2026-11-20T03:00:09Z' }] },
    ['sending', '2026-11-20 03:00:09 UTC'],
  ],
  [
    'accepted',
    { state: 'accepted', provider: 'twilio-main', attempts: [attempt()] },
    ['texted', 'twilio-main', '2026-11-20 03:00:01 UTC', 'after 0.70 s'],
  ],
  [
    'accepted at the second provider',
    {
      state: 'accepted',
      provider: 'sns',
      attempts: [attempt({ result: 'refused', reason: 'unavailable' }), attempt({ provider: 'sns', endedAt: '2026-11-20T03:00:02.700Z' })],
    },
    ['texted', 'sns', '2026-11-20 03:00:02 UTC', 'after 2.2 s', 'twilio-main', '(unavailable)'],
  ],
  [
    'accepted past a provider that rests, which refused it before',
    {
      state: 'accepted',
      provider: 'sns',
      attempts: [
        attempt({ result: 'refused', reason: 'throttled', code: '20429', status: 429 }),
        attempt({ result: 'refused', reason: 'auth', status: 401 }),
        attempt({ provider: 'sns', result: 'refused', reason: 'unavailable' }),
        attempt({ provider: 'sns' }),
      ],
      events: [
        {
          at: '2026-11-20T03:00:00Z',
          stage: 'dispatch',
          verdict: 'skipped',
          reason: 'circuit_open',
          detail: 'twilio-main is skipped until 2026-11-20T03:05:00.562Z: it has been failing',
        },
        {
          at: '2026-11-20T03:00:01Z',
          stage: 'dispatch',
          verdict: 'skipped',
          reason: 'circuit_open',
          detail: 'twilio-main is skipped until 2026-11-20T03:05:00.562Z: it has been failing',
        },
      ],
    },
    ['texted', 'sns', '2026-11-20 03:00:01 UTC', 'after 0.70 s', 'twilio-main', '(auth, HTTP 401)', '2026-11-20 03:05:00 UTC'],
  ],
  [
    'sent again after the records of the first did not hold it',
    { state: 'accepted', provider: 'sns', attempts: [{ ...unknown, resolution: 'confirmed_not_sent' }, attempt({ provider: 'sns' })] },
    ['texted', 'sns', '2026-11-20 03:00:01 UTC', 'after 0.70 s', 'twilio-main'],
  ],
  [
    'unknown until an operator said that it was sent',
    {
      state: 'accepted',
      provider: 'twilio-main',
      attempts: [{ ...unknown, resolution: 'confirmed_sent' }],
      events: [
        { at: '2026-11-20T03:00:08Z', stage: 'operator', verdict: 'confirmed_sent', detail: 'an operator confirmed that it was sent' },
      ],
    },
    ['texted', '2026-11-20 03:00:08 UTC'],
  ],
  [
    'unknown until the vendor was asked',
    {
      state: 'accepted',
      provider: 'twilio-main',
      attempts: [{ ...unknown, resolution: 'confirmed_sent' }],
      events: [{ at: '2026-11-20T03:00:08Z', stage: 'reconcile', verdict: 'confirmed_sent', detail: 'asked twilio-main' }],
    },
    ['texted', '2026-11-20 03:00:08 UTC'],
  ],
  [
    'unknown until an operator said that it was not sent',
    {
      state: 'failed',
      reason: 'unknown_outcome',
      attempts: [{ ...unknown, resolution: 'confirmed_not_sent' }],
      events: [
        {
          at: '2026-11-20T03:00:08Z',
          stage: 'operator',
          verdict: 'confirmed_not_sent',
          detail: 'an operator confirmed that it was not sent',
        },
      ],
    },
    ['not_texted', '2026-11-20 03:00:08 UTC', '(unknown_outcome)'],
    'raise the alert again',
  ],
  [
    'unknown until the vendor, asked too late to send it again, did not know it',
    {
      state: 'failed',
      reason: 'unknown_outcome',
      attempts: [{ ...unknown, resolution: 'confirmed_not_sent' }],
      events: [{ at: '2026-11-20T03:00:08Z', stage: 'reconcile', verdict: 'confirmed_not_sent', detail: 'asked twilio-main' }],
    },
    ['not_texted', '2026-11-20 03:00:08 UTC', '(unknown_outcome)'],
    'raise the alert again',
  ],
  [
    'held back until after its time is up',
    { state: 'deferred', reason: 'rate_cap_recipient', until: '2026-11-20T04:00:00.000Z' },
    ['waiting', '(rate_cap_recipient)', '2026-11-20 04:00:00 UTC'],
    'increase expiresAfter',
  ],
  [
    'accepted after an attempt with unknown outcome',
    { state: 'accepted', provider: 'sns', attempts: [unknown, attempt({ provider: 'sns' })] },
    ['texted', 'sns', '2026-11-20 03:00:01 UTC', 'after 0.70 s', 'twilio-main'],
  ],
  [
    'delivered',
    {
      state: 'delivered',
      provider: 'twilio-main',
      attempts: [attempt()],
      events: [{ at: '2026-11-20T03:00:05Z', stage: 'receipt', verdict: 'delivered' }],
    },
    ['texted', 'twilio-main', '2026-11-20 03:00:01 UTC', 'after 0.70 s', '2026-11-20 03:00:05 UTC'],
  ],
  ['delivered after an unknown outcome', { state: 'delivered', provider: 'twilio-main', attempts: [unknown] }, ['texted']],
  [
    'undelivered',
    { state: 'undelivered', provider: 'twilio-main', attempts: [attempt()] },
    ['undelivered', 'twilio-main', '2026-11-20 03:00:01 UTC', 'after 0.70 s'],
    'not in service',
  ],
  [
    'undelivered for a reason that the vendor gave',
    { state: 'undelivered', provider: 'twilio-main', reason: 'opted_out', attempts: [attempt()] },
    ['undelivered', 'twilio-main', '2026-11-20 03:00:01 UTC', 'after 0.70 s', '(opted_out)'],
    'not in service',
  ],
  [
    'unknown and held',
    { state: 'unknown', reason: 'unknown_outcome', provider: 'twilio-main', attempts: [unknown] },
    ['unknown', '(unknown_outcome from twilio-main)'],
    'It is not sent again, to avoid a duplicate. A receipt may still resolve it; until then, ask the recipient',
  ],
  [
    'unknown even after a resend',
    { state: 'unknown', provider: 'sns', attempts: [unknown, { ...unknown, provider: 'sns' }] },
    ['unknown', '(unknown_outcome from sns)'],
    'It was sent again once, which is the limit.',
  ],
  [
    'expired while a cap held it',
    {
      state: 'expired',
      reason: 'expired',
      events: [{ at: '2026-11-20T03:00:01Z', stage: 'rate-cap', verdict: 'deferred', reason: 'rate_cap_hour' }],
    },
    ['not_texted', '(expired)', '2026-11-20 04:00:00 UTC', '(rate_cap_hour)'],
    'increase expiresAfter',
  ],
  [
    'expired while providers were away',
    { state: 'expired', attempts: [attempt({ result: 'refused', reason: 'circuit_open' })] },
    ['not_texted', '(expired)', '2026-11-20 04:00:00 UTC', '(circuit_open from twilio-main)'],
  ],
  [
    'expired while the account was refused',
    { state: 'expired', lastReason: 'auth', attempts: [attempt({ result: 'refused', reason: 'auth', code: '20003', status: 401 })] },
    ['not_texted', '(expired)', '2026-11-20 04:00:00 UTC', '(auth, code 20003, HTTP 401 from twilio-main)'],
  ],
  [
    'deferred because the circuit is open, for the reason that the provider gave',
    {
      state: 'deferred',
      reason: 'circuit_open',
      lastReason: 'auth',
      until: '2026-11-20T03:30:00.000Z',
      attempts: [attempt({ result: 'refused', reason: 'auth', code: '20003', status: 401 })],
    },
    ['waiting', '(auth, code 20003, HTTP 401 from twilio-main)', '(circuit_open)', '2026-11-20 03:30:00 UTC', 'in 29 min 50 s'],
    'Check the credentials',
  ],
  ['expired in the queue', { state: 'expired', reason: 'expired' }, ['not_texted', '(expired)', '2026-11-20 04:00:00 UTC']],
  ['cancelled', { state: 'cancelled', reason: 'resolved' }, ['not_texted', '(resolved)']],
  ['cancelled without a reason', { state: 'cancelled' }, ['not_texted', '(resolved)']],
  [
    'dropped by a cap',
    {
      state: 'suppressed',
      reason: 'rate_cap_recipient',
      events: [
        {
          at: '2026-11-20T03:00:01Z',
          stage: 'rate-cap',
          verdict: 'suppressed',
          reason: 'rate_cap_recipient',
          detail: 'capacity again at noon',
        },
      ],
    },
    ['not_texted', '(rate_cap_recipient)', ': capacity again at noon'],
    'Find out what raises so many alerts',
  ],
  [
    'failed',
    { state: 'failed', reason: 'recipient', attempts: [attempt({ result: 'refused', reason: 'recipient', code: '21211', status: 400 })] },
    ['not_texted', '(recipient, code 21211, HTTP 400 from twilio-main)'],
    'Check the number',
  ],
];

describe('what became of a message', () => {
  test.each(cases)('%s', (_name, facts, [kind, ...says], todo) => {
    const conclusion = concludeMessage(messageHistory(facts), NOW);
    expect(conclusion.kind).toBe(kind);
    expect(conclusion.text.startsWith(`${HEADLINES[kind]}: `)).toBe(true);
    for (const fact of says) expect(conclusion.text).toContain(fact);
    if (todo !== undefined) expect(conclusion.todo).toContain(todo);
  });

  test('every state has its case', () => {
    expect(new Set(cases.map(([, { state }]) => state))).toEqual(new Set(MESSAGE_STATES));
  });

  test('the time to acceptance counts from the alert where that is known', () => {
    const message = messageHistory({ state: 'accepted', provider: 'twilio-main', attempts: [attempt()] });
    expect(concludeMessage(message, NOW, '2026-11-20T03:00:00Z').text).toContain('after 1.2 s');
  });

  test('a word that only a newer version knows is shown as it is', () => {
    expect(concludeMessage(messageHistory({ state: 'suppressed', reason: 'moon_phase' }), NOW).text).toBe(
      'Not texted: moon_phase (moon_phase).',
    );
    expect(reasonWords('constructor')).toEqual({ because: 'constructor' });
  });
});

describe('the words for reasons', () => {
  const reasons = [...new Set([...OUR_REASONS, ...PROVIDER_REASONS])];

  test.each(reasons)('%s reads as one sentence, in a message that was not sent and in one that waits', (reason) => {
    const { because, todo } = REASON_WORDS[reason];
    expect(because).toMatch(/^[a-z].{15,}[a-z]$/i);
    expect(because).not.toContain(reason.includes('_') ? reason : '\n');
    if (todo !== undefined) expect(todo).toMatch(/^[A-Z].*\.$/);
    expect(concludeMessage(messageHistory({ state: 'failed', reason }), NOW)).toEqual({
      kind: 'not_texted',
      text: `Not texted: ${because} (${reason}).`,
      todo,
    });
    if (reason !== 'unknown_outcome') {
      expect(concludeMessage(messageHistory({ state: 'deferred', reason }), NOW)).toEqual({
        kind: 'waiting',
        text: `Not texted yet: ${because} (${reason}).`,
        todo,
      });
    }
  });

  test('no two reasons read the same, and there are no words for anything else', () => {
    expect(new Set(Object.values(REASON_WORDS).map(({ because }) => because)).size).toBe(reasons.length);
    expect(Object.keys(REASON_WORDS).sort()).toEqual([...reasons].sort());
  });
});
