import { describe, expect, test } from 'vitest';
import type { Caps } from '../../src/config/config.ts';
import { capRulesFor } from '../../src/limit/cap-rules.ts';

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

describe('The rules of a text', () => {
  test.each([
    ['info', 20],
    ['warning', 20],
    ['error', 20],
    ['critical', 0],
  ] as const)('are its recipient’s windows first, then the hour: %s may not use the last %i of it', (severity, reserve) => {
    expect(capRulesFor({ caps, phoneHash: 'abc', severity, segments: 3 })).toEqual([...recipientRules, { ...hourRule, reserve }]);
  });

  test('are none when both caps are off', () => {
    expect(
      capRulesFor({ caps: { ...caps, perRecipient: [], perHour: undefined }, phoneHash: 'abc', severity: 'info', segments: 1 }),
    ).toEqual([]);
  });

  test('are one for two limits on the same window: the lower one, wherever it stands', () => {
    for (const maxima of [
      [5, 3],
      [3, 5],
    ]) {
      const perRecipient = maxima.map((max) => ({ max, perMs: HOUR_MS }));
      const rules = capRulesFor({ caps: { ...caps, perRecipient, perHour: undefined }, phoneHash: 'abc', severity: 'info', segments: 1 });
      expect(rules).toEqual([{ ...recipientRules[0], max: 3 }]);
    }
  });

  test('share no key between phones or windows, and keep theirs when only a maximum changes', () => {
    const keysOf = (phoneHash: string, max: number) =>
      capRulesFor({
        caps: { ...caps, perRecipient: [{ max, perMs: HOUR_MS }, ...caps.perRecipient.slice(1)], perHour: undefined },
        phoneHash,
        severity: 'info',
        segments: 1,
      }).map(({ key }) => key);
    expect(new Set([...keysOf('abc', 5), ...keysOf('abd', 5)]).size).toBe(4);
    expect(keysOf('abc', 3)).toEqual(keysOf('abc', 5));
  });

  test('weigh what the text takes on air where the config says so, and never more than could pass at all', () => {
    const weights = (segments: number, severity: 'info' | 'critical', perHour = caps.perHour) =>
      capRulesFor({ caps: { ...caps, perHour, weight: 'segments' }, phoneHash: 'abc', severity, segments }).map(({ weight }) => weight);
    expect(weights(3, 'info')).toEqual([3, 3, 3]);
    expect(weights(7, 'info')).toEqual([5, 7, 7]);
    expect(weights(7, 'info', { max: 6, criticalReserve: 2 })).toEqual([5, 7, 4]);
    expect(weights(7, 'critical', { max: 6, criticalReserve: 2 })).toEqual([5, 7, 6]);
    expect(weights(0, 'info', { max: 2, criticalReserve: 2 })).toEqual([1, 1, 1]);
  });
});
