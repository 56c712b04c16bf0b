import { describe, expect, test } from 'vitest';
import type { AlertHistory, HistoryAttempt, MessageHistory } from '../../src/ledger/history/history.ts';
import { alertHistory, messageHistory } from '../support/fixtures/history.ts';
import type { ClockRecord, ClockSample } from './clock-record.ts';
import type { Fault } from './faults.ts';
import type { History, ProviderHit, Raised } from './history.ts';
import { judgeHistory } from './judge-history.ts';

const PHONE = '+60123456789';

const raised = (rest: Partial<Raised> = {}): Raised => ({
  alertId: 'a',
  phones: [PHONE],
  onUnknown: 'resend',
  offeredAtMs: 100,
  takenAtMs: 120,
  ...rest,
});

const attempt = (result: HistoryAttempt['result'], provider = 'first'): HistoryAttempt => ({
  provider,
  startedAt: '2026-11-20T03:00:00.000Z',
  ...(result === undefined ? {} : { result }),
});

const message = (rest: Partial<MessageHistory> = {}): MessageHistory =>
  messageHistory({
    ...{ id: 'm-a', alertId: 'a', state: 'accepted', provider: 'first', attempts: [attempt('accepted')] },
    createdAt: '2026-11-20T03:00:00.000Z',
    ...rest,
  });

const alert = (messages: readonly MessageHistory[], rest: Partial<AlertHistory> = {}): AlertHistory =>
  alertHistory({ id: 'a', messages, ...rest });

const hit = (rest: Partial<ProviderHit> = {}): ProviderHit => ({
  messageId: 'm-a',
  alertId: 'a',
  provider: 'first',
  process: 'd0',
  phone: PHONE,
  atMs: 1_000,
  answeredAtMs: (rest.atMs ?? 1_000) + 50,
  answer: 'accepted',
  ...rest,
});

/** The vendor has the text, and its answer never left it. */
const unanswered = (rest: Partial<ProviderHit> = {}): ProviderHit => {
  const { answeredAtMs: _, ...open } = hit({ answer: 'silence', ...rest });
  return open;
};

const START = Date.parse('2026-11-20T03:00:00.000Z');

/** Ten seconds of clocks that run evenly, but for what `read` says. */
const clock = (read: (sample: ClockSample) => Partial<ClockSample> = () => ({}), redisStepped = false): ClockRecord => ({
  samples: Array.from({ length: 40 }, (_, index) => {
    const sample = { atMs: index * 250, wallMs: START + index * 250, redisMs: START + index * 250 };
    return { ...sample, ...read(sample) };
  }),
  redisStepped,
});

const FAULT: Fault = { what: 'a bad day', effect: 1 };

/** A process was killed, or cut off, from one moment to another. */
const killed = (fromMs: number, toMs = fromMs, process = 'd0'): Fault => ({ what: 'killed', effect: 1, doubt: { fromMs, toMs, process } });

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
  histories: new Map([['a', alert([message()])]]),
  scrapes: [books(1, 1, 1)],
  countersLost: false,
  crashed: [],
  said: [],
  caps: [],
  mayWaitFor: [],
  expiresAfterMs: 3_600_000,
  callTimeoutMs: 1_000,
  faults: [FAULT],
  clock: clock(),
  ...rest,
});

const traced = (...messages: MessageHistory[]) => ({ histories: new Map([['a', alert(messages)]]) });

const waiting = { ...traced(message({ state: 'deferred', reason: 'rate_cap_recipient' })), hits: [], scrapes: [books(1, 1, 0, 1)] };

test('a history in which all went well has nothing against it', () => {
  expect(judgeHistory(history())).toEqual({
    accepted: 1,
    hits: 1,
    lost: 0,
    erased: 0,
    silentDuplicates: 0,
    visibleDuplicates: 0,
    unknown: 0,
    broken: [],
    evidence: [],
  });
});

describe('lost is an alert that was taken and', () => {
  test.each<[string, Partial<History>, RegExp]>([
    ['that is not stored', { histories: new Map(), hits: [], scrapes: [books(0, 0, 0)] }, /not stored/],
    ['that has no outcome', { histories: new Map([['a', alert([], { outcome: 'pending' })]]), hits: [] }, /no outcome/],
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
    const histories = new Map([['a', alert([], { outcome: 'suppressed', reason: 'duplicate' })]]);
    expect(judgeHistory(history({ histories, hits: [], scrapes: [books(1, 0, 0)] })).broken).toEqual([]);
  });
});

describe('a second text', () => {
  const twice = [unanswered(), hit({ provider: 'second', atMs: 2_000 })];
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
    const events = [{ at: '2026-11-20T03:00:05.000Z', stage: 'first-check', verdict: 'resend' }];
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
    expect(judgeHistory(history({ hits: [hit(), hit({ messageId: 'm-b', alertId: 'b' })] }))).toMatchObject({ silentDuplicates: 1 });
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
    const judged = judgeHistory(history({ hits: [unanswered(), unanswered(), hit()], ...traced(message({ attempts })) }));
    expect(judged.broken).toEqual([expect.stringMatching(/sent 2 time\(s\) more/)]);
  });
});

test('a message recorded as unsent although a provider accepted it is reported', () => {
  const expired = message({ state: 'expired', provider: null });
  expect(judgeHistory(history(traced(expired))).broken).toContainEqual(expect.stringMatching(/expired, though first accepted it/));
});

test('jobs that never end are reported', () => {
  expect(judgeHistory(history({ restless: '1 job(s) under way' })).broken).toEqual(['not at rest: 1 job(s) under way']);
});

test('a message with unknown outcome is counted', () => {
  const unresolved = message({ state: 'unknown', attempts: [attempt('unknown')] });
  expect(judgeHistory(history({ hits: [unanswered()], ...traced(unresolved) }))).toMatchObject({ unknown: 1, broken: [] });
});

describe('the cap of a phone', () => {
  const texts = (...times: number[]): Partial<History> => ({
    raised: times.map((_, index) => raised({ alertId: `a${index}` })),
    hits: times.map((atMs, index) => hit({ messageId: `m${index}`, alertId: `a${index}`, atMs })),
    histories: new Map(times.map((_, index) => [`a${index}`, alert([message({ id: `m${index}` })])])),
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
    const one = { hits: [unanswered(), hit({ atMs: 1_100 })], ...traced(message({ attempts })), caps: [{ max: 1, perMs: 1_000 }] };
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

describe('a resend', () => {
  const resent = message({ provider: 'second', attempts: [attempt('unknown'), attempt('accepted', 'second')] });
  const second = hit({ provider: 'second', atMs: 5_000 });
  const judged = (first: ProviderHit, rest: Partial<History> = {}) =>
    judgeHistory(history({ hits: [first, second], ...traced(resent), ...rest }));

  test.each<[string, ProviderHit, Fault[]]>([
    ['the vendor never answered', unanswered(), [FAULT]],
    ['the vendor answered with a 500', hit({ answer: 'silence' }), [FAULT]],
    ['the answer came when the call had nearly timed out', hit({ answeredAtMs: 1_900 }), [FAULT]],
    ['the process was killed before the answer', hit(), [killed(1_020)]],
    ['the process was killed just after the answer', hit(), [killed(1_060)]],
    ['the process was cut off all the time', hit(), [killed(0, 4_000)]],
    ['Redis was away', hit(), [{ what: 'away', effect: 3, doubt: { fromMs: 1_010, toMs: 4_000 } }]],
  ])('has a real doubt where %s', (_what, first, faults) => {
    expect(judged(first, { faults })).toMatchObject({ broken: [], visibleDuplicates: 1 });
  });

  test('has one where the whole machine stood still', () => {
    const still = clock();
    const samples = still.samples.filter(({ atMs }) => atMs < 1_000 || atMs > 3_000);
    expect(judged(hit(), { clock: { ...still, samples } }).broken).toEqual([]);
  });

  test.each<[string, Fault[]]>([
    ['there was no fault near it', [FAULT]],
    ['another process was killed', [killed(1_020, 1_020, 'd1')]],
    ['the process was killed before it asked', [killed(900)]],
    ['the process had long stored the answer when it was killed', [killed(3_500)]],
  ])('has none where %s', (_what, faults) => {
    expect(judged(hit(), { faults }).broken).toEqual([
      expect.stringMatching(/first answered 1 time\(s\) clearly: accepted; its trace says so 0 time/),
      expect.stringMatching(/sent again 1 time\(s\) without a doubt/),
    ]);
  });

  test('is not excused by an earlier doubt when a request in between was answered clearly', () => {
    const attempts = [attempt('unknown'), attempt('accepted'), attempt('accepted', 'second')];
    const events = [1, 2].map((n) => ({ at: `2026-11-20T03:00:0${n}.000Z`, stage: 'send', verdict: 'resend' }));
    const hits = [unanswered(), hit({ atMs: 2_000 }), second];
    const judgement = judgeHistory(history({ hits, ...traced(message({ provider: 'second', attempts, events })) }));
    expect(judgement.broken).toContainEqual(expect.stringMatching(/sent again 1 time\(s\) without a doubt/));
  });

  test('of an exception of ours is a broken promise', () => {
    const attempts = [{ ...attempt('unknown'), code: 'adapter_bug' }, attempt('accepted', 'second')];
    expect(judged(unanswered(), traced(message({ provider: 'second', attempts }))).broken).toEqual([
      expect.stringMatching(/an exception of ours/),
    ]);
  });
});

describe('an answer that was clear', () => {
  test.each<[string, ProviderHit, MessageHistory]>([
    ['an acceptance held as unknown', hit(), message({ state: 'unknown', attempts: [attempt('unknown')] })],
    ['an acceptance called refused', hit(), message({ state: 'failed', attempts: [attempt('refused')] })],
    ['a refusal called unknown', hit({ answer: 'refused' }), message({ state: 'unknown', attempts: [attempt('unknown')] })],
    ['an exception of ours that is held', hit(), message({ state: 'unknown', attempts: [{ ...attempt('unknown'), code: 'adapter_bug' }] })],
  ])('is not misread: %s', (_what, first, wrong) => {
    expect(judgeHistory(history({ hits: [first], ...traced(wrong) })).broken).toContainEqual(
      expect.stringMatching(/answered 1 time\(s\) clearly/),
    );
  });

  test('may be learned later, from the vendor', () => {
    const late = message({ attempts: [{ ...attempt('unknown'), resolution: 'confirmed_sent' }] });
    expect(judgeHistory(history(traced(late))).broken).toEqual([]);
  });
});

describe('a clock that moved makes the history invalid', () => {
  const stepped = (atMs: number, ms: number, key: 'wallMs' | 'redisMs') => (sample: ClockSample) =>
    sample.atMs >= atMs ? { [key]: (sample[key] as number) + ms } : {};

  test.each<[string, ClockRecord, RegExp]>([
    ['the wall clock steps', clock(stepped(5_000, 2_000, 'wallMs')), /the wall clock moved by \d+ ms/],
    ['the wall clock steps back', clock(stepped(5_000, -2_000, 'wallMs')), /the wall clock moved/],
    ['the wall clock steps and comes back', clock((sample) => (sample.atMs === 5_000 ? { wallMs: START } : {})), /the wall clock moved/],
    ['the wall clock drifts', clock(({ atMs }) => ({ wallMs: START + atMs * 1.1 })), /the wall clock moved/],
    ['Redis’ clock steps', clock(stepped(5_000, 7_200_000, 'redisMs')), /Redis’ clock moved by 7/],
    ['nothing watched it', { samples: [], redisStepped: false }, /not watched/],
    ['Redis was never asked', { samples: clock().samples.map(({ redisMs: _, ...sample }) => sample), redisStepped: false }, /never read/],
    ['a step of Redis’ clock was announced and did not come', clock(undefined, true), /did not move/],
  ])('%s', (_what, moved, why) => {
    expect(judgeHistory(history({ clock: moved })).broken).toContainEqual(expect.stringMatching(why));
  });

  test('unless the scenario steps Redis’ clock itself', () => {
    expect(judgeHistory(history({ clock: clock(stepped(5_000, 60_000, 'redisMs'), true) })).broken).toEqual([]);
  });
});

describe('a deadline is one of Redis’ clock', () => {
  const ahead = (ms: number) => clock(({ redisMs = 0 }) => ({ redisMs: redisMs + ms }));
  const expired = message({ state: 'expired', provider: null, attempts: [] });

  test.each<[string, Partial<History>, RegExp]>([
    ['a message expires before it', { ...traced(expired), hits: [] }, /expired before it/],
    ['a process 61 minutes ahead has set it', traced(message({ expiresAt: '2026-11-20T05:01:00.000Z' })), /is not 3600000 ms after/],
    ['a process 61 minutes behind has set it', traced(message({ expiresAt: '2026-11-20T02:59:00.000Z' })), /is not 3600000 ms after/],
    [
      'a message is sent after it',
      { expiresAfterMs: 500, ...traced(message({ expiresAt: '2026-11-20T03:00:00.600Z' })), hits: [hit({ atMs: 8_000 })] },
      /was sent after it/,
    ],
    ['Redis’ clock says another time', { clock: ahead(60_000) }, /is not 3600000 ms after/],
  ])('and broken when %s', (_what, change, why) => {
    expect(judgeHistory(history(change)).broken).toContainEqual(expect.stringMatching(why));
  });

  test('and kept when a message expires after it', () => {
    const short = message({ ...expired, expiresAt: '2026-11-20T03:00:02.100Z' });
    expect(judgeHistory(history({ expiresAfterMs: 2_000, ...traced(short), hits: [] })).broken).toEqual([]);
  });
});

describe('a fault', () => {
  test.each<[string, Fault[], RegExp]>([
    ['none is recorded', [], /recorded none/],
    ['a kill met no call', [{ what: 'killed', effect: 0 }], /killed had no effect/],
    ['one of two kinds had no effect', [FAULT, { what: 'killed', effect: 0 }], /killed had no effect/],
    ['its effect is not a number', [{ what: 'killed', effect: Number.NaN }], /killed had no effect/],
  ])('must have taken place: %s', (_what, faults, why) => {
    expect(judgeHistory(history({ faults })).broken).toEqual([expect.stringMatching(why)]);
  });

  test('of a kind may miss, when another of the kind did not', () => {
    expect(judgeHistory(history({ faults: [killed(8_000), { ...killed(8_500), effect: 0 }] })).broken).toEqual([]);
  });
});

describe('a text goes to the phones of its alert:', () => {
  test.each<[string, Partial<ProviderHit>]>([
    ['not to another phone', { phone: '+60123456780' }],
    ['not with words that no alert has', { alertId: 'b' }],
  ])('%s', (_what, wrong) => {
    expect(judgeHistory(history({ hits: [hit(wrong)] })).broken).toContainEqual(expect.stringMatching(/wrong phone: m-a/));
  });

  test('once to each, also under another message id', () => {
    const twin = [message(), message({ id: 'm-b' })];
    const two = { raised: [raised({ phones: [PHONE, '+60123456780'] })], scrapes: [books(1, 2, 2)], ...traced(...twin) };
    const judged = judgeHistory(history({ ...two, hits: [hit(), hit({ messageId: 'm-b' })] }));
    expect(judged.broken).toEqual(['silent duplicate: a: 2 messages to one of its phones']);
  });
});

describe('after all data of Redis was deleted,', () => {
  const erasedAtMs = 2_000;
  const gone = { histories: new Map(), scrapes: [books(1, 1, 1)], erasedAtMs };

  test('an alert that was taken before may be gone, sent or not, and is counted', () => {
    expect(judgeHistory(history({ ...gone, hits: [] }))).toMatchObject({ erased: 1, lost: 0, broken: [] });
    expect(judgeHistory(history(gone))).toMatchObject({ erased: 0, lost: 0, broken: [] });
    expect(judgeHistory(history({ ...gone, scrapes: [books(1, 1, 0)], hits: [] }))).toMatchObject({ erased: 1, broken: [] });
  });

  test.each<[string, Partial<History>, RegExp]>([
    ['one that was offered later is not', { ...gone, hits: [], raised: [raised({ offeredAtMs: 2_001, takenAtMs: 2_010 })] }, /not stored/],
    ['what is gone was not sent twice', { ...gone, hits: [hit(), hit({ atMs: 5_000, messageId: 'm-b' })] }, /erased, and 1 request/],
    ['what is gone went to no other phone', { ...gone, hits: [hit({ phone: '+60123456780' })] }, /wrong phone/],
    [
      'more is missing from the books than is gone',
      { ...gone, scrapes: [new Map([...books(3, 1, 1), ['sms_alert_outcomes_total{outcome="routed"}', 1]])] },
      /3 alerts, 1 outcomes/,
    ],
  ])('%s', (_what, change, why) => {
    expect(judgeHistory(history(change)).broken).toContainEqual(expect.stringMatching(why));
  });
});

test('a process that ends by itself is a broken promise', () => {
  expect(judgeHistory(history({ crashed: ['router (SIGABRT)'] })).broken).toEqual(['crashed: router (SIGABRT)']);
});

test.each<[string, ReadonlyMap<string, number>[]]>([
  ['no process shows books', []],
  ['fewer alerts than were taken', [books(0, 1, 1)]],
  ['fewer than none in flight', [books(1, 0, 1, -1)]],
])('books are broken when there are %s', (_what, scrapes) => {
  expect(judgeHistory(history({ scrapes })).broken).toContainEqual(expect.stringMatching(/^books/));
});
