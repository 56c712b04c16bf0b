import { describe, expect, test } from 'vitest';
import type { Caps } from '../../src/config/config.ts';
import { capRulesFor } from '../../src/limit/cap-rules.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const caps: Caps = {
  perRecipient: [
    { max: 5, perMs: HOUR_MS },
    { max: 20, perMs: DAY_MS },
  ],
  perHour: { max: 100, criticalReserve: 20 },
};
const recipientRules = [
  { key: `r:abc:${HOUR_MS}`, reason: 'rate_cap_recipient', max: 5, windowMs: HOUR_MS, reserve: 0 },
  { key: `r:abc:${DAY_MS}`, reason: 'rate_cap_recipient', max: 20, windowMs: DAY_MS, reserve: 0 },
];
const hourRule = { key: 'hour', reason: 'rate_cap_hour', max: 100, windowMs: HOUR_MS, reserve: 20 };

describe('The rules of a text', () => {
  test.each([
    ['info', 20],
    ['warning', 20],
    ['error', 20],
    ['critical', 0],
  ] as const)('are its recipient’s windows first, then the hour: %s may not use the last %i of it', (severity, reserve) => {
    expect(capRulesFor({ caps, phoneHash: 'abc', severity })).toEqual([...recipientRules, { ...hourRule, reserve }]);
  });

  test('are none when both caps are off', () => {
    expect(capRulesFor({ caps: { perRecipient: [], perHour: undefined }, phoneHash: 'abc', severity: 'info' })).toEqual([]);
  });

  test('are one for two limits on the same window: the lower one, wherever it stands', () => {
    for (const maxima of [
      [5, 3],
      [3, 5],
    ]) {
      const perRecipient = maxima.map((max) => ({ max, perMs: HOUR_MS }));
      const rules = capRulesFor({ caps: { perRecipient, perHour: undefined }, phoneHash: 'abc', severity: 'info' });
      expect(rules).toEqual([{ ...recipientRules[0], max: 3 }]);
    }
  });

  test('share no key between phones or windows, and keep theirs when only a maximum changes', () => {
    const keysOf = (phoneHash: string, max: number) =>
      capRulesFor({
        caps: { perRecipient: [{ max, perMs: HOUR_MS }, ...caps.perRecipient.slice(1)], perHour: undefined },
        phoneHash,
        severity: 'info',
      }).map(({ key }) => key);
    expect(new Set([...keysOf('abc', 5), ...keysOf('abd', 5)]).size).toBe(4);
    expect(keysOf('abc', 3)).toEqual(keysOf('abc', 5));
  });
});
