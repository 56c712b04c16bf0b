import { beforeEach, describe, expect, test } from 'vitest';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import { createAskProvider, createLookupPlan, type LookupEnd } from '../../../src/pipeline/lookup/ask-provider.ts';
import type { Lookup } from '../../../src/pipeline/lookup/lookup.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { createReceiptReceiver, receiptOf } from '../../../src/pipeline/receipts/apply-receipt.ts';
import {
  type Accepted,
  ProviderError,
  refuse,
  type StatusQuery,
  type VendorReport,
  type VendorStatus,
} from '../../../src/provider/contract/provider.ts';
import type { VendorReceipt } from '../../../src/provider/contract/receipt-reader.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createHarness, type DispatcherHarness } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const POLL_MS = 60_000;
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });
const away = new ProviderError('unavailable', { code: 'ECONNREFUSED' });

let harness: DispatcherHarness;
let isLater: boolean;
let disproved: [messageId: string, provider: string][];
let asked: StatusQuery[];
let reported: [provider: string, receipt: VendorReceipt][];
let noResult: [provider: string, messageId: string, why: LookupEnd][];
beforeEach(() => {
  harness = createHarness(redis, prefix);
  [asked, reported, noResult, disproved] = [[], [], [], []];
  isLater = false;
});

type Says = VendorStatus | ((query: StatusQuery, signal: AbortSignal) => Promise<VendorStatus>);

/** A provider that is asked a minute after it was handed a text. */
function vendor(name: string, lines: readonly Line[], says: Says, over: { pollAfterMs?: number } = { pollAfterMs: POLL_MS }) {
  Object.assign(harness.provider(name, lines, over), {
    status: async (query: StatusQuery, signal: AbortSignal) => {
      // Right after the sending its records do not hold the text yet.
      if (!isLater) return { kind: 'unclear', error: away };
      asked.push(query);
      return typeof says === 'function' ? says(query, signal) : says;
    },
  });
}

async function ask({ id, to, text }: Message, signal = new AbortController().signal, asPlanned: Partial<Lookup> = { text }) {
  const run = createAskProvider({
    histories: createHistories(redis, harness.keys),
    targets: harness.targets,
    clock: harness.clock,
    report: async (provider, receipt) => void reported.push([provider, receipt]),
    disprove: async ({ id }, provider) => {
      disproved.push([id, provider]);
      return false;
    },
    onNoResult: (...told) => void noResult.push(told),
    onBug: (error, provider) => void harness.bugs.push({ error, provider }),
  });
  return run({ messageId: id, to, ...asPlanned }, signal);
}

/** Hands it over and lets the first wait pass. */
async function handOver(over: Partial<Message> = {}): Promise<{ message: Message; sentAt: Date }> {
  const sentAt = harness.clock.now();
  const { message } = await harness.send({ onUnknown: 'hold', ...over });
  harness.clock.at += POLL_MS;
  isLater = true;
  return { message, sentAt };
}

const done = { kind: 'done' };

describe('an accepted message without a receipt', () => {
  test('is asked for by the vendor’s id, the number and the time', async () => {
    vendor('a', [yes], { kind: 'pending' });
    const { message, sentAt } = await handOver();
    await ask(message, undefined, {});
    expect(asked).toEqual([{ id: message.id, to: message.to, sentAt, providerMessageId: 'SM1' }]);
  });

  test.each<[VendorStatus, Partial<VendorReceipt>]>([
    [{ kind: 'delivered' }, { state: 'delivered' }],
    [
      { kind: 'delivered', at: new Date('2026-11-20T03:00:04Z'), segments: 2 },
      { state: 'delivered', at: new Date('2026-11-20T03:00:04Z') },
    ],
    [
      { kind: 'undelivered', code: '30003' },
      { state: 'undelivered', code: '30003' },
    ],
    [{ kind: 'undelivered' }, { state: 'undelivered' }],
  ])('%j is taken as a receipt of it', async (status, receipt) => {
    vendor('a', [yes], status);
    const { message } = await handOver();
    expect(await ask(message)).toEqual(done);
    expect(reported).toEqual([['a', { messageId: message.id, providerMessageId: 'SM1', ...receipt }]]);
    expect(noResult).toEqual([]);
  });

  test('is asked for again after double the wait while it is pending or unclear, and given up in the end', async () => {
    vendor('a', [yes], { kind: 'unclear', error: away });
    const { message, sentAt } = await handOver();
    const minutes: number[] = [];
    for (;;) {
      minutes.push((harness.clock.at - sentAt.getTime()) / POLL_MS);
      const lookedUp = await ask(message);
      if (lookedUp.kind === 'done') break;
      harness.clock.at = lookedUp.until.getTime();
    }
    expect(minutes).toEqual([1, 3, 7, 15, 31]);
    expect(noResult).toEqual([['a', message.id, { kind: 'given_up', error: away }]]);
    expect(reported).toEqual([]);
  });

  test('that is not in the records of the vendor is reported and not queried again', async () => {
    vendor('a', [yes], { kind: 'absent' });
    const { message } = await handOver();
    expect(await ask(message)).toEqual(done);
    expect(noResult).toEqual([['a', message.id, { kind: 'absent' }]]);
    expect(reported).toEqual([]);
  });

  test('is asked for again when the adapter throws, which is a bug in it', async () => {
    const bug = new TypeError('cannot read properties of undefined');
    vendor('a', [yes], () => Promise.reject(bug));
    const { message } = await handOver();
    expect(await ask(message)).toMatchObject({ kind: 'again' });
    expect(harness.bugs).toEqual([{ error: bug, provider: 'a' }]);
  });

  test('whose query we aborted is queried again, without using up a try', async () => {
    const stop = new AbortController();
    vendor('a', [yes], async () => {
      stop.abort(new Error('shutting down'));
      return { kind: 'unclear', error: new ProviderError('unavailable', { code: 'aborted' }) };
    });
    const { message } = await handOver();
    await expect(ask(message, stop.signal)).rejects.toThrow('shutting down');
    expect(noResult).toEqual([]);
  });

  test('asks the provider that took it after others refused', async () => {
    vendor('a', [refuse('balance')], { kind: 'delivered' });
    vendor('b', [{ kind: 'accepted', providerMessageId: 'SM-b' }], { kind: 'delivered' });
    const { message } = await handOver();
    await ask(message);
    expect(asked).toMatchObject([{ providerMessageId: 'SM-b' }]);
    expect(reported).toMatchObject([['b', { providerMessageId: 'SM-b' }]]);
  });
});

describe('a held message that the vendor never accepted', () => {
  test('is taken as such, where the config says nothing about asking too', async () => {
    vendor('a', [silence], { kind: 'absent' }, {});
    const { message } = await handOver();
    expect(await ask(message)).toEqual(done);
    expect(disproved).toEqual([[message.id, 'a']]);
  });
});

describe('no provider is queried', () => {
  test('once a receipt has reported the final state', async () => {
    vendor('a', [yes], { kind: 'delivered' });
    const { message } = await handOver();
    await harness.ledger.applyReceipt(message.id, { provider: 'a', state: 'undelivered', receivedAt: harness.clock.now() });
    expect(await ask(message)).toEqual(done);
    expect(asked).toEqual([]);
  });

  test('about a message that surely was not sent, or is unknown', async () => {
    vendor('a', [refuse('recipient')], { kind: 'delivered' });
    const { message } = await handOver();
    expect(await ask(message)).toEqual(done);
    expect(await ask({ ...message, id: 'm-none' })).toEqual(done);
    expect(asked).toEqual([]);
  });

  test('when the config no longer says so', async () => {
    vendor('a', [yes], { kind: 'delivered' });
    const { message } = await handOver();
    vendor('a', [yes], { kind: 'delivered' }, {});
    expect(await ask(message)).toEqual(done);
    harness.targets.delete('a');
    expect(await ask(message)).toEqual(done);
    expect(asked).toEqual([]);
  });
});

describe('a message with unknown outcome', () => {
  test('is asked for by what it says', async () => {
    vendor('a', [silence], { kind: 'unclear', error: away });
    const { message, sentAt } = await handOver();
    expect(await ask(message)).toMatchObject({ kind: 'again' });
    expect(asked).toEqual([{ id: message.id, to: message.to, sentAt, text: message.text }]);
  });

  test.each(['delivered', 'undelivered'] as const)('is settled by a late %s', async (kind) => {
    vendor('a', [silence], { kind, providerMessageId: 'SM9' });
    const { message } = await handOver();
    expect(await ask(message)).toEqual(done);
    await applyReported();
    expect(await harness.trace(message)).toMatchObject({ state: kind, reason: null });
    expect(harness.heard('unknownResolved')).toEqual([
      ['a', 'held'],
      ['a', 'receipt'],
    ]);
  });

  test('is accepted once the vendor says that it has it, and asked for again by its id', async () => {
    vendor('a', [silence], { kind: 'pending', providerMessageId: 'SM9' });
    const { message } = await handOver();
    const lookedUp = await ask(message);
    expect(lookedUp).toMatchObject({ kind: 'again' });
    await applyReported();
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted', provider: 'a', providerMessageId: 'SM9' });
    await ask(message);
    expect(asked[1]).toMatchObject({ providerMessageId: 'SM9' });
    expect(reported).toHaveLength(1);
  });

  /** As the worker of the queue `sms-receipts` does. */
  async function applyReported(): Promise<void> {
    const apply = createReceiptReceiver(harness.ledger, harness.observer, harness.optOuts);
    const now = harness.clock.now();
    for (const [provider, receipt] of reported) expect(await apply(receiptOf(provider, receipt, now), now, true)).toEqual(done);
  }
});

describe('a status query is scheduled', () => {
  const plan = async (
    name: string,
    accepted: Accepted | undefined,
    add = async (..._: [Lookup, number]): Promise<void> => undefined,
    said?: VendorReport,
  ) => {
    const added: [Lookup, number][] = [];
    const errors: unknown[] = [];
    const message = harness.message();
    const onHandedOver = createLookupPlan({
      targets: harness.targets,
      add: async (...what) => {
        await add(...what);
        added.push(what);
      },
      report: async (provider, receipt) => void reported.push([provider, receipt]),
      onError: (error) => void errors.push(error),
    });
    await onHandedOver(message, name, accepted, said);
    return { added, errors, message };
  };

  test('for a text that was accepted, without what it says', async () => {
    vendor('a', [yes], { kind: 'pending' });
    const { added, message } = await plan('a', yes);
    expect(added).toEqual([[{ messageId: message.id, to: message.to }, POLL_MS]]);
  });

  test.each([undefined, { kind: 'accepted' } as const])('with what it says where the vendor gave no id (%j)', async (accepted) => {
    vendor('a', [yes], { kind: 'pending' });
    const { added, message } = await plan('a', accepted);
    expect(added).toEqual([[{ messageId: message.id, to: message.to, text: message.text }, POLL_MS]]);
  });

  test('for one with unknown outcome, with any config, after a minute, where the vendor can be queried', async () => {
    vendor('a', [silence], { kind: 'pending' }, {});
    harness.provider('b', [silence]);
    const { added, message } = await plan('a', undefined);
    expect(added).toEqual([[{ messageId: message.id, to: message.to, text: message.text }, 60_000]]);
    expect((await plan('b', undefined)).added).toEqual([]);
  });

  test.each(['delivered', 'undelivered'] as const)('no more once the vendor has said %s: that is taken as a receipt', async (kind) => {
    vendor('a', [silence], { kind });
    const { added, message } = await plan('a', { kind: 'accepted' }, undefined, { kind, providerMessageId: 'SM9' });
    expect(reported).toEqual([['a', { messageId: message.id, providerMessageId: 'SM9', state: kind }]]);
    expect(added).toEqual([]);
  });

  test('not where the config does not say so, and not where the vendor cannot be asked', async () => {
    vendor('a', [yes], { kind: 'pending' }, {});
    harness.provider('b', [yes], { pollAfterMs: POLL_MS });
    expect((await plan('a', yes)).added).toEqual([]);
    expect((await plan('b', yes)).added).toEqual([]);
    expect((await plan('none', yes)).added).toEqual([]);
  });

  test('and an error of Redis is reported, not thrown', async () => {
    vendor('a', [yes], { kind: 'pending' });
    const error = new Error('OOM command not allowed');
    expect((await plan('a', yes, () => Promise.reject(error))).errors).toEqual([error]);
  });
});
