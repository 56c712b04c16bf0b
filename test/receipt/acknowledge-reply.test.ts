import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { hash } from '../../src/alert/id.ts';
import type { Ledger, MessageRecord } from '../../src/ledger/ledger.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createTraces } from '../../src/ledger/redis-traces.ts';
import type { MessageState } from '../../src/ledger/trace.ts';
import { createAcknowledgeByReply } from '../../src/receipt/acknowledge-reply.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { createRecordingObserver } from '../support/recording-observer.ts';
import { testRedis } from '../support/redis.ts';

const { redis, prefix } = testRedis();
const PHONE = 'phone-hash';
const AT = new Date(9_000);

let ledger: Ledger;
let traces: ReturnType<typeof createTraces>;
let recording: ReturnType<typeof createRecordingObserver>;
let reply: (text: string, phoneHash?: string) => Promise<'acknowledged' | 'unmatched'>;
beforeEach(() => {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
  traces = createTraces(redis, keys);
  recording = createRecordingObserver();
  const acknowledge = (alertId: string, by: string, at: Date) => ledger.acknowledge({ alertId, by, at, run: randomUUID() });
  const byReply = createAcknowledgeByReply({ ledger, traces, acknowledge, observer: recording.observer });
  reply = (text, phoneHash = PHONE) => byReply({ phoneHash, text, at: AT });
});

/** An alert that has texted this phone with a code. */
async function texted(
  id: string,
  code: string,
  { state = 'accepted', key = id, at = 1_000 }: { state?: MessageState; key?: string; at?: number } = {},
) {
  const card = { severity: 'critical', purpose: 'alert', status: 'firing', dedupKey: key, receivedAt: at, events: [] } as const;
  const message: MessageRecord = {
    id: `m-${id}`,
    alertId: id,
    to: '+60*******789',
    phoneHash: PHONE,
    contact: null,
    severity: 'critical',
    route: 'default',
    segments: 1,
    createdAt: at,
    expiresAt: at + 60_000,
    state: state as 'queued',
    reason: null,
    until: null,
    events: [],
  };
  await ledger.admit({ ...card, id, dedupHash: hash('dedup', key), dedupeForMs: 0, messages: [message] }, randomUUID());
  await ledger.codes.claim(message, [code], new Date(at));
}
const acknowledged = async (id: string) => (await traces.alert(id))?.events.map(({ detail }) => detail);

test.each(['K7Q2', 'k7q2', 'Ack K7Q2', 'ok k7q2 on it', 'Re: CRITICAL: Disk full Ack: reply K7Q2'])(
  '"%s" takes care of the alert',
  async (text) => {
    await texted('a-1', 'K7Q2');
    await texted('a-2', 'M3PX');
    expect(await reply(text)).toBe('acknowledged');
    expect(await acknowledged('a-1')).toEqual(['reply from +60*******789']);
    expect(await acknowledged('a-2')).toEqual([]);
    expect(recording.told).toEqual([['acknowledged', 'reply']]);
  },
);

test.each(['K7Q3', 'no', 'thanks, will look', '', 'ok k7q'])('"%s" is no answer to it', async (text) => {
  await texted('a-1', 'K7Q2');
  expect(await reply(text)).toBe('unmatched');
  expect(await acknowledged('a-1')).toEqual([]);
  expect(recording.told).toEqual([]);
});

it('takes care of all whose codes are named', async () => {
  await texted('a-1', 'K7Q2');
  await texted('a-2', 'M3PX');
  expect(await reply('k7q2 m3px')).toBe('acknowledged');
  expect(recording.heard('acknowledged')).toEqual(['reply', 'reply']);
});

it('knows a code of this phone only', async () => {
  await texted('a-1', 'K7Q2');
  expect(await reply('K7Q2', 'another-phone')).toBe('unmatched');
});

it('understands a code again, and counts it once', async () => {
  await texted('a-1', 'K7Q2');
  await reply('K7Q2');
  expect(await reply('K7Q2')).toBe('acknowledged');
  expect(recording.heard('acknowledged')).toHaveLength(1);
});

describe('a word without a code', () => {
  it('means the one problem that is open', async () => {
    await texted('a-1', 'K7Q2', { at: 1_000 });
    await texted('a-2', 'M3PX', { at: 2_000 });
    await ledger.resolve(hash('dedup', 'a-1'), new Date(3_000));
    expect(await reply('ok')).toBe('acknowledged');
    expect(await acknowledged('a-2')).toEqual(['reply from +60*******789']);
  });

  it('means the newest of several texts about one problem', async () => {
    await texted('a-1', 'K7Q2', { key: 'disk', at: 1_000 });
    await texted('a-2', 'M3PX', { key: 'disk', at: 2_000 });
    expect(await reply('ack')).toBe('acknowledged');
    expect(await acknowledged('a-2')).toHaveLength(1);
  });

  it('means nothing where two problems are open', async () => {
    await texted('a-1', 'K7Q2');
    await texted('a-2', 'M3PX');
    expect(await reply('ok')).toBe('unmatched');
  });

  it('means nothing where none is, and nothing that has not been sent', async () => {
    expect(await reply('ok')).toBe('unmatched');
    await texted('a-1', 'K7Q2', { state: 'deferred' });
    expect(await reply('ok')).toBe('unmatched');
    await texted('a-2', 'M3PX', { state: 'unknown' });
    expect(await reply('ok')).toBe('acknowledged');
    expect(await reply('ok')).toBe('unmatched');
  });
});
