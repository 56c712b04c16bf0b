import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createParked } from '../../../src/ledger/lists/parked.ts';
import { createParkedPromoter, PORTION } from '../../../src/queue/jobs/promote-parked.ts';
import { MESSAGE_QUEUE, RETURN_PRIORITY } from '../../../src/queue/names.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix: base } = testRedis();
const HOUR_MS = 3_600_000;

function setup(names: readonly string[] = ['down']) {
  const prefix = base.replace('}', `-${randomUUID().slice(0, 8)}}`);
  const parked = createParked(redis, createKeys(prefix));
  const queue = openQueue(MESSAGE_QUEUE, redis, prefix);
  /** What each provider takes now. */
  const serves = { urgent: false, rest: false };
  const cleared: string[] = [];
  const errors: unknown[] = [];
  const promoter = createParkedPromoter({
    ...{ redis, prefix, parked },
    providers: names.map((name) => ({ name, serves: (urgent) => (urgent ? serves.urgent : serves.rest) })),
    onNoneWaiting: (provider, urgent) => void cleared.push(`${provider} ${urgent}`),
    onError: (error) => void errors.push(error),
  });
  onTestFinished(async () => {
    await promoter.close();
    await queue.close();
    expect(errors).toEqual([]);
  });
  const park = async (count: number, urgent: boolean, providers = names) => {
    const ids = Array.from({ length: count }, () => `m-${randomUUID()}`);
    const priority = RETURN_PRIORITY[urgent ? 'critical' : 'info'];
    await queue.addBulk(ids.map((jobId) => ({ name: 'message', data: {}, opts: { jobId, delay: HOUR_MS, priority } })));
    for (const id of ids) await parked.park({ id, urgent, expiresAt: Date.now() + HOUR_MS }, providers);
    return ids;
  };
  const counts = async () => {
    const { delayed, prioritized, waiting } = await queue.getJobCounts('delayed', 'prioritized', 'waiting');
    return { delayed, prioritized, waiting };
  };
  return { ...{ prefix, parked, queue, serves, cleared, promoter, park, counts } };
}

it('what is parked for a provider stays where it is while the provider rests', async () => {
  const { promoter, park, counts, cleared } = setup();
  await park(50, true);
  await park(50, false);
  for (let look = 0; look < 5; look += 1) expect(await promoter.promote()).toBe(0);
  expect(await counts()).toEqual({ delayed: 100, prioritized: 0, waiting: 0 });
  expect(cleared).toEqual([]);
});

it('parked messages come back in portions when the provider recovers, criticals first, behind new ones', async () => {
  const { promoter, park, parked, counts, serves, queue, cleared } = setup();
  const rest = await park(PORTION + 50, false);
  const urgent = await park(PORTION + 10, true);
  serves.urgent = true;
  serves.rest = true;
  await promoter.promote();
  // Looked at again before any of them has run, it promotes no further ones.
  await promoter.promote();
  expect(await counts()).toEqual({ delayed: PORTION + 60, prioritized: PORTION, waiting: 0 });
  const woken = await queue.getPrioritized();
  expect(woken.every(({ id }) => urgent.includes(id as string))).toBe(true);

  // They run and are sent.
  for (const { id } of woken) {
    await queue.remove(id as string);
    await parked.leave({ id: id as string, urgent: true }, ['down']);
  }
  await promoter.promote();
  expect((await queue.getPrioritized()).filter(({ id }) => urgent.includes(id as string))).toHaveLength(10);
  expect((await queue.getPrioritized()).filter(({ id }) => rest.includes(id as string))).toHaveLength(PORTION);
  expect(cleared).toEqual([]);
});

it('criticals come back as soon as the provider takes all of them, the rest when it takes the rest', async () => {
  const { promoter, park, counts, serves } = setup();
  await park(20, true);
  await park(30, false);
  serves.urgent = true;
  await promoter.promote();
  expect(await counts()).toMatchObject({ delayed: 30, prioritized: 20 });
  serves.rest = true;
  await promoter.promote();
  expect(await counts()).toMatchObject({ delayed: 0, prioritized: 50 });
});

it('what waits for two providers comes back for the first that serves, and an index that a crash left behind does no harm', async () => {
  const { promoter, parked, park, counts, serves, cleared, queue } = setup(['a', 'b']);
  await park(3, true);
  await parked.park({ id: 'gone', urgent: true, expiresAt: Date.now() + HOUR_MS }, ['a', 'b']);
  await parked.park({ id: 'past', urgent: true, expiresAt: Date.now() - 1 }, ['a', 'b']);
  serves.urgent = true;
  await promoter.promote();
  expect(await counts()).toMatchObject({ delayed: 0, prioritized: 3 });
  for (const name of ['a', 'b']) expect(await parked.first(name, true, 10, new Date(0))).toHaveLength(3);
  for (const { id } of await queue.getPrioritized()) await parked.leave({ id: id as string, urgent: true }, ['a', 'b']);
  await promoter.promote();
  expect(cleared).toEqual(expect.arrayContaining(['a true', 'b true']));
});
