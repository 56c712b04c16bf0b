import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createJournalCursor, type JournalCursor } from '../../../src/ledger/journal/journal-cursor.ts';
import { messageLine } from '../../../src/ledger/journal/journal-entry.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();

let keys = createKeys(prefix);
let cursor: JournalCursor;
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  cursor = createJournalCursor(redis, keys);
});

const write = async (...ids: string[]): Promise<void> => {
  for (const id of ids) {
    const line = messageLine({ id, alertId: 'a', state: 'accepted', reason: null, provider: null, attempt: null });
    await redis.xadd(keys.journal(), '*', 'message', line);
  }
};
const look = async (limit = 100) => {
  const found = await cursor.look('erp', limit);
  return { ...found, ids: found.entries.map((entry) => (entry.kind === 'message' ? entry.message.id : '')) };
};

describe('a reader of the journal', () => {
  it.each([[[]], [['old', 'older']]])('starts at the end, with any stored cursor: %j', async (before) => {
    await write(...before);
    expect(await look()).toMatchObject({ ids: [], lost: 0 });
    await write('m', 'n');
    expect(await look()).toMatchObject({ ids: ['m', 'n'], lost: 0 });
    expect(await redis.pttl(keys.journalCursor('erp'))).toBeGreaterThan(6 * 86_400_000);
  });

  it('sees the same again until it has passed, and then what is new', async () => {
    await look();
    await write('m', 'n', 'o');
    const first = await look(2);
    expect(first.ids).toEqual(['m', 'n']);
    expect((await look(2)).ids).toEqual(['m', 'n']);
    expect(await cursor.pass('erp', first)).toBe(true);
    expect((await look(2)).ids).toEqual(['o']);
  });

  it('is moved on by one replica, which may say so twice, and not by another that looked at the same', async () => {
    await look();
    await write('m');
    const [mine, theirs] = [await look(), await look()];
    expect(await cursor.pass('erp', mine)).toBe(true);
    expect(await cursor.pass('erp', mine)).toBe(true);
    expect(await cursor.pass('erp', theirs)).toBe(false);
    await write('n');
    const late = await look();
    await cursor.pass('erp', late);
    expect(await cursor.pass('erp', mine)).toBe(false);
    expect((await look()).ids).toEqual([]);
  });

  it('has a place of its own', async () => {
    await look();
    await cursor.look('crm', 1);
    await write('m');
    await cursor.pass('erp', await look());
    expect((await cursor.look('crm', 10)).entries).toHaveLength(1);
  });

  it('receives once how many entries were trimmed before it read them', async () => {
    await write('old');
    await look();
    await write('m', 'n', 'o', 'p');
    await redis.xtrim(keys.journal(), 'MAXLEN', 2);
    const found = await look();
    expect(found).toMatchObject({ ids: ['o', 'p'], lost: 2 });
    await cursor.pass('erp', found);
    expect(await look()).toMatchObject({ ids: [], lost: 0 });
  });

  it('has lost nothing where only what it had passed was cut', async () => {
    await look();
    await write('m');
    await cursor.pass('erp', await look());
    await write('n');
    await redis.xtrim(keys.journal(), 'MAXLEN', 1);
    expect(await look()).toMatchObject({ ids: ['n'], lost: 0 });
  });

  it('knows that something is lost where Redis does not count', async () => {
    await write('old');
    await look();
    await redis.set(keys.journalCursor('erp'), `${(await redis.get(keys.journalCursor('erp')))?.split(' ')[0]} -1 r`);
    await write('m', 'n');
    await redis.xtrim(keys.journal(), 'MAXLEN', 1);
    const found = await look();
    expect(found).toMatchObject({ ids: ['n'], lost: undefined });
    expect(await cursor.pass('erp', found)).toBe(true);
    await write('o');
    expect(await look()).toMatchObject({ ids: ['o'], lost: 0 });
  });
});
