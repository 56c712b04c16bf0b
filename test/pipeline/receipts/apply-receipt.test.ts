import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { AttemptRequest, Move } from '../../../src/ledger/ledger.ts';
import { createOptOuts } from '../../../src/ledger/opt-out/opt-outs.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { type Applied, createReceiptReceiver, type Receipt } from '../../../src/pipeline/receipts/apply-receipt.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { createRecordingObserver, type RecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);
const histories = createHistories(redis, keys);
const optOuts = createOptOuts(redis, keys);

const ACCEPTED_AT = Date.parse('2026-11-20T03:00:00Z');
const PATIENCE_MS = 120_000;

let alertId: string;
let messageId: string;
let providerMessageId: string;
let recording: RecordingObserver;
let apply: (receipt: Receipt, now: Date, firstLook?: boolean) => Promise<Applied>;
beforeEach(async () => {
  alertId = `a-${randomUUID()}`;
  messageId = `m-${randomUUID()}`;
  providerMessageId = `SM-${randomUUID()}`;
  recording = createRecordingObserver();
  const receive = createReceiptReceiver(ledger, recording.observer, optOuts);
  apply = (receipt, at, firstLook = false) => receive(receipt, at, firstLook);
  const at = ACCEPTED_AT - 1000;
  const record = messageRecord(messageId, alertId, { phoneHash: `phone of ${messageId}`, createdAt: at, expiresAt: at + 3_600_000 });
  await ledger.admit(
    routedAlert(alertId, { dedupKey: 'disk', dedupHash: alertId, receivedAt: at, dedupeForMs: 0, messages: [record] }),
    'router',
  );
});

const move = (over: Partial<Move>) =>
  ledger.move({ messageId, alertId, dedupHash: alertId, run: 'run', state: 'sending', events: [], ...over });
const request = (over: Partial<AttemptRequest>) =>
  attemptRequest(messageId, { dedupHash: alertId, receivedAt: ACCEPTED_AT - 1000, leaseMs: 20_000, ...over });
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
  return (await histories.message(messageId))?.state;
}

test('a text that did not arrive is reported for the log, once, with its alert and route', async () => {
  await accept();
  await apply(receipt({ state: 'undelivered', code: '30003', reason: 'recipient' }), now);
  await apply(receipt({ state: 'undelivered', code: '30003', reason: 'recipient' }), now);
  const facts = { messageId, state: 'undelivered', reason: 'recipient', code: '30003', provider: 'twilio-main' };
  expect(recording.heard('messageEnded')).toEqual([
    expect.objectContaining({ ...facts, alertId: expect.any(String), route: expect.any(String) }),
  ]);
  expect(JSON.stringify(recording.reported)).not.toMatch(/\+\d{6}/);
});

describe('a receipt with two ids', () => {
  test('belongs to the message of the provider’s id, with any id of ours', async () => {
    await accept();
    for (const wrong of ['m-none', `m-${randomUUID()}`])
      expect(await apply({ ...receipt({ state: 'pending' }), messageId: wrong }, now)).toEqual({ kind: 'done' });
    expect(await apply({ ...receipt(), messageId: 'm-none' }, now)).toEqual({ kind: 'done' });
    expect(await state()).toBe('delivered');
  });

  test('belongs to the text that ours names, where the provider’s id is not known', async () => {
    await accept();
    await apply(byOurId({ providerMessageId: 'SM-of-an-earlier-attempt' }), now);
    expect(await state()).toBe('delivered');
  });
});

describe('a message whose parts are reported separately', () => {
  const PARTS = ['1', '2', '3'] as const;
  const idOf = (part: string) => `${providerMessageId}-${part}`;
  beforeEach(() =>
    move({
      state: 'accepted',
      accepted: { provider: 'smslocal', providerMessageId: idOf('1'), partIds: PARTS.map(idOf), segments: 3, at: new Date(ACCEPTED_AT) },
    }),
  );
  const report = (part: string, state: Receipt['state'], over: Partial<Receipt> = {}) =>
    apply({ provider: 'smslocal', providerMessageId: idOf(part), state, receivedAt: ACCEPTED_AT + 4000, ...over }, now);

  test('is delivered when all of them are', async () => {
    await report('2', 'delivered');
    await report('1', 'delivered');
    expect(await state()).toBe('accepted');
    expect((await histories.message(messageId))?.events.at(-1)).toMatchObject({
      verdict: 'pending',
      detail: 'one part is delivered, reported by smslocal',
    });
    await report('3', 'delivered');
    expect(await state()).toBe('delivered');
    expect(recording.told).toEqual([
      ['receipt', 'smslocal', 'pending'],
      ['receipt', 'smslocal', 'pending'],
      ['receipt', 'smslocal', 'delivered'],
      ['delivered', 'smslocal', 4],
    ]);
  });

  test('is undelivered when one of them is, whether it is reported first or last', async () => {
    await report('1', 'delivered');
    await report('3', 'undelivered', { code: 'REJECTD', reason: 'content' });
    expect(await histories.message(messageId)).toMatchObject({ state: 'undelivered', reason: 'content' });
    await report('2', 'delivered');
    await report('1', 'delivered');
    expect(await state()).toBe('undelivered');
  });

  test('is delivered after all when the part that failed arrives late', async () => {
    await report('1', 'undelivered');
    for (const part of PARTS) await report(part, 'delivered');
    expect(await state()).toBe('delivered');
    await report('2', 'undelivered');
    expect(await state()).toBe('delivered');
  });

  test('waits while a part is on its way, and does not change when one part is reported again', async () => {
    await report('1', 'delivered');
    for (let again = 0; again < 3; again += 1) await report('1', 'delivered');
    await report('1', 'pending');
    await report('2', 'delivered');
    expect(await state()).toBe('accepted');
    await report('3', 'delivered');
    expect(await state()).toBe('delivered');
  });

  test('in any order of its receipts ends as its parts did', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ 1: fc.boolean(), 2: fc.boolean(), 3: fc.boolean() }),
        fc.shuffledSubarray([...PARTS], { minLength: 3 }),
        fc.boolean(),
        async (arrived, order, twice) => {
          await redis.hset(keys.message(messageId), 'state', 'accepted');
          await redis.hdel(keys.message(messageId), ...PARTS.map((part) => `part:${idOf(part)}`));
          for (const part of twice ? [...order, ...order] : order) await report(part, arrived[part] ? 'delivered' : 'undelivered');
          expect(await state()).toBe(PARTS.every((part) => arrived[part]) ? 'delivered' : 'undelivered');
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a receipt for an accepted message', () => {
  test('that reports delivered ends it, with the delivery time', async () => {
    await accept();
    expect(await apply(receipt(), now)).toEqual({ kind: 'done' });
    const trace = await histories.message(messageId);
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

  test('that comes twice is a duplicate, and one that takes the word back is reordered: nothing changes', async () => {
    await accept();
    await apply(receipt(), now);
    const before = await histories.message(messageId);
    for (const state of ['delivered', 'undelivered', 'pending'] as const) {
      expect(await apply(receipt({ state }), now)).toEqual({ kind: 'done' });
    }
    expect(await histories.message(messageId)).toEqual(before);
    expect(recording.heard('receipt').map((heard) => (heard as string[])[1])).toEqual(['delivered', 'duplicate', 'reordered', 'reordered']);
    expect(recording.heard('delivered')).toHaveLength(1);
  });

  test('that says why it did not arrive leaves the reason and the code in the trace', async () => {
    await accept();
    await apply(receipt({ state: 'undelivered', code: '30007', reason: 'content' }), now);
    const trace = await histories.message(messageId);
    expect(trace).toMatchObject({ state: 'undelivered', reason: 'content' });
    expect(trace?.events.at(-1)).toMatchObject({
      verdict: 'undelivered',
      reason: 'content',
      detail: 'reported by twilio-main, code 30007',
    });
    await apply(receipt(), now);
    expect(await histories.message(messageId)).toMatchObject({ state: 'delivered', reason: null });
  });

  test('that reports pending is recorded once in the trace, however often it comes', async () => {
    await accept();
    for (let times = 0; times < 3; times += 1) await apply(receipt({ state: 'pending' }), now);
    const trace = await histories.message(messageId);
    expect(trace?.state).toBe('accepted');
    expect(trace?.events.filter(({ stage }) => stage === 'receipt')).toMatchObject([{ verdict: 'pending' }]);
    expect(recording.heard('receipt')).toEqual(Array(3).fill(['twilio-main', 'pending']));
    await apply(receipt(), now);
    expect(await state()).toBe('delivered');
  });

  test.each([
    ['before it reached us', ACCEPTED_AT + 2500, 2.5],
    ['in the future', ACCEPTED_AT + 9_000_000, 4],
    ['before the text was accepted', ACCEPTED_AT - 28_800_000, 4],
  ])('that says it was delivered %s', async (_when, at, seconds) => {
    await accept();
    await apply(receipt({ at }), now);
    expect(recording.heard('delivered')).toEqual([['twilio-main', seconds]]);
  });

  test('by a clock that lags never took less than no time', async () => {
    await accept();
    await apply(receipt({ receivedAt: ACCEPTED_AT - 10 }), now);
    expect(recording.heard('delivered')).toEqual([['twilio-main', 0]]);
  });
});

describe('a receipt that arrives before the provider’s answer', () => {
  test('waits, and is applied once the text is accepted', async () => {
    await move({ state: 'sending' });
    for (const early of [receipt(), byOurId()]) expect(await apply(early, now)).toEqual({ kind: 'early' });
    expect(recording.told).toEqual([]);
    expect(await apply(byOurId(), now, true)).toEqual({ kind: 'early' });
    expect(recording.told).toEqual([['receipt', 'twilio-main', 'early']]);
    expect(await state()).toBe('sending');
    await accept();
    expect(await apply(byOurId(), justInTime)).toEqual({ kind: 'done' });
    expect(await state()).toBe('delivered');
  });

  test.each(['queued', 'deferred', 'sending'] as const)(
    'by our id is unmatched after its maximum wait if the message still is %s',
    async (was) => {
      await move({ state: was });
      expect(await apply(byOurId(), justInTime)).toEqual({ kind: 'early' });
      expect(await apply(byOurId(), tooLate)).toEqual({ kind: 'done' });
      expect(recording.told).toEqual([['receipt', 'twilio-main', 'unmatched']]);
      expect(await state()).toBe(was);
    },
  );

  test('from far in the future waits no longer than any other', async () => {
    await move({ state: 'sending' });
    expect(await apply(receipt({ receivedAt: now.getTime() + 10 * 365 * 86_400_000 }), now)).toEqual({ kind: 'done' });
    expect(recording.told).toEqual([['receipt', 'twilio-main', 'unmatched']]);
  });

  test.each<[name: string, over: Partial<Receipt>]>([
    ['a provider’s id that nobody knows', { providerMessageId: 'SM-none' }],
    ['two ids that are not known', { messageId: 'm-none', providerMessageId: 'SM-none' }],
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

describe('a receipt for a message', () => {
  test('with unknown outcome resolves it', async () => {
    await move({ state: 'unknown', reason: 'unknown_outcome' });
    expect(await apply(byOurId(), now)).toEqual({ kind: 'done' });
    expect(await histories.message(messageId)).toMatchObject({ state: 'delivered', reason: null });
    expect(recording.told).toEqual([
      ['receipt', 'twilio-main', 'delivered'],
      ['unknownResolved', 'twilio-main', 'receipt'],
    ]);
    await apply(byOurId(), now);
    expect(recording.heard('unknownResolved')).toHaveLength(1);
  });

  test('with unknown outcome, with no final state yet, proves that it was accepted', async () => {
    await move({ state: 'unknown', reason: 'unknown_outcome' });
    await apply(byOurId({ state: 'pending' }), now);
    expect(await histories.message(messageId)).toMatchObject({
      state: 'accepted',
      reason: null,
      provider: 'twilio-main',
      providerMessageId,
    });
    expect(recording.told).toEqual([
      ['receipt', 'twilio-main', 'pending'],
      ['unknownResolved', 'twilio-main', 'receipt'],
    ]);
    await apply(receipt(), now);
    expect(await state()).toBe('delivered');
  });

  test.each(['failed', 'expired', 'cancelled', 'suppressed'] as const)(
    'that %s changes nothing, and is recorded once in the trace',
    async (was) => {
      await move({ state: was, reason: was });
      for (let times = 0; times < 2; times += 1) expect(await apply(byOurId(), now)).toEqual({ kind: 'done' });
      const trace = await histories.message(messageId);
      expect(trace).toMatchObject({ state: was, reason: was });
      expect(trace?.events).toMatchObject([{ stage: 'receipt', verdict: 'late', detail: 'says delivered, reported by twilio-main' }]);
      expect(recording.told).toEqual(Array(2).fill(['receipt', 'twilio-main', 'late']));
    },
  );

  test('that was sent again: only the attempt that was accepted can end it badly, and either can end it well', async () => {
    const record = { provider: 'twilio-main', startedAt: '' };
    await ledger.openAttempt(request({ receivedAt: ACCEPTED_AT, token: 'first', record, leaseMs: 1000, unknownsAllowed: 1 }));
    await move({ attempt: { token: 'first', number: 1, record: { ...record, result: 'unknown' } } });
    await accept();
    const ofTheFirst = byOurId({ providerMessageId: 'SM-first' });
    await apply({ ...ofTheFirst, state: 'undelivered' }, now);
    expect(await state()).toBe('accepted');
    await apply(ofTheFirst, now);
    expect(await state()).toBe('delivered');
    expect(recording.heard('receipt')).toEqual([
      ['twilio-main', 'late'],
      ['twilio-main', 'delivered'],
    ]);
  });
});

test('of a provider without a request for the message does not change its state', async () => {
  const record = { provider: 'twilio-main', startedAt: new Date(ACCEPTED_AT - 500).toISOString() };
  const opened = await ledger.openAttempt(request({ record }));
  expect(opened).toEqual({ kind: 'opened', number: 1 });
  await accept();
  const stranger = byOurId({ provider: 'alibaba-cn', providerMessageId: '1^0', state: 'undelivered' });
  expect(await apply(stranger, now)).toEqual({ kind: 'early' });
  expect(await apply(stranger, tooLate)).toEqual({ kind: 'done' });
  expect(await state()).toBe('accepted');
  expect(recording.heard('receipt').at(-1)).toEqual(['alibaba-cn', 'unmatched']);
  await apply(byOurId(), now);
  expect(await state()).toBe('delivered');
});

test('a provider that refused a text cannot end it badly, though it can say that it arrived', async () => {
  const record = { provider: 'exotel-in', startedAt: new Date(ACCEPTED_AT - 500).toISOString() };
  await ledger.openAttempt(request({ token: 'first', record }));
  await move({ attempt: { token: 'first', number: 1, record: { ...record, result: 'refused', reason: 'auth' } } });
  await ledger.openAttempt(request({ token: 'second', record: { ...record, provider: 'twilio-main' } }));
  await accept();
  const theirs = byOurId({ provider: 'exotel-in', providerMessageId: 'exo-1' });
  await apply({ ...theirs, state: 'undelivered' }, now);
  expect(await state()).toBe('accepted');
  expect(recording.heard('receipt')).toEqual([['exotel-in', 'late']]);
  await apply(theirs, now);
  expect(await state()).toBe('delivered');
});

test('of fifty concurrent receipts exactly one changes the message', async () => {
  await accept();
  await Promise.all(Array.from({ length: 50 }, () => apply(receipt(), now)));
  const states = recording.heard('receipt').map((heard) => (heard as string[])[1]);
  expect(states.filter((said) => said === 'delivered')).toHaveLength(1);
  expect(states.filter((said) => said === 'duplicate')).toHaveLength(49);
});

describe('a receipt that reports an opt-out', () => {
  const phone = () => `phone of ${messageId}`;
  const optedOut = () => byOurId({ state: 'undelivered', code: '21610', reason: 'opted_out' });

  test('opts the phone out', async () => {
    await accept();
    await apply(optedOut(), now);
    expect(await optOuts.isOptedOut(phone())).toBe(true);
    expect((await optOuts.list()).find(({ phoneHash }) => phoneHash === phone())).toMatchObject({
      to: '+60*******789',
      source: 'provider twilio-main 21610',
    });
  });

  test('does so when it comes again, since the first worker may have crashed', async () => {
    await accept();
    await ledger.applyReceipt(messageId, { ...optedOut(), receivedAt: now, at: undefined });
    await apply(optedOut(), now);
    expect(await optOuts.isOptedOut(phone())).toBe(true);
  });

  test('is as old as its text: a START since then stays', async () => {
    await accept();
    await optOuts.optIn(phone(), new Date(ACCEPTED_AT));
    await apply(optedOut(), now);
    expect(await optOuts.isOptedOut(phone())).toBe(false);
  });

  test.each<[string, () => Receipt]>([
    ['of a text that is not ours', () => ({ ...optedOut(), messageId: 'm-none', providerMessageId: 'SM-none' })],
    ['for another reason', () => byOurId({ state: 'undelivered', code: '30003', reason: 'recipient' })],
  ])('%s records no opt-out', async (_what, build) => {
    await accept();
    await apply(build(), tooLate);
    expect(await optOuts.isOptedOut(phone())).toBe(false);
  });
});
