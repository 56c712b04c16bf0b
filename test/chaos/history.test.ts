import { describe, expect, test } from 'vitest';
import type { AlertTrace, MessageTrace, TraceAttempt } from '../../src/ledger/trace.ts';
import { type History, judgeHistory, type ProviderHit, type Raised } from './history.ts';

const PHONE = '+60123456789';

const raised = (rest: Partial<Raised> = {}): Raised => ({ alertId: 'a', phones: [PHONE], onUnknown: 'resend', ...rest });

const attempt = (result: TraceAttempt['result'], provider = 'first'): TraceAttempt => ({
  provider,
  startedAt: '2026-11-21T03:00:00.000Z',
  ...(result === undefined ? {} : { result }),
});

const message = (rest: Partial<MessageTrace> = {}): MessageTrace => ({
  id: 'm-a',
  alertId: 'a',
  to: '+60*******789',
  contact: null,
  severity: 'critical',
  route: 'default',
  state: 'accepted',
  reason: null,
  until: null,
  provider: 'first',
  providerMessageId: null,
  segments: 1,
  createdAt: '2026-11-21T03:00:00.000Z',
  expiresAt: '2026-11-21T04:00:00.000Z',
  attempts: [attempt('accepted')],
  events: [],
  ...rest,
});

const alert = (messages: readonly MessageTrace[], rest: Partial<AlertTrace> = {}): AlertTrace => ({
  id: 'a',
  severity: 'critical',
  status: 'firing',
  dedupKey: null,
  receivedAt: '2026-11-21T03:00:00.000Z',
  outcome: 'routed',
  reason: null,
  events: [],
  messages,
  ...rest,
});

const hit = (rest: Partial<ProviderHit> = {}): ProviderHit => ({
  messageId: 'm-a',
  provider: 'first',
  phone: PHONE,
  atMs: 1_000,
  answer: 'accepted',
  ...rest,
});

const books = (alerts: number, messages: number, ends: number, inFlight = 0) =>
  new Map([
    ['sms_alerts_total{severity="critical"}', alerts],
    ['sms_alert_outcomes_total{outcome="routed"}', alerts],
    ['sms_messages_total{severity="critical"}', messages],
    ['sms_message_outcomes_total{state="accepted"}', ends],
    ['sms_messages_in_flight', inFlight],
  ]);

const history = (rest: Partial<History> = {}): History => ({
  raised: [raised()],
  hits: [hit()],
  traces: new Map([['a', alert([message()])]]),
  scrapes: [books(1, 1, 1)],
  countersLost: false,
  said: [],
  caps: [],
  mayWaitFor: [],
  ...rest,
});

const traced = (...messages: MessageTrace[]) => ({ traces: new Map([['a', alert(messages)]]) });

const waiting = { ...traced(message({ state: 'deferred', reason: 'rate_cap_recipient' })), hits: [], scrapes: [books(1, 1, 0, 1)] };

test('a history in which all went well has nothing against it', () => {
  expect(judgeHistory(history())).toEqual({
    accepted: 1,
    hits: 1,
    lost: 0,
    silentDuplicates: 0,
    visibleDuplicates: 0,
    unknown: 0,
    broken: [],
    evidence: [],
  });
});

describe('lost is an alert that was taken and', () => {
  test.each<[string, Partial<History>, RegExp]>([
    ['that nobody remembers', { traces: new Map(), hits: [], scrapes: [books(0, 0, 0)] }, /nobody remembers/],
    ['that has no outcome', { traces: new Map([['a', alert([], { outcome: 'pending' })]]), hits: [] }, /no outcome/],
    ['of which one phone has no message', { raised: [raised({ phones: [PHONE, '+60123456780'] })] }, /1 message\(s\) for 2 phone/],
    ['whose message still waits', waiting, /still deferred \(rate_cap_recipient\)/],
    ['whose message is on the wire for ever', { ...waiting, ...traced(message({ state: 'sending' })) }, /still sending/],
    ['that no provider said it accepted', { hits: [] }, /first never said so/],
    ['that another provider accepted', { hits: [hit({ provider: 'second' })] }, /first never said so/],
  ])('%s', (_what, change, why) => {
    const judged = judgeHistory(history(change));
    expect(judged.lost).toBe(1);
    expect(judged.broken.filter((what) => what.startsWith('lost'))).toEqual([expect.stringMatching(why)]);
  });

  test('not one that waits for what it may wait for', () => {
    expect(judgeHistory(history({ ...waiting, mayWaitFor: ['rate_cap_recipient'] })).broken).toEqual([]);
  });

  test('not one that was suppressed, which is an outcome', () => {
    const traces = new Map([['a', alert([], { outcome: 'suppressed', reason: 'duplicate' })]]);
    expect(judgeHistory(history({ traces, hits: [], scrapes: [books(1, 0, 0)] })).broken).toEqual([]);
  });
});

describe('a second text', () => {
  const twice = [hit(), hit({ provider: 'second', atMs: 2_000 })];
  const resent = message({ provider: 'second', attempts: [attempt('unknown'), attempt('accepted', 'second')] });

  test('is visible when its trace shows the doubt that it answers', () => {
    expect(judgeHistory(history({ hits: twice, ...traced(resent) }))).toMatchObject({
      visibleDuplicates: 1,
      silentDuplicates: 0,
      broken: [],
    });
  });

  test('is visible as well when the doubt was settled after it, and shows in the events only', () => {
    const settled = { provider: 'second', attempts: [attempt('accepted'), attempt('accepted', 'second')] };
    const events = [{ at: '2026-11-21T03:00:05.000Z', stage: 'first-check', verdict: 'resend' }];
    expect(judgeHistory(history({ hits: twice, ...traced(message({ ...settled, events })) }))).toMatchObject({
      visibleDuplicates: 1,
      broken: [],
    });
    expect(judgeHistory(history({ hits: twice, ...traced(message(settled)) }))).toMatchObject({ silentDuplicates: 1 });
  });

  test('is a broken promise where the route says hold, visible or not', () => {
    const judged = judgeHistory(history({ hits: twice, ...traced(resent), raised: [raised({ onUnknown: 'hold' })] }));
    expect(judged.evidence).toEqual([{ message: resent, hits: twice.map(({ phone: _, ...seen }) => seen) }]);
    expect(judged.broken).toEqual([expect.stringMatching(/sent 1 time\(s\) more, its route says hold/)]);
  });

  test.each([
    ['no trace of an attempt', [attempt('accepted')]],
    ['the doubt at another provider', [attempt('unknown', 'second'), attempt('accepted', 'second')]],
    ['no doubt', [attempt('refused'), attempt('accepted', 'second')]],
  ])('is silent with %s', (_what, attempts) => {
    const judged = judgeHistory(history({ hits: twice, ...traced(message({ provider: 'second', attempts })) }));
    expect(judged).toMatchObject({ silentDuplicates: 1, visibleDuplicates: 0 });
  });

  test('is silent when it belongs to no alert that was taken', () => {
    expect(judgeHistory(history({ hits: [hit(), hit({ messageId: 'm-b' })] }))).toMatchObject({ silentDuplicates: 1 });
  });

  test('is none when the first was refused', () => {
    const attempts = [attempt('refused'), attempt('accepted', 'second')];
    const hits = [hit({ answer: 'refused' }), hit({ provider: 'second' })];
    expect(judgeHistory(history({ hits, ...traced(message({ provider: 'second', attempts })) }))).toMatchObject({
      visibleDuplicates: 0,
      broken: [],
    });
  });

  test('is one too many when it is the third', () => {
    const attempts = [attempt('unknown'), attempt('unknown'), attempt('accepted')];
    const judged = judgeHistory(history({ hits: [hit(), hit(), hit()], ...traced(message({ attempts })) }));
    expect(judged.broken).toEqual([expect.stringMatching(/sent 2 time\(s\) more/)]);
  });
});

test('a text that is called unsent though a provider accepted it is told', () => {
  const expired = message({ state: 'expired', provider: null });
  expect(judgeHistory(history(traced(expired))).broken).toEqual([expect.stringMatching(/expired, though first accepted it/)]);
});

test('jobs that never come to rest are told', () => {
  expect(judgeHistory(history({ restless: '1 job(s) under way' })).broken).toEqual(['not at rest: 1 job(s) under way']);
});

test('a text of which nobody knows is counted', () => {
  const doubtful = message({ state: 'unknown', attempts: [attempt('unknown')] });
  expect(judgeHistory(history(traced(doubtful)))).toMatchObject({ unknown: 1, broken: [] });
});

describe('the cap of a phone', () => {
  const texts = (...times: number[]): Partial<History> => ({
    raised: times.map((_, index) => raised({ alertId: `a${index}` })),
    hits: times.map((atMs, index) => hit({ messageId: `m${index}`, atMs })),
    traces: new Map(times.map((_, index) => [`a${index}`, alert([message({ id: `m${index}` })])])),
    scrapes: [books(times.length, times.length, times.length)],
    caps: [{ max: 2, perMs: 1_000 }],
  });

  test('holds when the window has just moved on', () => {
    expect(judgeHistory(history(texts(0, 500, 1_000, 1_500))).broken).toEqual([]);
  });

  test('is broken by one text too early, wherever the window starts', () => {
    expect(judgeHistory(history(texts(0, 900, 1_000, 1_899))).broken).toEqual([expect.stringMatching(/over the cap: 1 text/)]);
  });

  test('counts a resend with the text that it repeats', () => {
    const attempts = [attempt('unknown'), attempt('accepted')];
    const one = { hits: [hit(), hit({ atMs: 1_100 })], ...traced(message({ attempts })), caps: [{ max: 1, perMs: 1_000 }] };
    expect(judgeHistory(history(one)).broken).toEqual([]);
  });
});

describe('the books', () => {
  test.each([
    ['more messages than outcomes', books(1, 2, 1)],
    ['a message in flight that is none', books(1, 1, 1, 1)],
    ['more outcomes than messages', books(1, 1, 2)],
  ])('do not balance with %s', (_what, scrape) => {
    expect(judgeHistory(history({ scrapes: [scrape] })).broken).not.toEqual([]);
  });

  test('are those of all processes together', () => {
    const router = new Map([...books(1, 1, 0)].filter(([name]) => !name.includes('outcomes_total{state')));
    const dispatcher = new Map([['sms_message_outcomes_total{state="accepted"}', 1]]);
    expect(judgeHistory(history({ scrapes: [router, dispatcher] })).broken).toEqual([]);
  });

  test('of a dead process cannot be read, but what is in flight can', () => {
    expect(judgeHistory(history({ scrapes: [books(1, 1, 0)], countersLost: true })).broken).toEqual([]);
    expect(judgeHistory(history({ scrapes: [books(1, 1, 0, 1)], countersLost: true })).broken).toHaveLength(1);
  });
});

test.each([PHONE, PHONE.slice(1), `{"to":"${PHONE}"}`])('a line that says %s is a leak', (line) => {
  expect(judgeHistory(history({ said: [`fine\n${line}`] })).broken).toEqual(['leak: 1 line(s) hold a phone number']);
});

test('a masked number, or another number, is none', () => {
  expect(judgeHistory(history({ said: ['+60*******789', '{"time":1763694000000,"pid":60123456}'] })).broken).toEqual([]);
});
