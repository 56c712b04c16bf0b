import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Move } from '../../../src/ledger/ledger.ts';
import { createLists, type ListFilter, type Lists } from '../../../src/ledger/lists/lists.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createUnknowns } from '../../../src/ledger/unknown/unknowns.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
let keys = createKeys(prefix);
let ledger = createLedger(redis, keys);
let lists: Lists;
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
  lists = createLists(redis, keys, () => new Date());
});

type Record = Parameters<typeof messageRecord>[2];
const admit = (id: string, messages: readonly Record[] = [{}]) => {
  const records = messages.map((over, n) => messageRecord(n === 0 ? `m-${id}` : `m-${id}-${n}`, id, over));
  return ledger.admit(routedAlert(id, { dedupHash: id, messages: records }), randomUUID());
};
const move = (id: string, state: Move['state'], over: Partial<Move> = {}) =>
  ledger.move({ messageId: `m-${id}`, alertId: id, dedupHash: id, run: randomUUID(), state, events: [], ...over });

/** Every page of a list, by ids. */
async function idsOf(list: 'messages' | 'alerts', filter: ListFilter = {}, limit = 2): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await lists[list](filter, cursor, limit);
    if (page === undefined) throw new Error('not a cursor');
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ id }) => id));
    if (page.next === null) return ids;
    cursor = page.next;
  }
}

describe('messages that can be listed', () => {
  const NAMES = ['a', 'b', 'c', 'd', 'e'];

  it.each(['expired', 'failed', 'unknown'] as const)(
    'that are %s are all found, newest first, after the journal was trimmed',
    async (state) => {
      for (const id of NAMES) {
        await admit(id);
        await move(id, state, { reason: state });
      }
      await admit('other');
      await redis.del(keys.journal());
      const found = await idsOf('messages', { state });
      expect(found.toSorted()).toEqual(NAMES.map((id) => `m-${id}`));
      const times = await Promise.all(found.map((id) => redis.zscore(state === 'unknown' ? keys.unknown() : keys.ended(state), id)));
      expect(times.map(Number)).toEqual(times.map(Number).toSorted((a, b) => b - a));
    },
  );

  it('are found by what they waited for last', async () => {
    for (const id of ['a', 'b']) {
      await admit(id);
      const reason = id === 'a' ? 'auth' : 'budget';
      await move(id, 'deferred', { reason: 'circuit_open', lastReason: reason });
      await move(id, 'expired', { reason: 'expired' });
    }
    expect(await idsOf('messages', { state: 'expired', reason: 'auth' })).toEqual(['m-a']);
    expect(await idsOf('messages', { state: 'expired', reason: 'expired' })).toHaveLength(2);
  });

  it('of a critical that was suppressed, at the start or later, are complete; others reach back as far as the journal', async () => {
    await admit('born', [{ state: 'suppressed', reason: 'no_consent' }]);
    await admit('late');
    await move('late', 'suppressed', { reason: 'rate_cap_recipient' });
    await admit('info', [{ severity: 'info' }]);
    await move('info', 'suppressed', { reason: 'rate_cap_hour' });
    expect((await idsOf('messages', { state: 'suppressed' })).toSorted()).toEqual(['m-born', 'm-info', 'm-late']);
    await redis.del(keys.journal());
    expect((await idsOf('messages', { state: 'suppressed', severity: 'critical' })).toSorted()).toEqual(['m-born', 'm-late']);
    expect(await idsOf('messages', { state: 'suppressed' })).toEqual([]);
  });

  it('by a receipt that says undelivered are found, until one says that it arrived', async () => {
    await admit('a');
    await move('a', 'accepted', { accepted: { provider: 'p', segments: 1, at: new Date() } });
    await ledger.applyReceipt('m-a', { provider: 'p', state: 'undelivered', receivedAt: new Date() });
    expect(await idsOf('messages', { state: 'undelivered' })).toEqual(['m-a']);
    await ledger.applyReceipt('m-a', { provider: 'p', state: 'delivered', receivedAt: new Date() });
    expect(await idsOf('messages', { state: 'undelivered' })).toEqual([]);
  });

  it('leave their list with the state, whichever process changes it', async () => {
    await admit('a');
    await move('a', 'unknown', { reason: 'unknown_outcome' });
    const settle = { messageId: 'm-a', alertId: 'a', dedupHash: 'a', run: 'o', sent: false, at: new Date(), keep: false };
    await createUnknowns(redis, keys).settle({ ...settle, event: { at: '', stage: 'operator', verdict: 'confirmed_not_sent' } });
    expect(await idsOf('messages', { state: 'unknown' })).toEqual([]);
    expect(await idsOf('messages', { state: 'failed' })).toEqual(['m-a']);
    const event = { at: '', stage: 'operator', verdict: 'replayed' };
    const replay = {
      messageId: 'm-a',
      alertId: 'a',
      dedupHash: 'a',
      lane: 'phone',
      severity: 'critical',
      receivedAt: 1,
      dedupeForMs: 0,
    } as const;
    await ledger.reopen({ ...replay, number: 1, expiresAt: Date.now() + 9_000, event });
    expect(await idsOf('messages', { state: 'failed' })).toEqual([]);
  });

  it('come page by page, none twice and none left out, though all ended in the same millisecond', async () => {
    const ids = Array.from({ length: 230 }, (_, n) => `n${n}`);
    await Promise.all(ids.map((id) => admit(id)));
    await Promise.all(ids.map((id) => move(id, 'failed', { reason: 'content' })));
    await redis.zadd(keys.ended('failed'), ...ids.flatMap((id) => [Date.now(), `m-${id}`]));
    const found = await idsOf('messages', { state: 'failed' }, 50);
    expect([found.length, new Set(found).size]).toEqual([230, 230]);
  });
});

describe('all other messages', () => {
  it('come by when their alerts were routed, those of one alert in pages too', async () => {
    await admit('a', [{}, {}, {}]);
    await admit('b');
    await move('b', 'accepted', { accepted: { provider: 'p', segments: 1, at: new Date() } });
    expect(await idsOf('messages')).toEqual(['m-b', 'm-a', 'm-a-1', 'm-a-2']);
    expect(await idsOf('messages', {}, 1)).toEqual(['m-b', 'm-a', 'm-a-1', 'm-a-2']);
    expect(await idsOf('messages', { state: 'accepted' })).toEqual(['m-b']);
    expect(await idsOf('messages', { provider: 'p' })).toEqual(['m-b']);
    expect(await idsOf('messages', { state: 'queued' })).toEqual(['m-a', 'm-a-1', 'm-a-2']);
    expect(await idsOf('messages', { since: new Date(Date.now() + 60_000) })).toEqual([]);
  });

  it('are found by contact and by route', async () => {
    await admit('a', [{ contact: 'alice' }, { contact: 'bob', route: 'bulk' }]);
    expect(await idsOf('messages', { contact: 'alice' })).toEqual(['m-a']);
    expect(await idsOf('messages', { route: 'bulk' })).toEqual(['m-a-1']);
    expect(await idsOf('alerts', { contact: 'bob' })).toEqual(['a']);
    expect(await idsOf('alerts', { contact: 'carol' })).toEqual([]);
  });
});

describe('alerts', () => {
  it('come newest first, each once, by outcome, severity and reason', async () => {
    const settled = { severity: 'info', purpose: 'alert', status: 'firing', dedupKey: 'k', receivedAt: 1, events: [] } as const;
    await admit('a');
    await ledger.settleAlert({ ...settled, id: 'b', outcome: 'suppressed', reason: 'below_severity' }, 'r');
    await ledger.settleAlert({ ...settled, id: 'c', severity: 'unknown', outcome: 'malformed', reason: 'malformed' }, 'r');
    await admit('d');
    await ledger.acknowledge({ alertId: 'd', by: 'http by alice', at: new Date(), run: 'r' });
    expect(await idsOf('alerts')).toEqual(['d', 'c', 'b', 'a']);
    expect(await idsOf('alerts', { state: 'routed' })).toEqual(['d', 'a']);
    expect(await idsOf('alerts', { severity: 'info' })).toEqual(['b']);
    expect(await idsOf('alerts', { reason: 'malformed' })).toEqual(['c']);
  });
});

describe('a page that takes too long to find', () => {
  it.each(['messages', 'alerts'] as const)('of %s ends where it is, and its cursor leads to all the rest', async (list) => {
    lists = createLists(redis, keys, () => new Date(), 0);
    const names = Array.from({ length: 120 }, (_, n) => `a${n}`);
    for (const id of names) await admit(id);
    expect((await lists[list]({ route: 'none' }, undefined, 2))?.next).not.toBeNull();
    expect(await idsOf(list, { route: 'none' })).toEqual([]);
    expect((await idsOf(list, {}, 7)).toReversed()).toEqual(names.map((id) => (list === 'alerts' ? id : `m-${id}`)));
  });

  it('of an index likewise', async () => {
    lists = createLists(redis, keys, () => new Date(), 0);
    const names = Array.from({ length: 120 }, (_, n) => `a${n}`);
    for (const id of names) {
      await admit(id);
      await move(id, 'failed', { reason: 'content' });
    }
    expect((await lists.messages({ state: 'failed', route: 'none' }, undefined, 2))?.next).not.toBeNull();
    expect((await idsOf('messages', { state: 'failed' }, 7)).toSorted()).toEqual(names.map((id) => `m-${id}`).toSorted());
  });
});

it.each([
  ['messages', { state: 'failed' }, '1763600000000-0'],
  ['messages', { state: 'failed' }, 'x'],
  ['messages', {}, '1763600000000.m-1'],
  ['messages', {}, '0-0'],
  ['alerts', {}, '1763600000000-0.5'],
] as const)('a cursor of another list is refused: %s %j %s', async (list, filter, cursor) => {
  expect(await lists[list](filter, cursor, 10)).toBeUndefined();
});
