import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createLive, isAfter } from '../../../src/http/console/live.ts';
import { showEntry } from '../../../src/http/console/show.ts';
import { createJournal } from '../../../src/ledger/journal/journal.ts';
import { alertLine } from '../../../src/ledger/journal/journal-entry.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const { redis, prefix } = testRedis();
let suites = 0;

/** A journal of its own that can be written to, and whoever watches it. */
function open({ beatMs = 60_000 } = {}) {
  const keys = createKeys(`${prefix}${++suites}`);
  let reads = 0;
  const journal = createJournal(redis, keys);
  const since: typeof journal.since = (...args) => {
    reads += 1;
    return journal.since(...args);
  };
  const counted = { ...journal, since };
  const live = createLive({ journal: counted, show: async (entry) => showEntry(entry, undefined), pace: { everyMs: 20, beatMs } });
  onTestFinished(() => live.close());
  const line = (id: string) =>
    alertLine({ id, severity: 'critical', outcome: 'routed', reason: null, dedupKey: null, contacts: [], messages: 1 });
  const happen = async (...ids: string[]) => {
    const adding = redis.pipeline();
    for (const id of ids) adding.xadd(keys.journal(), '*', 'alert', line(id));
    return ((await adding.exec()) ?? []).map(([, seq]) => seq as string);
  };
  const watch = async (after?: string) => {
    const stream = await live.watch(after);
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return { stream, text: () => text, ids: () => [...text.matchAll(/"alert":\{"id":"([^"]+)"/g)].map(([, id]) => id) };
  };
  return { live, happen, watch, reads: () => reads };
}

it('shows new entries to all viewers, in order, by one reader, which stops without viewers', async () => {
  const { happen, watch, reads } = open();
  await happen('before');
  const [one, other] = await Promise.all([watch(), watch()]);
  await happen('a', 'b');
  await until(() => one.ids().length >= 2 && other.ids().length >= 2);
  expect([one.ids(), other.ids()]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  one.stream.destroy();
  other.stream.destroy();
  await until(() => one.stream.closed && other.stream.closed);
  const rested = reads();
  await happen('unseen');
  const restsAt = performance.now();
  await until(() => performance.now() - restsAt > 80);
  expect(reads() - rested).toBeLessThanOrEqual(1);
  const back = await watch();
  await happen('c');
  await until(() => back.ids().length > 0);
  expect(back.ids()).toEqual(['c']);
});

it('a reconnecting viewer receives missed entries once, and then new ones', async () => {
  const { happen, watch } = open();
  const [seen] = await happen('seen', 'missed-1', 'missed-2');
  const other = await watch();
  const back = await watch(seen);
  await happen('new');
  await until(() => back.ids().includes('new') && other.ids().includes('new'));
  expect(back.ids()).toEqual(['missed-1', 'missed-2', 'new']);
  expect(other.ids()).toEqual(['new']);
});

it('of more entries than can be read it shows the newest, and counts the rest', async () => {
  const { happen, watch } = open();
  await happen('before');
  const viewer = await watch();
  await happen(...Array.from({ length: 500 }, (_, n) => `e-${n}`));
  await until(() => viewer.ids().includes('e-499'));
  const shown = viewer.ids().length;
  const skipped = [...viewer.text().matchAll(/event: skipped\ndata: \{"skipped":(\d+)\}/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  expect(shown).toBeLessThanOrEqual(160);
  expect(Math.abs(shown + skipped - 500)).toBeLessThanOrEqual(5);
});

it('a viewer that does not read is disconnected, and does not delay others', async () => {
  const { live, happen, watch } = open();
  const slow = await live.watch(undefined);
  const quick = await watch();
  const long = 'x'.repeat(4000);
  for (let batch = 0; !slow.destroyed && batch < 20; batch += 1) {
    await happen(...Array.from({ length: 30 }, (_, n) => `${batch}-${n}-${long}`));
    await until(() => quick.ids().some((id) => id?.startsWith(`${batch}-29-`)));
  }
  expect(slow.destroyed).toBe(true);
  expect(quick.stream.destroyed).toBe(false);
});

it('keeps a silent stream alive, ends it when it closes, and then accepts no further viewer', async () => {
  const { live, watch } = open({ beatMs: 15 });
  const viewer = await watch();
  await until(() => viewer.text().includes(': still here'));
  const ended = once(viewer.stream, 'end');
  live.close();
  await ended;
  await expect(live.watch(undefined)).rejects.toMatchObject({ kind: 'too-many-viewers' });
});

it.each([
  ['2-0', '1-9', true],
  ['1-10', '1-9', true],
  ['1-9', '1-9', false],
  ['9-0', '10-0', false],
])('%s is after %s: %s', (seq, other, is) => {
  expect(isAfter(seq, other)).toBe(is);
});
