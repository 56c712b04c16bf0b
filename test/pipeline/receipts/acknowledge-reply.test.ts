import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import type { MessageState } from '../../../src/ledger/history/history.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import type { Reply } from '../../../src/pipeline/receipts/acknowledge-reply.ts';
import { createAcknowledgeByReply } from '../../../src/pipeline/receipts/acknowledge-reply.ts';
import type { Confirmable } from '../../../src/pipeline/receipts/confirm-reply.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const PHONE = 'phone-hash';
const AT = new Date(9_000);

let ledger: Ledger;
let histories: ReturnType<typeof createHistories>;
let recording: ReturnType<typeof createRecordingObserver>;
let confirmed: Confirmable[];
let reply: (text: string, phoneHash?: string, more?: Partial<Reply>) => Promise<string>;
beforeEach(() => {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
  histories = createHistories(redis, keys);
  recording = createRecordingObserver();
  confirmed = [];
  const acknowledge = (alertId: string, by: string, at: Date, run: string) => ledger.acknowledge({ alertId, by, at, run });
  const confirm = async (confirmable: Confirmable) => void confirmed.push(confirmable);
  const byReply = createAcknowledgeByReply({ ledger, histories, acknowledge, confirm, observer: recording.observer });
  reply = async (text, phoneHash = PHONE, more = {}) => {
    const answered = await byReply({ id: randomUUID(), phoneHash, contact: null, text, at: AT, ...more });
    return answered.kind === 'acknowledged' ? 'acknowledged' : answered.reason;
  };
});

/** An alert that has texted this phone with a code. */
async function texted(
  id: string,
  code: string,
  {
    state = 'accepted',
    key = id,
    at = 1_000,
    simulated = false,
  }: { state?: MessageState; key?: string; at?: number; simulated?: boolean } = {},
) {
  const dedupHash = hash('dedup', key);
  const times = { createdAt: at, expiresAt: at + 60_000 };
  const message = messageRecord(`m-${id}`, id, { phoneHash: PHONE, ...times, state: state as 'queued' });
  await ledger.admit(routedAlert(id, { dedupKey: key, dedupHash, receivedAt: at, dedupeForMs: 0, messages: [message] }), randomUUID());
  await ledger.codes.claim(message, [code], new Date(at));
  if (!simulated) return;
  const record = { provider: 'desk', startedAt: new Date(at).toISOString(), simulated } as const;
  const asked = { dedupHash, phoneHash: PHONE, receivedAt: at, token: id, leaseMs: 1 };
  await ledger.openAttempt(attemptRequest(message.id, { ...asked, record: { ...record, simulated: true } }));
  await ledger.move({
    ...{ messageId: message.id, alertId: id, dedupHash, run: id, events: [], state: 'accepted' },
    accepted: { provider: 'desk', segments: 1, at: new Date(at) },
    attempt: { token: id, number: 1, record: { ...record, simulated: true, result: 'accepted' } },
  });
}
const acknowledged = async (id: string) => (await histories.alert(id))?.events.map(({ detail }) => detail);

test.each(['K7Q2', 'k7q2', 'Ack K7Q2', 'ok k7q2 on it', 'Re: CRITICAL: Disk full Ack: reply K7Q2'])(
  '"%s" acknowledges the alert',
  async (text) => {
    await texted('a-1', 'K7Q2');
    await texted('a-2', 'M3PX');
    expect(await reply(text)).toBe('acknowledged');
    expect(await acknowledged('a-1')).toEqual(['+60*******789 (reply)']);
    expect(await acknowledged('a-2')).toEqual([]);
    expect(recording.told).toEqual([['acknowledged', 'reply']]);
  },
);

test.each([
  ['K7Q3', 'unknown_code'],
  ['no', 'no_code'],
  ['thanks, will look', 'no_code'],
  ['', 'no_code'],
  ['ok k7q', 'no_code'],
])('"%s" is no answer to it: %s', async (text, reason) => {
  await texted('a-1', 'K7Q2');
  expect(await reply(text)).toBe(reason);
  expect(await acknowledged('a-1')).toEqual([]);
  expect(recording.told).toEqual([]);
});

it('acknowledges all alerts whose codes it contains', async () => {
  await texted('a-1', 'K7Q2');
  await texted('a-2', 'M3PX');
  expect(await reply('k7q2 m3px')).toBe('acknowledged');
  expect(recording.heard('acknowledged')).toEqual(['reply', 'reply']);
});

it('knows a code of this phone only', async () => {
  await texted('a-1', 'K7Q2');
  expect(await reply('K7Q2', 'another-phone')).toBe('unknown_code');
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
    expect(await acknowledged('a-2')).toEqual(['+60*******789 (reply)']);
  });

  it('means the newest of several messages about one problem', async () => {
    await texted('a-1', 'K7Q2', { key: 'disk', at: 1_000 });
    await texted('a-2', 'M3PX', { key: 'disk', at: 2_000 });
    expect(await reply('ack')).toBe('acknowledged');
    expect(await acknowledged('a-2')).toHaveLength(1);
  });

  it('means nothing where two problems are open', async () => {
    await texted('a-1', 'K7Q2');
    await texted('a-2', 'M3PX');
    expect(await reply('ok')).toBe('ambiguous');
  });

  it('means messages that reached the phone before those of a trial, and simulated ones only where no other is open', async () => {
    await texted('a-1', 'K7Q2', { at: 1_000, state: 'queued', simulated: true });
    await texted('a-2', 'M3PX', { at: 2_000 });
    expect(await reply('ok')).toBe('acknowledged');
    expect([await acknowledged('a-1'), await acknowledged('a-2')]).toEqual([[], ['+60*******789 (reply)']]);
    expect(await reply('ok')).toBe('acknowledged');
    expect(await acknowledged('a-1')).toEqual(['+60*******789 (reply)']);
  });

  it('means nothing where none is, and nothing that has not been sent', async () => {
    expect(await reply('ok')).toBe('nothing_open');
    await texted('a-1', 'K7Q2', { state: 'deferred' });
    expect(await reply('ok')).toBe('nothing_open');
    await texted('a-2', 'M3PX', { state: 'unknown' });
    expect(await reply('ok')).toBe('acknowledged');
    expect(await reply('ok')).toBe('nothing_open');
  });
});

it('reports that a resolved alert is resolved', async () => {
  await texted('a-1', 'K7Q2', { at: 1_000 });
  await ledger.resolve(hash('dedup', 'a-1'), new Date(3_000));
  expect(await reply('K7Q2')).toBe('already_resolved');
  expect(confirmed).toEqual([]);
});

it('names the contact whose phone it is', async () => {
  await texted('a-1', 'K7Q2');
  await reply('K7Q2', PHONE, { contact: 'alice' });
  expect(await acknowledged('a-1')).toEqual(['contact alice (reply)']);
});

describe('a confirmation', () => {
  const to = '+60123456789';

  it('is for the reply that acknowledged, and for no later one', async () => {
    await texted('a-1', 'K7Q2', { key: 'db-1/full' });
    await reply('K7Q2', PHONE, { to, contact: 'alice' });
    await reply('K7Q2', PHONE, { to, contact: 'alice' });
    await reply('ok', PHONE, { to });
    expect(confirmed).toEqual([{ alertId: 'a-1', route: 'default', to, contact: 'alice', dedupKey: 'db-1/full', at: AT }]);
  });

  it('is asked for again by the same text, whose worker may have crashed before', async () => {
    await texted('a-1', 'K7Q2');
    for (const _ of [1, 2]) await reply('K7Q2', PHONE, { to, id: 'twilio-main SM1' });
    expect(confirmed.map(({ alertId }) => alertId)).toEqual(['a-1', 'a-1']);
  });

  it('says of what the simulator took that it did, so that no real provider sends it', async () => {
    await texted('a-1', 'K7Q2', { state: 'queued', simulated: true });
    await reply('K7Q2', PHONE, { to });
    expect(confirmed).toMatchObject([{ alertId: 'a-1', simulated: true }]);
  });

  it('goes nowhere when the number is not known', async () => {
    await texted('a-1', 'K7Q2');
    expect(await reply('K7Q2')).toBe('acknowledged');
    expect(confirmed).toEqual([]);
  });
});
