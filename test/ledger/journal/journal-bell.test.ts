import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createJournal } from '../../../src/ledger/journal/journal.ts';
import { createJournalBells } from '../../../src/ledger/journal/journal-bell.ts';
import { messageLine } from '../../../src/ledger/journal/journal-entry.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const LONG_MS = 60_000;

let keys = createKeys(prefix);
let hang: ReturnType<typeof createJournalBells>;
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  hang = createJournalBells(createJournal(redis, keys));
});

const happens = (alertId: string) =>
  redis.xadd(
    keys.journal(),
    '*',
    'message',
    messageLine({ id: 'm', alertId, state: 'failed', reason: null, provider: null, attempt: null }),
  );
async function bellOf(alertId: string) {
  const bell = await hang(alertId);
  onTestFinished(() => bell.close());
  return bell;
}

it('rings for what becomes of its alert, also while nobody listens, and not for what was before', async () => {
  await happens('a');
  const [a, b] = [await bellOf('a'), await bellOf('b')];
  const heard: string[] = [];
  const listening = a.heard(LONG_MS).then(() => heard.push('a'));
  await happens('b');
  await happens('other');
  await b.heard(LONG_MS);
  heard.push('b');
  await happens('a');
  await listening;
  expect(heard).toEqual(['b', 'a']);
});

it('is silent for as long as it is told, and is heard when it is taken down', async () => {
  const bell = await bellOf('a');
  const since = performance.now();
  await bell.heard(30);
  expect(performance.now() - since).toBeGreaterThanOrEqual(29);
  const listening = bell.heard(LONG_MS);
  bell.close();
  await listening;
});

it('rings for those that are hung after all others were taken down', async () => {
  for (let time = 0; time < 3; time += 1) {
    const bell = await hang('a');
    await happens('a');
    await bell.heard(LONG_MS);
    bell.close();
  }
});
