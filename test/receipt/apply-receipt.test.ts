import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Move } from '../../src/ledger/ledger.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createTraces } from '../../src/ledger/redis-traces.ts';
import { createReceiptReceiver } from '../../src/receipt/apply-receipt.ts';
import type { Receipt } from '../../src/receipt/receipt.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { createRecordingObserver, type RecordingObserver } from '../support/recording-observer.ts';
import { testRedis } from '../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);
const traces = createTraces(redis, keys);

const ACCEPTED_AT = Date.parse('2026-11-20T03:00:00Z');
const PATIENCE_MS = 120_000;

let alertId: string;
let messageId: string;
let providerMessageId: string;
let recording: RecordingObserver;
let apply: ReturnType<typeof createReceiptReceiver>;
beforeEach(async () => {
  alertId = `a-${randomUUID()}`;
  messageId = `m-${randomUUID()}`;
  providerMessageId = `SM-${randomUUID()}`;
  recording = createRecordingObserver();
  apply = createReceiptReceiver(ledger, recording.observer);
  await ledger.admit(
    {
      id: alertId,
      severity: 'critical',
      purpose: 'alert',
      status: 'firing',
      dedupKey: 'disk',
      dedupHash: alertId,
      receivedAt: ACCEPTED_AT - 1000,
      dedupeForMs: 0,
      events: [],
      messages: [
        {
          id: messageId,
          alertId,
          to: '+60*******789',
          contact: null,
          severity: 'critical',
          route: 'default',
          segments: 1,
          createdAt: ACCEPTED_AT - 1000,
          expiresAt: ACCEPTED_AT + 3_600_000,
          state: 'queued',
          reason: null,
          until: null,
          events: [],
        },
      ],
    },
    'router',
  );
});

const move = (over: Partial<Move>) =>
  ledger.move({ messageId, alertId, dedupHash: alertId, run: 'run', state: 'sending', events: [], ...over });
const accept = () =>
  move({ state: 'accepted', accepted: { provider: 'twilio-main', providerMessageId, segments: 1, at: new Date(ACCEPTED_AT) } });

/** By the provider's own id, 4 s after the text was accepted. */
const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  provider: 'twilio-main',
  providerMessageId,
  state: 'delivered',
  receivedAt: ACCEPTED_AT + 4000,
  ...over,
});
const byOurId = (over: Partial<Receipt> = {}): Receipt => ({ ...receipt(over), messageId });
const now = new Date(ACCEPTED_AT + 5000);
const tooLate = new Date(receipt().receivedAt + PATIENCE_MS);
const justInTime = new Date(receipt().receivedAt + PATIENCE_MS - 1);

async function state(): Promise<string | undefined> {
  return (await traces.message(messageId))?.state;
}

describe('a receipt for an accepted text', () => {
  test('that says delivered ends it, and tells how long that took', async () => {
    await accept();
    expect(await apply(receipt(), now)).toEqual({ kind: 'done' });
    const trace = await traces.message(messageId);
    expect(trace).toMatchObject({ state: 'delivered', reason: null, provider: 'twilio-main' });
    expect(trace?.events.at(-1)).toEqual({
      at: new Date(ACCEPTED_AT + 4000).toISOString(),
      stage: 'receipt',
      verdict: 'delivered',
      detail: 'reported by twilio-main',
    });
    expect(recording.told).toEqual([
      ['receipt', 'twilio-main', 'delivered'],
      ['delivered', 'twilio-main', 4],
    ]);
  });

  test('that says undelivered ends it, and is no delivery', async () => {
    await accept();
    expect(await apply(receipt({ state: 'undelivered' }), now)).toEqual({ kind: 'done' });
    expect(await state()).toBe('undelivered');
    expect(recording.told).toEqual([['receipt', 'twilio-main', 'undelivered']]);
  });

  test('finds it by our own id as well', async () => {
    await accept();
    await apply({ provider: 'twilio-main', messageId, state: 'delivered', receivedAt: ACCEPTED_AT + 1 }, now);
    expect(await state()).toBe('delivered');
  });

  test('that is a duplicate, or contradicts the first, changes and counts nothing', async () => {
    await accept();
    await apply(receipt(), now);
    const before = recording.told.length;
    for (const again of [receipt(), receipt({ state: 'undelivered' })]) {
      expect(await apply(again, now)).toEqual({ kind: 'done' });
      expect(await apply(again, tooLate)).toEqual({ kind: 'done' });
    }
    expect(await state()).toBe('delivered');
    expect(recording.told).toHaveLength(before);
  });

  test('by a clock that lags never took less than no time', async () => {
    await accept();
    await apply(receipt({ receivedAt: ACCEPTED_AT - 10 }), now);
    expect(recording.heard('delivered')).toEqual([['twilio-main', 0]]);
  });
});

describe('a receipt that is ahead of the answer', () => {
  test('waits, and is applied once the text is accepted', async () => {
    await move({ state: 'sending' });
    for (const early of [receipt(), byOurId()]) expect(await apply(early, now)).toEqual({ kind: 'early' });
    expect(recording.told).toEqual([]);
    expect(await state()).toBe('sending');
    await accept();
    expect(await apply(byOurId(), justInTime)).toEqual({ kind: 'done' });
    expect(await state()).toBe('delivered');
  });

  test.each(['queued', 'deferred', 'sending'] as const)(
    'by our id is unmatched once its patience is over and the text still is %s',
    async (was) => {
      await move({ state: was });
      expect(await apply(byOurId(), justInTime)).toEqual({ kind: 'early' });
      expect(await apply(byOurId(), tooLate)).toEqual({ kind: 'done' });
      expect(recording.told).toEqual([['receipt', 'twilio-main', 'unmatched']]);
      expect(await state()).toBe(was);
    },
  );

  test.each<[name: string, over: Partial<Receipt>]>([
    ['a provider’s id that nobody knows', { providerMessageId: 'SM-none' }],
    ['an id of ours that nobody knows', { messageId: 'm-none' }],
    ['the id of another provider’s text', { provider: 'sns' }],
  ])('with %s waits, then is unmatched', async (_name, over) => {
    await accept();
    const stray = receipt(over);
    expect(await apply(stray, justInTime)).toEqual({ kind: 'early' });
    expect(recording.told).toEqual([]);
    expect(await apply(stray, tooLate)).toEqual({ kind: 'done' });
    expect(recording.told).toEqual([['receipt', stray.provider, 'unmatched']]);
    expect(await state()).toBe('accepted');
  });

  test('with no id at all is unmatched', async () => {
    const { providerMessageId: _, ...stray } = receipt();
    expect(await apply(stray, tooLate)).toEqual({ kind: 'done' });
    expect(recording.heard('receipt')).toEqual([['twilio-main', 'unmatched']]);
  });
});

describe('a receipt for a text', () => {
  test('of which nobody knew whether it was sent settles it', async () => {
    await move({ state: 'unknown', reason: 'unknown_outcome' });
    expect(await apply(byOurId(), now)).toEqual({ kind: 'done' });
    expect(await traces.message(messageId)).toMatchObject({ state: 'delivered', reason: null });
    expect(recording.told).toEqual([
      ['receipt', 'twilio-main', 'delivered'],
      ['unknownResolved', 'twilio-main', 'receipt'],
    ]);
    await apply(byOurId(), now);
    expect(recording.heard('unknownResolved')).toHaveLength(1);
  });

  test.each(['failed', 'expired', 'cancelled'] as const)('that %s changes nothing and does not wait', async (was) => {
    await move({ state: was, reason: was });
    expect(await apply(byOurId(), now)).toEqual({ kind: 'done' });
    expect(await state()).toBe(was);
    expect(recording.told).toEqual([]);
  });
});
