import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createOptOuts, type OptOut, refusedBy } from '../../../src/ledger/opt-out/opt-outs.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const optOuts = createOptOuts(redis, keys);

const optOut = (phoneHash: string, at: number, over: Partial<OptOut> = {}): OptOut => ({
  phoneHash,
  to: '+60*******789',
  since: new Date(at),
  source: 'inbound twilio-main',
  ...over,
});

describe('an opt-out', () => {
  test('holds for that phone alone, and has no end of its own', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    expect(await optOuts.optOut(optOut(one, 1_000))).toBe(true);
    expect(await optOuts.isOptedOut(one)).toBe(true);
    expect(await optOuts.isOptedOut(other)).toBe(false);
    expect(await redis.ttl(keys.optOuts())).toBe(-1);
  });

  test('said twice is the first one', async () => {
    const phone = randomUUID();
    await optOuts.optOut(optOut(phone, 1_000));
    expect(await optOuts.optOut(optOut(phone, 3_000, { source: 'operator' }))).toBe(true);
    expect((await optOuts.list()).find(({ phoneHash }) => phoneHash === phone)).toEqual(optOut(phone, 1_000));
    // and yet as new as the second
    expect(await optOuts.optIn(phone, new Date(2_000))).toBe(false);
    expect(await optOuts.isOptedOut(phone)).toBe(true);
  });

  test('reported late does not undo a newer opt-in, while a receipt may still report an older state', async () => {
    const phone = randomUUID();
    expect(await optOuts.optIn(phone, new Date(2_000))).toBe(true);
    expect(await optOuts.optOut(optOut(phone, 1_000))).toBe(false);
    expect(await optOuts.isOptedOut(phone)).toBe(false);
    expect(await redis.pttl(keys.optedIn(phone))).toBeGreaterThan(6 * 86_400_000);
  });
});

test('in any order of replies the newest one wins, and of two with the same time the opt-out', async () => {
  const word = fc.record({ word: fc.constantFrom('stop', 'start'), at: fc.integer({ min: 1_000, max: 1_005 }) });
  const told = fc.array(word, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(told, async (words) => {
      const phone = randomUUID();
      for (const { word, at } of words) await (word === 'stop' ? optOuts.optOut(optOut(phone, at)) : optOuts.optIn(phone, new Date(at)));
      const newest = (which: string) => Math.max(0, ...words.filter(({ word }) => word === which).map(({ at }) => at));
      expect(await optOuts.isOptedOut(phone)).toBe(newest('stop') > 0 && newest('stop') >= newest('start'));
    }),
    { numRuns: 100 },
  );
});

test('the list is whole, oldest first, and shows no number', async () => {
  const here = createOptOuts(redis, createKeys(`${prefix}:list`));
  expect([await here.anyone(), await here.list()]).toEqual([false, []]);
  const entries = Array.from({ length: 1_200 }, (_, index) =>
    optOut(`phone-${index}`, 5_000 - index, { source: refusedBy('aws', undefined) }),
  );
  await Promise.all(entries.map(here.optOut));
  expect(await here.anyone()).toBe(true);
  expect(await here.list()).toEqual(entries.toReversed());
});

test('a source says who, and by which code', () => {
  expect([refusedBy('twilio-main', '21610'), refusedBy('aws', undefined)]).toEqual(['provider twilio-main 21610', 'provider aws']);
});
