import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { RoutedAlert } from '../../../src/ledger/records.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);
const histories = createHistories(redis, keys);

let id: string;
let dedupHash: string;
beforeEach(() => {
  id = `a-${randomUUID()}`;
  dedupHash = hash('dedup', id);
});

const message = (messageId: string) => messageRecord(messageId, id);
const alert = (over: Partial<RoutedAlert> = {}): RoutedAlert =>
  routedAlert(id, { dedupKey: id, dedupHash, messages: [message(`${id}-1`), message(`${id}-2`)], ...over });
const admit = (over: Partial<RoutedAlert> = {}) => ledger.admit(alert(over), randomUUID());
const repeat = (receivedAt: number) => admit({ id: `${id}-${randomUUID()}`, receivedAt, messages: [message(`m-${randomUUID()}`)] });
const acknowledge = (at: number, over: { alertId?: string; run?: string } = {}) =>
  ledger.acknowledge({ alertId: id, by: 'http by alice', at: new Date(at), run: randomUUID(), ...over });
const attempt = (messageId: string) => attemptRequest(messageId, { dedupHash, token: randomUUID() });
const cancel = (messageId: string) =>
  ledger.move({ messageId, alertId: id, dedupHash, run: randomUUID(), state: 'cancelled', reason: 'acknowledged', events: [] });

describe('acknowledging', () => {
  it('returns the open messages, prevents their sending, and is in the trace of the alert', async () => {
    await admit();
    const acknowledged = await acknowledge(2_000);
    expect(acknowledged).toEqual({ kind: 'acknowledged', open: expect.arrayContaining([`${id}-1`, `${id}-2`]) });
    expect(await ledger.openAttempt(attempt(`${id}-1`))).toEqual({ kind: 'acknowledged' });
    expect((await histories.alert(id))?.events).toEqual([
      { at: '1970-01-01T00:00:02.000Z', stage: 'acknowledge', verdict: 'acknowledged', detail: 'http by alice' },
    ]);
  });

  it('happens once, however often it is said', async () => {
    await admit();
    const run = randomUUID();
    const first = await acknowledge(2_000, { run });
    expect(await acknowledge(2_000, { run })).toEqual(first);
    expect(await acknowledge(3_000)).toEqual({ kind: 'over', over: 'acknowledged' });
    expect((await histories.alert(id))?.events).toHaveLength(1);
  });

  it('keeps the claim, even when all that was open is cancelled: repeats stay duplicates', async () => {
    await admit();
    await acknowledge(2_000);
    await cancel(`${id}-1`);
    await cancel(`${id}-2`);
    expect(await repeat(3_000)).toEqual({ kind: 'duplicate', of: id });
    await ledger.resolve(dedupHash, new Date(4_000));
    expect(await repeat(5_000)).toMatchObject({ kind: 'admitted', fresh: true });
  });

  it('does not affect later alerts, once the claim is released', async () => {
    await admit({ dedupeForMs: 0 });
    await acknowledge(2_000);
    expect(await admit({ id: `${id}-before`, dedupeForMs: 0, receivedAt: 1_999 })).toEqual({ kind: 'acknowledged', by: 'http by alice' });
    expect(await admit({ id: `${id}-later`, dedupeForMs: 0, receivedAt: 2_000 })).toMatchObject({ kind: 'admitted', fresh: true });
    expect(await ledger.openAttempt({ ...attempt(`${id}-1`), receivedAt: 2_000 })).toMatchObject({ kind: 'opened' });
  });

  it('ends the alert although the clock of the acknowledging process is behind', async () => {
    await admit();
    await acknowledge(500);
    expect(await ledger.closedBy(dedupHash, 1_000)).toBe('acknowledged');
  });

  it('of what was resolved before changes nothing', async () => {
    await admit();
    await ledger.resolve(dedupHash, new Date(1_500));
    expect(await acknowledge(2_000)).toEqual({ kind: 'over', over: 'resolved' });
    expect((await histories.alert(id))?.events).toEqual([]);
  });

  it('works before a router has seen the alert', async () => {
    await redis.set(keys.seen(id), JSON.stringify({ severity: 'critical', status: 'firing', dedupKey: id, receivedAt: 1_000 }));
    expect(await acknowledge(2_000)).toEqual({ kind: 'acknowledged', open: [] });
    expect(await admit()).toEqual({ kind: 'acknowledged', by: 'http by alice' });
  });

  it('of an unknown alert, a malformed one and a resolve says so', async () => {
    expect(await acknowledge(2_000)).toEqual({ kind: 'missing' });
    await ledger.settleAlert({ ...alert(), dedupKey: null, outcome: 'malformed', reason: 'malformed' }, 'run');
    expect(await acknowledge(2_000)).toEqual({ kind: 'not_acknowledgeable' });
    const resolve = `${id}-r`;
    await ledger.settleAlert({ ...alert({ id: resolve, status: 'resolved' }), outcome: 'suppressed', reason: 'resolved' }, 'run');
    expect(await acknowledge(2_000, { alertId: resolve })).toEqual({ kind: 'not_acknowledgeable' });
  });
});

describe('the end of an alert', () => {
  it('is nothing, an acknowledgement, or above all a resolve', async () => {
    await admit();
    expect(await ledger.closedBy(dedupHash, 1_000)).toBeUndefined();
    await acknowledge(2_000);
    expect(await ledger.closedBy(dedupHash, 1_000)).toBe('acknowledged');
    expect(await ledger.closedBy(dedupHash, 2_000)).toBeUndefined();
    await ledger.resolve(dedupHash, new Date(3_000));
    expect(await ledger.closedBy(dedupHash, 1_000)).toBe('resolved');
    expect(await ledger.closedBy(dedupHash, 3_000)).toBeUndefined();
  });
});

describe('codes', () => {
  const phoneHash = () => `phone-${id}`;
  const claim = (messageId: string, at: number, codes = ['AAA2', 'BBB2', 'CCC2']) =>
    ledger.codes.claim({ id: messageId, phoneHash: phoneHash() }, codes, new Date(at));

  it('are each phone’s own: the next one where another message has the first, and the same one at every look', async () => {
    expect(await claim('m-1', 1)).toBe('AAA2');
    expect(await claim('m-2', 2)).toBe('BBB2');
    expect(await claim('m-1', 3)).toBe('AAA2');
    expect(await claim('m-2', 4)).toBe('BBB2');
    expect(await ledger.codes.claim({ id: 'm-3', phoneHash: `other-${id}` }, ['AAA2'], new Date(1))).toBe('AAA2');
    expect(await ledger.codes.find(phoneHash(), 'BBB2')).toBe('m-2');
    expect(await ledger.codes.newest(phoneHash(), 5)).toEqual(['m-2', 'm-1']);
  });

  it('pass to the newer message when all of it are taken', async () => {
    await claim('m-1', 1, ['AAA2']);
    expect(await claim('m-2', 2, ['AAA2'])).toBe('AAA2');
    expect(await ledger.codes.find(phoneHash(), 'AAA2')).toBe('m-2');
  });

  it('go away by themselves', async () => {
    await claim('m-1', 1);
    await admit();
    await acknowledge(2_000);
    await ledger.resolveSubscribers.keep(dedupHash, { m: '{}' });
    const written = [
      keys.ackCodes(phoneHash()),
      keys.ackCode(phoneHash(), 'AAA2'),
      keys.acknowledged(dedupHash),
      keys.resolveSubscribers(dedupHash),
    ];
    for (const key of written) expect(await redis.pttl(key), key).toBeGreaterThan(0);
  });
});
