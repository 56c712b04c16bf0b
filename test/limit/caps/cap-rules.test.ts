import { describe, expect, test } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { type CapSubject, capRulesFor } from '../../../src/limit/caps/cap-rules.ts';
import type { Caps, RouteCaps } from '../../../src/limit/caps/rate-cap.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const caps: Caps = {
  weight: 'messages',
  perRecipient: [
    { max: 5, perMs: HOUR_MS },
    { max: 20, perMs: DAY_MS },
  ],
  perHour: { max: 100, criticalReserve: 20 },
};
const recipientRules = [
  { key: `r:abc:${HOUR_MS}`, reason: 'rate_cap_recipient', max: 5, windowMs: HOUR_MS, reserve: 0, weight: 1 },
  { key: `r:abc:${DAY_MS}`, reason: 'rate_cap_recipient', max: 20, windowMs: DAY_MS, reserve: 0, weight: 1 },
];
const hourRule = { key: 'hour', reason: 'rate_cap_hour', max: 100, windowMs: HOUR_MS, reserve: 20, weight: 1 };

const subject = (over: Partial<CapSubject> = {}): CapSubject => ({
  to: '+60123456789' as E164,
  phoneHash: 'abc',
  severity: 'info',
  segments: 1,
  route: 'default',
  ...over,
});

describe('The rules of a message', () => {
  test.each([
    ['info', 20],
    ['warning', 20],
    ['error', 20],
    ['critical', 0],
  ] as const)('are its recipient’s windows first, then the hour: %s may not use the last %i of it', (severity, reserve) => {
    expect(capRulesFor({ caps }, subject({ severity, segments: 3 }))).toEqual([...recipientRules, { ...hourRule, reserve }]);
  });

  test('are none when both caps are off', () => {
    expect(capRulesFor({ caps: { ...caps, perRecipient: [], perHour: undefined } }, subject())).toEqual([]);
  });

  test('are one for two limits on the same window: the lower one, in any order', () => {
    for (const maxima of [
      [5, 3],
      [3, 5],
    ]) {
      const perRecipient = maxima.map((max) => ({ max, perMs: HOUR_MS }));
      const rules = capRulesFor({ caps: { ...caps, perRecipient, perHour: undefined } }, subject());
      expect(rules).toEqual([{ ...recipientRules[0], max: 3 }]);
    }
  });

  test('share no key between phones or windows, and keep theirs when only a maximum changes', () => {
    const keysOf = (phoneHash: string, max: number) =>
      capRulesFor(
        { caps: { ...caps, perRecipient: [{ max, perMs: HOUR_MS }, ...caps.perRecipient.slice(1)], perHour: undefined } },
        subject({ phoneHash }),
      ).map(({ key }) => key);
    expect(new Set([...keysOf('abc', 5), ...keysOf('abd', 5)]).size).toBe(4);
    expect(keysOf('abc', 3)).toEqual(keysOf('abc', 5));
  });

  test('weigh what the text takes on air where the config says so, and never more than could pass at all', () => {
    const weights = (segments: number, severity: 'info' | 'critical', perHour = caps.perHour) =>
      capRulesFor({ caps: { ...caps, perHour, weight: 'segments' } }, subject({ severity, segments })).map(({ weight }) => weight);
    expect(weights(3, 'info')).toEqual([3, 3, 3]);
    expect(weights(7, 'info')).toEqual([5, 7, 7]);
    expect(weights(7, 'info', { max: 6, criticalReserve: 2 })).toEqual([5, 7, 4]);
    expect(weights(7, 'critical', { max: 6, criticalReserve: 2 })).toEqual([5, 7, 6]);
    expect(weights(0, 'info', { max: 2, criticalReserve: 2 })).toEqual([1, 1, 1]);
  });

  const route = hash('route', 'default');
  const all: Caps = {
    ...caps,
    perSource: [{ max: 30, perMs: HOUR_MS }],
    perCountry: new Map([
      ['60', [{ max: 50, perMs: DAY_MS }]],
      ['1', []],
    ]),
  };
  const routeCaps: RouteCaps = { perRecipient: [{ max: 3, perMs: HOUR_MS }], perRoute: [{ max: 40, perMs: HOUR_MS }] };

  test('are those of source, country and route as well, all together', () => {
    const rule = (key: string, reason: string, max: number, windowMs = HOUR_MS) => ({ key, reason, max, windowMs, reserve: 0, weight: 1 });
    expect(capRulesFor({ caps: all, routeCaps }, subject({ sourceHash: 'src', severity: 'critical', segments: 9 }))).toEqual([
      ...recipientRules,
      rule(`rr:${route}:abc:${HOUR_MS}`, 'rate_cap_route', 3),
      rule(`s:src:${HOUR_MS}`, 'rate_cap_source', 30),
      rule(`c:60:${DAY_MS}`, 'rate_cap_country', 50, DAY_MS),
      rule(`ro:${route}:${HOUR_MS}`, 'rate_cap_route', 40),
      { ...hourRule, reserve: 0 },
    ]);
  });

  test.each<[name: string, over: Partial<CapSubject>, reasons: string[]]>([
    ['an alert without a source: none of a source', {}, ['rate_cap_country', 'rate_cap_hour']],
    [
      'a number of another country: none of a country',
      { to: '+6581234567' as E164, sourceHash: 's' },
      ['rate_cap_source', 'rate_cap_hour'],
    ],
    ['a country whose caps are off', { to: '+12025550123' as E164 }, ['rate_cap_hour']],
    ['a number that has no country', { to: '+999123456789' as E164 }, ['rate_cap_hour']],
  ])('leave out what does not concern the text: %s', (_name, over, reasons) => {
    const rules = capRulesFor({ caps: { ...all, perRecipient: [] } }, subject(over));
    expect(rules.map(({ reason }) => reason)).toEqual(reasons);
  });

  test('weigh alike: what counts segments counts them in each', () => {
    const rules = capRulesFor({ caps: { ...all, weight: 'segments' }, routeCaps }, subject({ sourceHash: 'src', segments: 4 }));
    expect(rules.map(({ weight }) => weight)).toEqual([4, 4, 3, 4, 4, 4, 4]);
  });

  test('share a counter only with messages of the same route, source, country or phone', () => {
    const keysOf = (over: Partial<CapSubject>) =>
      capRulesFor({ caps: all, routeCaps }, subject({ sourceHash: 'src', ...over })).map(({ key }) => key);
    const mine = keysOf({});
    const shared = (over: Partial<CapSubject>) =>
      keysOf(over)
        .filter((key) => mine.includes(key))
        .map((key) => key.split(':')[0]);
    expect(new Set(mine).size).toBe(mine.length);
    expect(shared({ severity: 'critical', segments: 9 })).toHaveLength(mine.length);
    expect(shared({ simulated: true })).toEqual([]);
    expect(keysOf({ simulated: true })).toEqual(mine.map((key) => `simulated:${key}`));
    expect(shared({ route: 'other' })).toEqual(['r', 'r', 's', 'c', 'hour']);
    expect(shared({ sourceHash: 'other' })).toEqual(['r', 'r', 'rr', 'c', 'ro', 'hour']);
    expect(shared({ phoneHash: 'other', to: '+60123456780' as E164 })).toEqual(['s', 'c', 'ro', 'hour']);
  });

  test('contain no name chosen by an operator: a route may have any name', () => {
    const keys = capRulesFor({ caps: all, routeCaps }, subject({ route: 'call +60123456789 now', sourceHash: 'src' })).map(
      ({ key }) => key,
    );
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9:_-]+$/);
    expect(keys.join()).not.toMatch(/60123456789/);
  });
});
