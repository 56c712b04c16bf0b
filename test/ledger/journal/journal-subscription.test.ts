import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createJournal } from '../../../src/ledger/journal/journal.ts';
import { messageLine } from '../../../src/ledger/journal/journal-entry.ts';
import { createJournalSubscriptions } from '../../../src/ledger/journal/journal-subscription.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const LONG_MS = 60_000;

let keys = createKeys(prefix);
let subscribe: ReturnType<typeof createJournalSubscriptions>;
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  subscribe = createJournalSubscriptions(createJournal(redis, keys));
});

const happens = (alertId: string) =>
  redis.xadd(
    keys.journal(),
    '*',
    'message',
    messageLine({ id: 'm', alertId, state: 'failed', reason: null, provider: null, attempt: null }),
  );
async function subscriptionTo(alertId: string) {
  const subscription = await subscribe(alertId);
  onTestFinished(() => subscription.close());
  return subscription;
}

it('wakes for new entries of its alert, also between two waits, and not for earlier ones', async () => {
  await happens('a');
  const [a, b] = [await subscriptionTo('a'), await subscriptionTo('b')];
  const next: string[] = [];
  const listening = a.next(LONG_MS).then(() => next.push('a'));
  await happens('b');
  await happens('other');
  await b.next(LONG_MS);
  next.push('b');
  await happens('a');
  await listening;
  expect(next).toEqual(['b', 'a']);
});

it('is silent until its time is up, and wakes when it is closed', async () => {
  const subscription = await subscriptionTo('a');
  const since = performance.now();
  await subscription.next(30);
  expect(performance.now() - since).toBeGreaterThanOrEqual(29);
  const listening = subscription.next(LONG_MS);
  subscription.close();
  await listening;
});

it('wakes subscriptions made after all others were closed', async () => {
  for (let time = 0; time < 3; time += 1) {
    const subscription = await subscribe('a');
    await happens('a');
    await subscription.next(LONG_MS);
    subscription.close();
  }
});
