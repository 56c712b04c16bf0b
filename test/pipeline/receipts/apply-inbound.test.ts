import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import { type E164, phoneHashes } from '../../../src/alert/phone/phone.ts';
import { createInboundLog, createSeenInbound } from '../../../src/ledger/inbound/kept-inbound.ts';
import { createOptOuts } from '../../../src/ledger/opt-out/opt-outs.ts';
import type { Answered, Reply } from '../../../src/pipeline/receipts/acknowledge-reply.ts';
import { createInboundReceiver, type Inbound, inboundOf, inboundSchema } from '../../../src/pipeline/receipts/apply-inbound.ts';
import { createKeys, INBOUND_LENGTH } from '../../../src/redis/keys.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const optOuts = createOptOuts(redis, keys);
const seen = createSeenInbound(redis, keys);
const NOW = Date.parse('2026-11-20T03:00:00Z');

const UNMATCHED: Answered = { kind: 'unmatched', reason: 'no_code' };

function receiver({ answered = UNMATCHED, contact = undefined as string | undefined } = {}) {
  const recording = createRecordingObserver();
  const replies: Reply[] = [];
  const acknowledgeByReply = vi.fn(async (reply: Reply) => {
    replies.push(reply);
    return answered;
  });
  const log = createInboundLog(redis, createKeys(`${prefix}:${randomUUID().slice(0, 8)}`));
  const contactOf = () => contact;
  const receive = createInboundReceiver({ seen, optOuts, acknowledgeByReply, log, contactOf, observer: recording.observer });
  const kept = async () => (await log.newest(100)).entries;
  return { receive, replies, acknowledgeByReply, kept, kinds: () => recording.heard('inbound').map((told) => (told as string[])[1]) };
}

const inbound = (text: string, over: Partial<Inbound> = {}): Inbound => ({
  provider: 'twilio-main',
  providerMessageId: `SM-${randomUUID()}`,
  phoneHash: randomUUID(),
  from: '+60*******789',
  text,
  receivedAt: NOW,
  ...over,
});

describe('an inbound message', () => {
  test('as STOP opts its phone out, as START in again', async () => {
    const { receive, kinds, replies } = receiver();
    const stop = inbound('Stop.');
    const { phoneHash } = stop;
    await receive(stop);
    expect((await optOuts.list()).find((entry) => entry.phoneHash === phoneHash)).toEqual({
      phoneHash,
      to: '+60*******789',
      since: new Date(NOW),
      source: 'inbound twilio-main',
    });
    await receive(inbound('START', { phoneHash, receivedAt: NOW + 1 }));
    expect(await optOuts.isOptedOut(phoneHash)).toBe(false);
    expect(kinds()).toEqual(['stop', 'start']);
    expect(replies).toEqual([]);
  });

  test.each([
    ['arret', 'stop', 'stop'],
    ['encore', 'start', 'start'],
    ['STOP', 'start', 'stop'],
  ] as const)('as %j, which its vendor took for %s, is a %s', async (text, word, kind) => {
    const { receive, kinds } = receiver();
    await receive(inbound(text, { word }));
    expect(kinds()).toEqual([kind]);
  });

  test.each<Answered>([{ kind: 'acknowledged', alerts: ['a-1'] }, UNMATCHED])('as anything else is an answer: $kind', async (answered) => {
    const { receive, kinds, replies } = receiver({ answered });
    const text = inbound('ok K7');
    await receive(text);
    const id = `twilio-main ${text.providerMessageId}`;
    expect(replies).toEqual([{ id, phoneHash: text.phoneHash, contact: null, text: 'ok K7', at: new Date(NOW) }]);
    expect(kinds()).toEqual([answered.kind]);
  });

  test('twice counts once, and a STOP that comes again does not undo the START after it', async () => {
    const { receive, kinds } = receiver();
    const stop = inbound('STOP');
    const { phoneHash } = stop;
    await receive(stop);
    await receive(inbound('START', { phoneHash, receivedAt: NOW + 1_000 }));
    await receive({ ...stop, receivedAt: NOW + 2_000 });
    expect(await optOuts.isOptedOut(phoneHash)).toBe(false);
    expect(kinds()).toEqual(['stop', 'start', 'duplicate']);
    // another provider's ids are another's
    await receive({ ...stop, provider: 'twilio-spare', receivedAt: NOW + 3_000 });
    expect(kinds().at(-1)).toBe('stop');
  });

  test('twice at the same time counts once', async () => {
    const { receive, kinds } = receiver();
    const stop = inbound('STOP');
    await Promise.all([receive(stop), receive(stop), receive(stop)]);
    expect(kinds().sort()).toEqual(['duplicate', 'duplicate', 'stop']);
  });

  test('and could not be processed comes back, and is then processed', async () => {
    const { receive, kinds, acknowledgeByReply } = receiver();
    acknowledgeByReply.mockRejectedValueOnce(new Error('away'));
    const text = inbound('ok');
    await expect(receive(text)).rejects.toThrow('away');
    await receive(text);
    expect(kinds()).toEqual(['unmatched']);
  });
});

describe('an inbound message is stored', () => {
  test('with who sent it and what was made of it, the newest first', async () => {
    const { receive, kept } = receiver({ contact: 'alice' });
    await receive(inbound('STOP'));
    await receive(inbound('START', { receivedAt: NOW + 1_000 }));
    await receive(inbound('who is this?', { receivedAt: NOW + 2_000 }));
    expect(await kept()).toMatchObject([
      {
        at: '2026-11-20T03:00:02.000Z',
        from: '+60*******789',
        contact: 'alice',
        text: 'who is this?',
        kind: 'unmatched',
        reason: 'no_code',
      },
      { kind: 'start', reason: null },
      { kind: 'stop', alerts: [] },
    ]);
  });

  test.each([
    ['a\u001b[2Jb\u0000\u009bc', 'a [2Jb c'],
    ['right\u202eleft\u2066x', 'right left x'],
    ['two\r\nlines', 'two lines'],
    ['ünïcödé 好 👍🏽', 'ünïcödé 好 👍🏽'],
  ])('%j without what a terminal would obey, and otherwise whole', async (text, shown) => {
    const { receive, kept } = receiver();
    await receive(inbound(text));
    expect((await kept()).map((entry) => entry.text)).toEqual([shown]);
  });

  test('once, though it is processed twice', async () => {
    const { receive, kept } = receiver();
    const text = inbound('hello');
    await Promise.all([receive(text), receive(text)]);
    await receive(text);
    expect(await kept()).toHaveLength(1);
  });

  test('up to a bound: the oldest goes first', async () => {
    const log = createInboundLog(redis, createKeys(`${prefix}:${randomUUID().slice(0, 8)}`));
    const entry = { provider: 't', from: 'x', contact: null, kind: 'unmatched', reason: 'no_code', alerts: [] } as const;
    for (let n = 0; n < INBOUND_LENGTH + 3; n++) await log.keep(`SM${n}`, { ...entry, at: new Date(NOW + n).toISOString(), text: `${n}` });
    const { total, entries } = await log.newest(INBOUND_LENGTH * 2);
    expect([total, entries.length, entries[0]?.text, entries.at(-1)?.text]).toEqual([
      INBOUND_LENGTH,
      INBOUND_LENGTH,
      `${INBOUND_LENGTH + 2}`,
      '3',
    ]);
  });
});

describe('the job on the queue', () => {
  let past = 0;
  /** Each later than all before: some texts here come from one phone. */
  const later = () => new Date(NOW + ++past);
  const said = { providerMessageId: 'SM1', text: 'STOP' };

  test('contains no full number, and the hash under which messages to that phone are stored', () => {
    const waiting = inboundOf('twilio-main', { ...said, from: '+60123456789', word: 'stop' }, new Date(NOW));
    expect(waiting).toMatchObject({ provider: 'twilio-main', ...said, from: '+60*******789', word: 'stop', receivedAt: NOW });
    expect(JSON.stringify(waiting)).not.toContain('23456');
    expect(inboundOf('t', { ...said, from: '+60 12-345 6789' }, new Date(NOW)).phoneHash).toBe(waiting.phoneHash);
  });

  test.each(['12345', 'BANK', '', 'whatsapp:+60123456789', '60123456789', '+22507123456', '+52 1 55 5555 0101', '\u0000'])(
    'a STOP from %j is not lost, with any format of the sender, and a START revokes it',
    async (from) => {
      const { receive, kinds } = receiver();
      const stop = inboundSchema.parse(inboundOf('t', { ...said, providerMessageId: randomUUID(), from }, later()));
      await receive(stop);
      expect((await optOuts.list()).find(({ phoneHash }) => phoneHash === stop.phoneHash)).toMatchObject({ source: 'inbound t' });
      await receive(inboundOf('t', { providerMessageId: randomUUID(), text: 'START', from }, later()));
      expect(await optOuts.isOptedOut(stop.phoneHash)).toBe(false);
      expect(kinds()).toEqual(['stop', 'start']);
    },
  );

  test.each([
    ['+5215555550101', '+525555550101'],
    ['+541155550102', '+5491155550102'],
    ['+551191234567', '+5511991234567'],
    ['+22507123456', '+22507123456'],
  ])('a STOP from %s applies to messages to %s', async (from, to) => {
    const { receive } = receiver();
    await receive(inboundOf('t', { ...said, providerMessageId: randomUUID(), from }, later()));
    expect(await optOuts.isOptedOut(...phoneHashes(to as E164))).toBe(true);
  });

  test('a START from one spelling takes back what an earlier version kept under the other one', async () => {
    const { receive } = receiver();
    const former = hash('phone', '+541155550177');
    await optOuts.optOut({ phoneHash: former, to: '+54*******177', since: later(), source: 'operator' });
    expect(await optOuts.isOptedOut(...phoneHashes('+5491155550177' as E164))).toBe(true);
    const start = inboundOf('t', { providerMessageId: randomUUID(), text: 'START', from: '+5491155550177' }, later());
    await receive(inboundSchema.parse(start));
    expect(await optOuts.isOptedOut(former)).toBe(false);
  });
});
