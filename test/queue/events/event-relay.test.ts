import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { MessageState } from '../../../src/ledger/history/history.ts';
import { createJournalCursor, type JournalCursor } from '../../../src/ledger/journal/journal-cursor.ts';
import { alertLine, messageLine } from '../../../src/ledger/journal/journal-entry.ts';
import { createEventQueue } from '../../../src/queue/events/event-queue.ts';
import { createRelayStep, type EventRelayDeps } from '../../../src/queue/events/event-relay.ts';
import { EVENT_QUEUE } from '../../../src/queue/names.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, redis, prefix: shared } = testRedis();
let prefix = shared;
let keys = createKeys(prefix);
let cursor: JournalCursor;
beforeEach(() => {
  prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  keys = createKeys(prefix);
  cursor = createJournalCursor(redis, keys);
});

const deliver = (kind: string, line: string) => redis.xadd(keys.journal(), '*', kind, line);
const message = (state: MessageState, id = 'm') =>
  deliver('message', messageLine({ id, alertId: 'a', state, reason: null, provider: null, attempt: null }));

/** A replica, and what it says and counts. */
function replica(over: Partial<EventRelayDeps> = {}) {
  const commands = connectRedis(url, 'commands');
  const events = createEventQueue(commands, prefix);
  onTestFinished(async () => {
    await events.close();
    commands.disconnect();
  });
  const counted: unknown[][] = [];
  const log: string[] = [];
  const step = createRelayStep({
    webhooks: new Map([['erp', { types: ['alert.suppressed', 'message.accepted', 'message.delivered'] }]]),
    cursor,
    facts: async () => undefined,
    add: events.add,
    prefix,
    observer: { webhookEvents: (...args) => void counted.push(args) },
    logger: pino({ level: 'warn' }, { write: (line: string) => void log.push(line) }),
    ...over,
  });
  return { step: () => step('erp'), add: events.add, counted, log };
}
const waiting = async () => {
  const { queue } = openQueue(url, prefix, EVENT_QUEUE);
  const jobs = await queue.getJobs(['wait', 'prioritized', 'delayed', 'completed'], 0, -1, true);
  return jobs.map(({ data }) => data.body.type);
};

describe('a step of the relay', () => {
  it('queues the events that the webhook selects, in order, and none of before its start', async () => {
    const { step } = replica();
    await message('accepted', 'old');
    expect(await step()).toBe(false);
    await deliver(
      'alert',
      alertLine({ id: 'b', severity: 'info', outcome: 'suppressed', reason: 'duplicate', dedupKey: null, contacts: [], messages: 0 }),
    );
    for (const state of ['queued', 'sending', 'deferred', 'accepted', 'delivered'] as const) await message(state);
    expect(await step()).toBe(true);
    expect(await waiting()).toEqual(['sms.alert.suppressed', 'sms.message.accepted', 'sms.message.delivered']);
    expect(await step()).toBe(false);
  });

  it('whose process crashes before it moves the cursor is repeated by another, and adds nothing twice', async () => {
    const victim = replica({ cursor: { ...cursor, pass: () => Promise.reject(new Error('SIGKILL')) } });
    await victim.step();
    await message('accepted');
    await message('delivered');
    await expect(victim.step()).rejects.toThrow('SIGKILL');
    expect(await waiting()).toHaveLength(2);

    const { queue, take } = openQueue(url, prefix, EVENT_QUEUE);
    // One of them is told meanwhile.
    await (await take('t')).moveToCompleted('', 't', false);
    expect(await replica().step()).toBe(true);
    expect(await waiting()).toHaveLength(2);
    expect(await queue.getJobCounts('prioritized', 'wait', 'completed')).toEqual({ prioritized: 1, wait: 0, completed: 1 });
    expect(await replica().step()).toBe(false);
  });

  it('whose process crashes before it adds loses nothing', async () => {
    const victim = replica({ add: () => Promise.reject(new Error('SIGKILL')) });
    await victim.step();
    await message('accepted');
    await expect(victim.step()).rejects.toThrow('SIGKILL');
    await replica().step();
    expect(await waiting()).toEqual(['sms.message.accepted']);
  });

  it('that two replicas make at the same time adds each event once', async () => {
    const [one, two] = [replica(), replica()];
    await one.step();
    for (let n = 0; n < 50; n += 1) await message('accepted', `m-${n}`);
    await Promise.all([one.step(), two.step(), one.step(), two.step()]);
    expect(await waiting()).toHaveLength(50);
  });

  it('says and counts, once, what the journal has lost', async () => {
    const { step, counted, log } = replica();
    await step();
    for (let n = 0; n < 5; n += 1) await message('accepted', `m-${n}`);
    await redis.xtrim(keys.journal(), 'MAXLEN', 2);
    await step();
    await step();
    expect(counted).toEqual([['erp', 'lost', 3]]);
    expect(log.map((line) => JSON.parse(line))).toMatchObject([{ level: 50, webhook: 'erp', entries: 3 }]);
    expect(await waiting()).toHaveLength(2);
  });
});
