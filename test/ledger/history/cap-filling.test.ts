import { describe, expect, it } from 'vitest';
import { countsTowards, createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { MessageRecord } from '../../../src/ledger/records.ts';
import type { CapReason } from '../../../src/limit/caps/rate-cap.ts';
import { createHarness, HOUR_MS, MINUTE_MS } from '../../pipeline/dispatcher-harness.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();

type Card = Pick<MessageRecord, 'phoneHash' | 'lane' | 'to' | 'contact' | 'route' | 'source'>;
const own: Card = { phoneHash: 'p', to: '+60*******789', contact: 'alice', route: 'default', source: 'checkout' };

describe('a message takes a slot of the cap that held another one back', () => {
  it.each<[CapReason, Partial<Card>]>([
    ['rate_cap_recipient', { route: 'other', source: 'db', contact: null }],
    ['rate_cap_route', { phoneHash: 'q', source: 'db' }],
    ['rate_cap_source', { phoneHash: 'q', route: 'other' }],
    ['rate_cap_country', { phoneHash: 'q', route: 'other', source: 'db', to: '+60*******111' }],
    ['rate_cap_hour', { phoneHash: 'q', route: 'other', source: 'db', to: '+49*******111' }],
  ])('%s: when it shares what that cap counts by', (reason, other) => {
    expect(countsTowards(reason, { ...own, ...other }, own)).toBe(true);
  });

  it.each<[CapReason, Partial<Card>]>([
    ['rate_cap_hour', { lane: 'made for the simulator' }],
    ['rate_cap_recipient', { phoneHash: 'q' }],
    ['rate_cap_route', { route: 'other' }],
    ['rate_cap_source', { source: 'db' }],
    ['rate_cap_country', { to: '+49*******789' }],
  ])('%s: not when it does not', (reason, other) => {
    expect(countsTowards(reason, { ...own, ...other }, own)).toBe(false);
  });
});

it('who filled a cap is read from the journal as of the moment when it held the message back', async () => {
  const harness = createHarness(redis, prefix, {
    caps: { weight: 'messages', perRecipient: [{ max: 3, perMs: HOUR_MS }], perHour: undefined },
  });
  harness.provider('a', [{ kind: 'accepted', providerMessageId: 'SM1' }]);
  await harness.send({ phoneHash: 'another phone', source: 'checkout' });
  await harness.send({ source: 'checkout', contact: 'alice' });
  await harness.send({ source: 'db' });
  await harness.send({ source: 'checkout', contact: 'alice' });
  harness.clock.at += MINUTE_MS;
  const { message, outcome } = await harness.send({ source: 'late' });
  expect(outcome.kind).toBe('deferred');
  const histories = createHistories(redis, harness.keys);
  expect(await histories.capFilling(await harness.trace(message))).toEqual({
    reason: 'rate_cap_recipient',
    cap: { max: 3, windowMs: HOUR_MS },
    by: [
      { source: 'checkout', route: 'default', contact: 'alice', count: 2 },
      { source: 'db', route: 'default', contact: null, count: 1 },
    ],
    count: 3,
  });
});

it('there is no such answer for a message that no cap held back', async () => {
  const harness = createHarness(redis, prefix);
  harness.provider('a', [{ kind: 'accepted' }]);
  const { message } = await harness.send();
  expect(await createHistories(redis, harness.keys).capFilling(await harness.trace(message))).toBeUndefined();
});
