import { describe, expect, test } from 'vitest';
import { alertSchema } from '../../src/alert/alert.ts';
import type { E164 } from '../../src/alert/phone/phone.ts';
import { composeNotices, pauseMs, prolong } from '../../src/pipeline/notices/notice.ts';
import type { AlertSubject } from '../../src/pipeline/routing/alert-stages.ts';
import { composeMessages } from '../../src/pipeline/routing/compose.ts';
import { planMessage } from '../../src/pipeline/routing/plan-message.ts';
import { describeStep, type Ladder, textsAfterMs } from '../../src/policy/escalation.ts';
import type { Policy } from '../../src/policy/route.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RECEIVED = Date.parse('2026-11-20T03:00:00Z');

const LADDER: Ladder = [
  { afterMs: 0, channels: ['chat'], sms: false },
  { afterMs: 10 * MINUTE, channels: ['mail', 'chat', 'mail'], sms: false },
  { afterMs: 20 * MINUTE, channels: [], sms: true },
];

const policy = (over: Partial<Policy> = {}): Policy => ({
  route: 'default',
  minSeverity: 'info',
  dedupeForMs: 0,
  expiresAfterMs: HOUR,
  providers: ['a'],
  overflow: 'defer',
  onUnknown: 'hold',
  ladder: LADDER,
  ...over,
});

const subject = (over: Partial<AlertSubject> = {}, alert: object = {}): AlertSubject => ({
  id: 'a1',
  alert: alertSchema.parse({ severity: 'critical', to: '+60123456789', text: 'Disk full', labels: { team: 'db' }, ...alert }),
  policy: policy(),
  dedupKey: 'disk',
  dedupHash: 'd',
  receivedAt: RECEIVED,
  ...over,
});

const ALICE = { phone: '+60123456789' as E164, contact: 'alice', consent: true };
const BARE = { phone: '+60123456780' as E164, consent: true };
const config = { templates: new Map(), contacts: new Map(), providers: new Map(), quietHours: undefined };
const minutes = (at: number) => (at - RECEIVED) / MINUTE;

test.each<[ladder: Ladder | undefined, afterMs: number | undefined]>([
  [undefined, 0],
  [LADDER, 20 * MINUTE],
  [LADDER.slice(0, 2), undefined],
  [[{ afterMs: 0, channels: ['chat'], sms: true }], 0],
])('of %j the texts are due after %j', (ladder, afterMs) => {
  expect(textsAfterMs(ladder)).toBe(afterMs);
});

test('a step has its due time and its recipients', () => {
  expect(
    [...LADDER, { afterMs: 1500, channels: ['a', 'b'], sms: true }, { afterMs: 90_000, channels: [], sms: true }].map(describeStep),
  ).toEqual(['immediately: chat', 'after 10m: mail, chat, mail', 'after 20m: sms', 'after 1500ms: a, b, sms', 'after 90s: sms']);
});

describe('a text of a ladder', () => {
  const compose = (given: AlertSubject) => composeMessages(given, [ALICE], config)[0];
  const texts = (given: AlertSubject) => {
    const message = compose(given);
    return message && { notBefore: message.notBefore && minutes(message.notBefore), expiresAt: minutes(message.expiresAt) };
  };

  test.each<[name: string, subject: AlertSubject, times: object]>([
    ['waits for its step, and has its time from there on', subject(), { notBefore: 20, expiresAt: 80 }],
    [
      "ends with the producer's own time all the same",
      subject({}, { expiresAt: '2026-11-20T03:30:00Z' }),
      { notBefore: 20, expiresAt: 30 },
    ],
    ['is begun anew by a replay', subject({ replayedAt: RECEIVED + HOUR }), { notBefore: 80, expiresAt: 140 }],
    [
      'does not wait where its step is due at once',
      subject({ policy: policy({ ladder: [{ afterMs: 0, channels: ['chat'], sms: true }] }) }),
      { notBefore: undefined, expiresAt: 60 },
    ],
    [
      'never outlives what is known of a resolve',
      subject({ policy: policy({ expiresAfterMs: 48 * HOUR, ladder: [{ afterMs: 24 * HOUR, channels: [], sms: true }] }) }),
      { notBefore: 1440, expiresAt: 2880 },
    ],
  ])('%s', (_name, given, times) => {
    expect(texts(given)).toEqual(times);
  });

  test.each<[name: string, alert: object, untilMinute: number]>([
    ['until its step', {}, 20],
    ['until its deadline when that comes first', { expiresAt: '2026-11-20T03:05:00Z' }, 5],
  ])('is deferred %s, whatever cap is full by then', (_name, alert, untilMinute) => {
    const now = new Date(RECEIVED + 500);
    const message = compose(subject({}, alert));
    if (message === undefined) throw new Error('no message');
    const until = new Date(RECEIVED + untilMinute * MINUTE);
    const step = planMessage(
      { ...message, overflow: 'drop' },
      undefined,
      { reason: 'rate_cap_hour', retryAt: new Date(RECEIVED + HOUR), cap: { max: 100, windowMs: HOUR } },
      now,
    );
    expect(step.job).toEqual({ until });
    expect(step.record).toMatchObject({ state: 'deferred', reason: 'escalation', until });
    expect(step.record.events).toEqual([
      { at: now.toISOString(), stage: 'consent-gate', verdict: 'pass' },
      { at: now.toISOString(), stage: 'escalation', verdict: 'deferred', reason: 'escalation', until: until.toISOString() },
    ]);
  });

  test('that is found when its step is due is sent immediately', () => {
    const message = compose(subject());
    if (message === undefined) throw new Error('no message');
    expect(planMessage(message, undefined, undefined, new Date(RECEIVED + 20 * MINUTE)).job).toBe('now');
  });
});

describe('the notices of a ladder', () => {
  const plan = (given: AlertSubject) =>
    composeNotices(given, [ALICE, BARE], config.templates).map(({ channel, step, dueAt, expiresAt }) => [
      channel,
      step,
      minutes(dueAt),
      minutes(expiresAt),
    ]);

  test.each<[name: string, subject: AlertSubject, notices: unknown[]]>([
    [
      'are one a step and channel, each with its time',
      subject(),
      [
        ['chat', 1, 0, 60],
        ['mail', 2, 10, 70],
        ['chat', 2, 10, 70],
      ],
    ],
    [
      'live no longer than a text of their route',
      subject({ policy: policy({ expiresAfterMs: MINUTE }) }),
      [
        ['chat', 1, 0, 1],
        ['mail', 2, 10, 11],
        ['chat', 2, 10, 11],
      ],
    ],
    [
      'live for an hour at most',
      subject({ policy: policy({ expiresAfterMs: 9 * HOUR }) }),
      [
        ['chat', 1, 0, 60],
        ['mail', 2, 10, 70],
        ['chat', 2, 10, 70],
      ],
    ],
    [
      'end with their alert',
      subject({}, { expiresAt: '2026-11-20T03:05:00Z' }),
      [
        ['chat', 1, 0, 5],
        ['mail', 2, 10, 5],
        ['chat', 2, 10, 5],
      ],
    ],
    [
      'are begun anew by a replay',
      subject({ replayedAt: RECEIVED + HOUR }),
      [
        ['chat', 1, 60, 120],
        ['mail', 2, 70, 130],
        ['chat', 2, 70, 130],
      ],
    ],
    ['are none without a ladder', subject({ policy: { ...policy(), ladder: undefined } as never }), []],
  ])('%s', (_name, given, notices) => {
    expect(plan(given)).toEqual(notices);
  });

  test('have the same ids in every run, each its own', () => {
    const ids = () => composeNotices(subject(), [ALICE], config.templates).map(({ id }) => id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(3);
  });

  test('contain the text of the alert and the names of contacts, and no number', () => {
    const [first] = composeNotices(subject(), [ALICE, BARE], config.templates);
    expect(first).toMatchObject({
      text: 'Disk full',
      severity: 'critical',
      labels: { team: 'db' },
      contacts: ['alice'],
      steps: 3,
      route: 'default',
    });
    expect(JSON.stringify(first)).not.toMatch(/6012345678/);
  });

  test('fill in a template, and keep a code to log in with to themselves', () => {
    const templates = new Map([['code', { text: 'Your code is {code}' }]]) as never;
    const of = (purpose: string) => {
      const alert = { text: undefined, template: { name: 'code', params: { code: '1234' } }, purpose };
      return composeNotices(subject({}, alert), [ALICE], templates)[0]?.text;
    };
    expect(of('notification')).toBe('Your code is 1234');
    expect(of('verification')).not.toContain('1234');
  });

  test('that are sent through once more have an hour from then on', () => {
    const [first] = composeNotices(subject(), [ALICE], config.templates);
    if (first === undefined) throw new Error('no notice');
    expect(minutes(prolong(first, RECEIVED + 3 * HOUR).expiresAt)).toBe(240);
    expect(minutes(prolong(first, RECEIVED).expiresAt)).toBe(60);
  });
});

test.each([
  [1, 0.5, 5_000],
  [2, 0.5, 10_000],
  [2, 0, 5_000],
  [2, 0.999, 14_990],
  [7, 0.5, 300_000],
  [1000, 0.5, 300_000],
])('after %j tries (random %j) the next comes in %j ms', (tries, random, ms) => {
  expect(pauseMs(tries, random)).toBe(ms);
});
