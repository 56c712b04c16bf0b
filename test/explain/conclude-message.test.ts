import { describe, expect, test } from 'vitest';
import { OUR_REASONS, PROVIDER_REASONS } from '../../src/alert/reason.ts';
import { concludeMessage } from '../../src/explain/conclude-message.ts';
import { REASON_WORDS, reasonWords } from '../../src/explain/reason-words.ts';
import { MESSAGE_STATES, type MessageTrace } from '../../src/ledger/history/trace.ts';
import { attempt, messageTrace, NOW } from '../support/fixtures/history.ts';

const unknown = attempt({ result: 'unknown', reason: 'unknown_outcome' });
const until = '2026-11-20T03:14:10.000Z';

const cases: [name: string, facts: Partial<MessageTrace>, text: string, todo?: string][] = [
  ['queued', { state: 'queued' }, 'Not texted yet: it waits for a dispatcher.'],
  [
    'queued for too long',
    { state: 'queued', createdAt: '2026-11-20T02:59:00Z' },
    'Not texted yet: it waits for a dispatcher.',
    'Is a dispatcher running?',
  ],
  [
    'held back by the cap of a phone',
    { state: 'deferred', reason: 'rate_cap_recipient', until },
    'Not texted yet: this phone has had as many texts as caps.perRecipient allows (rate_cap_recipient). It is tried again at 2026-11-20 03:14:10 UTC, in 14 min 0 s.',
    'Find out what raises so many alerts',
  ],
  [
    'held back by the cap of an hour',
    { state: 'deferred', reason: 'rate_cap_hour', until },
    'Not texted yet: all phones together have had as many texts as caps.perHour allows (rate_cap_hour). It is tried again at 2026-11-20 03:14:10 UTC, in 14 min 0 s.',
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
    'Not texted yet: the provider asked us to slow down (throttled, code 20429, HTTP 429 from twilio-main). It is tried again at 2026-11-20 03:14:10 UTC, in 14 min 0 s.',
    'maxPerSecond',
  ],
  [
    'waiting for the lease of another worker',
    { state: 'deferred', reason: 'unknown_outcome', until },
    'Not texted yet: a worker that had begun to send it has not told the outcome; when its lease ends another one takes over (unknown_outcome). It is tried again at 2026-11-20 03:14:10 UTC, in 14 min 0 s.',
  ],
  [
    'deferred beyond its time',
    { state: 'deferred', reason: 'unavailable', until: '2026-11-20T02:50:00Z' },
    'Not texted yet: the provider could not be reached or said that it could not take the text; nothing was sent (unavailable). It was to be tried again at 2026-11-20 02:50:00 UTC.',
    'Is a dispatcher running?',
  ],
  [
    'due this very moment',
    { state: 'deferred', reason: null, until: '2026-11-20T03:00:09Z' },
    'Not texted yet: it waits for its turn. It is tried again at 2026-11-20 03:00:09 UTC.',
  ],
  ['deferred without a time', { state: 'deferred', reason: null }, 'Not texted yet: it waits for its turn.'],
  [
    'deferred until its step',
    { state: 'deferred', reason: 'escalation', until: '2026-11-20T03:00:09Z' },
    'Not texted yet: it waits for its step of the escalation ladder (escalation). It is tried again at 2026-11-20 03:00:09 UTC.',
  ],
  [
    'sending',
    { state: 'sending', attempts: [{ provider: 'twilio-main', startedAt: '2026-11-20T03:00:09Z' }] },
    'Being texted: twilio-main was asked at 2026-11-20 03:00:09 UTC and has not answered yet.',
  ],
  [
    'accepted',
    { state: 'accepted', provider: 'twilio-main', attempts: [attempt()] },
    'Texted: accepted by twilio-main at 2026-11-20 03:00:01 UTC, after 0.70 s. No receipt has told whether it arrived; not every provider reports.',
  ],
  [
    'accepted at the second provider',
    {
      state: 'accepted',
      provider: 'sns',
      attempts: [attempt({ result: 'refused', reason: 'unavailable' }), attempt({ provider: 'sns', endedAt: '2026-11-20T03:00:02.700Z' })],
    },
    'Texted: accepted by sns at 2026-11-20 03:00:02 UTC, after 2.2 s. No receipt has told whether it arrived; not every provider reports. twilio-main had not taken it: the provider could not be reached or said that it could not take the text; nothing was sent (unavailable).',
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
          detail: 'twilio-main is left alone until 2026-11-20T03:05:00.562Z: it has been failing',
        },
        {
          at: '2026-11-20T03:00:01Z',
          stage: 'dispatch',
          verdict: 'skipped',
          reason: 'circuit_open',
          detail: 'twilio-main is left alone until 2026-11-20T03:05:00.562Z: it has been failing',
        },
      ],
    },
    'Texted: accepted by sns at 2026-11-20 03:00:01 UTC, after 0.70 s. No receipt has told whether it arrived; not every provider reports. twilio-main had not taken it: the provider refused our credentials, permissions or account set-up (auth, HTTP 401). Passed over: twilio-main is left alone until 2026-11-20 03:05:00 UTC: it has been failing.',
  ],
  [
    'sent again after the records of the first did not hold it',
    { state: 'accepted', provider: 'sns', attempts: [{ ...unknown, resolution: 'confirmed_not_sent' }, attempt({ provider: 'sns' })] },
    'Texted: accepted by sns at 2026-11-20 03:00:01 UTC, after 0.70 s. No receipt has told whether it arrived; not every provider reports. twilio-main had not taken it: its answer had not come, and its records do not hold the text.',
  ],
  [
    'unknown until an operator said that it was sent',
    {
      state: 'accepted',
      provider: 'twilio-main',
      attempts: [{ ...unknown, resolution: 'confirmed_sent' }],
      events: [{ at: '2026-11-20T03:00:08Z', stage: 'operator', verdict: 'confirmed_sent', detail: 'an operator says that it was sent' }],
    },
    'Texted: an operator said at 2026-11-20 03:00:08 UTC that it was sent by twilio-main, whose answer had not come. No receipt has told whether it arrived; not every provider reports.',
  ],
  [
    'unknown until the vendor was asked',
    {
      state: 'accepted',
      provider: 'twilio-main',
      attempts: [{ ...unknown, resolution: 'confirmed_sent' }],
      events: [{ at: '2026-11-20T03:00:08Z', stage: 'reconcile', verdict: 'confirmed_sent', detail: 'asked twilio-main' }],
    },
    'Texted: twilio-main, whose answer had not come, said at 2026-11-20 03:00:08 UTC when it was asked that it has the text. No receipt has told whether it arrived; not every provider reports.',
  ],
  [
    'unknown until an operator said that it was not sent',
    {
      state: 'failed',
      reason: 'unknown_outcome',
      attempts: [{ ...unknown, resolution: 'confirmed_not_sent' }],
      events: [
        { at: '2026-11-20T03:00:08Z', stage: 'operator', verdict: 'confirmed_not_sent', detail: 'an operator says that it was not sent' },
      ],
    },
    'Not texted: an operator said at 2026-11-20 03:00:08 UTC that it had not been sent (unknown_outcome).',
    'raise it again',
  ],
  [
    'unknown until the vendor, asked too late to send it again, did not know it',
    {
      state: 'failed',
      reason: 'unknown_outcome',
      attempts: [{ ...unknown, resolution: 'confirmed_not_sent' }],
      events: [{ at: '2026-11-20T03:00:08Z', stage: 'reconcile', verdict: 'confirmed_not_sent', detail: 'asked twilio-main' }],
    },
    'Not texted: twilio-main said at 2026-11-20 03:00:08 UTC that it had not been sent (unknown_outcome).',
    'raise it again',
  ],
  [
    'held back until after its time is up',
    { state: 'deferred', reason: 'rate_cap_recipient', until: '2026-11-20T04:00:00.000Z' },
    'Not texted yet: this phone has had as many texts as caps.perRecipient allows (rate_cap_recipient). Its turn would come at 2026-11-20 04:00:00 UTC, and its time is up at 2026-11-20 04:00:00 UTC: unless there is room before, it is given up then.',
    'raise expiresAfter',
  ],
  [
    'accepted after a doubtful attempt',
    { state: 'accepted', provider: 'sns', attempts: [unknown, attempt({ provider: 'sns' })] },
    'Texted: accepted by sns at 2026-11-20 03:00:01 UTC, after 0.70 s. No receipt has told whether it arrived; not every provider reports. It may have arrived twice: twilio-main had been asked before and gave no readable answer.',
  ],
  [
    'delivered',
    {
      state: 'delivered',
      provider: 'twilio-main',
      attempts: [attempt()],
      events: [{ at: '2026-11-20T03:00:05Z', stage: 'receipt', verdict: 'delivered' }],
    },
    'Texted: accepted by twilio-main at 2026-11-20 03:00:01 UTC, after 0.70 s; a receipt says that it was delivered at 2026-11-20 03:00:05 UTC.',
  ],
  [
    'delivered after an unknown outcome',
    { state: 'delivered', provider: 'twilio-main', attempts: [unknown] },
    'Texted: twilio-main was asked and gave no readable answer; a receipt says that it was delivered.',
  ],
  [
    'undelivered',
    { state: 'undelivered', provider: 'twilio-main', attempts: [attempt()] },
    'Not delivered: accepted by twilio-main at 2026-11-20 03:00:01 UTC, after 0.70 s, but a receipt says that it was not delivered.',
    'not in service',
  ],
  [
    'undelivered for a reason that the vendor gave',
    { state: 'undelivered', provider: 'twilio-main', reason: 'opted_out', attempts: [attempt()] },
    'Not delivered: accepted by twilio-main at 2026-11-20 03:00:01 UTC, after 0.70 s, but a receipt says that it was not delivered (opted_out).',
    'not in service',
  ],
  [
    'unknown and held',
    { state: 'unknown', reason: 'unknown_outcome', provider: 'twilio-main', attempts: [unknown] },
    'Perhaps texted: the text was handed over and no readable answer came back; it may have gone out (unknown_outcome from twilio-main).',
    'It is not sent again, so that nobody is texted twice. A receipt may still settle it; until then, ask the recipient',
  ],
  [
    'unknown even after a resend',
    { state: 'unknown', provider: 'sns', attempts: [unknown, { ...unknown, provider: 'sns' }] },
    'Perhaps texted: the text was handed over and no readable answer came back; it may have gone out (unknown_outcome from sns).',
    'It was sent again once, which is the limit.',
  ],
  [
    'expired while a cap held it',
    {
      state: 'expired',
      reason: 'expired',
      events: [{ at: '2026-11-20T03:00:01Z', stage: 'rate-cap', verdict: 'deferred', reason: 'rate_cap_hour' }],
    },
    'Not texted: its time was up before it could be sent (expired); the deadline was 2026-11-20 04:00:00 UTC. Before that, all phones together have had as many texts as caps.perHour allows (rate_cap_hour).',
    'raise expiresAfter',
  ],
  [
    'expired while providers were away',
    { state: 'expired', attempts: [attempt({ result: 'refused', reason: 'circuit_open' })] },
    'Not texted: its time was up before it could be sent (expired); the deadline was 2026-11-20 04:00:00 UTC. Before that, the provider kept failing, or refused our account, so that we let it rest; nothing was sent to it (circuit_open from twilio-main).',
  ],
  [
    'expired while the account was refused',
    { state: 'expired', lastReason: 'auth', attempts: [attempt({ result: 'refused', reason: 'auth', code: '20003', status: 401 })] },
    'Not texted: its time was up before it could be sent (expired); the deadline was 2026-11-20 04:00:00 UTC. Before that, the provider refused our credentials, permissions or account set-up (auth, code 20003, HTTP 401 from twilio-main).',
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
    'Not texted yet: the provider refused our credentials, permissions or account set-up (auth, code 20003, HTTP 401 from twilio-main), so that the provider rests (circuit_open). It is tried again at 2026-11-20 03:30:00 UTC, in 29 min 50 s.',
    'Check the credentials',
  ],
  [
    'expired in the queue',
    { state: 'expired', reason: 'expired' },
    'Not texted: its time was up before it could be sent (expired); the deadline was 2026-11-20 04:00:00 UTC.',
  ],
  ['cancelled', { state: 'cancelled', reason: 'resolved' }, 'Not texted: the problem was resolved before the text went out (resolved).'],
  ['cancelled without a reason', { state: 'cancelled' }, 'Not texted: the problem was resolved before the text went out (resolved).'],
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
          detail: 'room again at noon',
        },
      ],
    },
    'Not texted: this phone has had as many texts as caps.perRecipient allows (rate_cap_recipient): room again at noon.',
    'Find out what raises so many alerts',
  ],
  [
    'failed',
    { state: 'failed', reason: 'recipient', attempts: [attempt({ result: 'refused', reason: 'recipient', code: '21211', status: 400 })] },
    'Not texted: the provider says that this number cannot be texted (recipient, code 21211, HTTP 400 from twilio-main).',
    'Check the number',
  ],
];

describe('what became of a message', () => {
  test.each(cases)('%s', (_name, facts, text, todo) => {
    const conclusion = concludeMessage(messageTrace(facts), NOW);
    expect(conclusion.text).toBe(text);
    if (todo !== undefined) expect(conclusion.todo).toContain(todo);
  });

  test('every state has its case', () => {
    expect(new Set(cases.map(([, { state }]) => state))).toEqual(new Set(MESSAGE_STATES));
  });

  test('the time to acceptance counts from the alert where that is known', () => {
    const message = messageTrace({ state: 'accepted', provider: 'twilio-main', attempts: [attempt()] });
    expect(concludeMessage(message, NOW, '2026-11-20T03:00:00Z').text).toContain('after 1.2 s');
  });

  test('a word that only a newer version knows is shown as it is', () => {
    expect(concludeMessage(messageTrace({ state: 'suppressed', reason: 'moon_phase' }), NOW).text).toBe(
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
    expect(concludeMessage(messageTrace({ state: 'failed', reason }), NOW)).toEqual({ text: `Not texted: ${because} (${reason}).`, todo });
    if (reason !== 'unknown_outcome') {
      expect(concludeMessage(messageTrace({ state: 'deferred', reason }), NOW)).toEqual({
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
