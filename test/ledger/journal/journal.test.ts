import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createJournal } from '../../../src/ledger/journal/journal.ts';
import type { AlertEntry, JournalEntry, MessageEntry } from '../../../src/ledger/journal/journal-entry.ts';
import type { ClosedAttempt, Move } from '../../../src/ledger/ledger.ts';
import type { RoutedAlert } from '../../../src/ledger/records.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createUnknowns } from '../../../src/ledger/unknown/unknowns.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();

let keys = createKeys(prefix);
let ledger = createLedger(redis, keys);
let journal = createJournal(redis, keys);
let unknowns = createUnknowns(redis, keys);
let seen: string | undefined;
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
  journal = createJournal(redis, keys);
  unknowns = createUnknowns(redis, keys);
  seen = undefined;
});

/** What has been written since the last time, without place and time. */
async function news(): Promise<(AlertEntry | MessageEntry)[]> {
  const entries = await journal.since(seen, 100);
  seen = entries.at(-1)?.seq ?? seen;
  return entries.map((entry) => (entry.kind === 'alert' ? entry.alert : entry.message));
}

/** Makes a step twice, as a client whose reply was lost does, and gives what it wrote. */
async function twice(step: () => Promise<unknown>): Promise<(AlertEntry | MessageEntry)[]> {
  await step();
  const written = await news();
  await step();
  expect(await news()).toEqual([]);
  return written;
}

const alert = (over: Partial<RoutedAlert> = {}): RoutedAlert =>
  routedAlert('a', { messages: [messageRecord('m', 'a', { contact: 'alice' })], ...over });
const admit = async (over: Partial<RoutedAlert> = {}): Promise<void> => {
  await ledger.admit(alert(over), 'r');
  await news();
};

const attempt = (token: string, result: ClosedAttempt['record']['result'], over: object = {}): ClosedAttempt => ({
  token,
  number: 1,
  record: { provider: 'p', startedAt: '2026-11-20T03:00:00.000Z', endedAt: '2026-11-20T03:00:01.000Z', result, ...over },
});
const open = async (token: string, unknownsAllowed = 0): Promise<void> => {
  expect(await ledger.openAttempt(attemptRequest('m', { token, unknownsAllowed }))).toMatchObject({ kind: 'opened' });
};
const move = (state: Move['state'], over: Partial<Move> = {}) =>
  ledger.move({ messageId: 'm', alertId: 'a', dedupHash: 'db', run: 'r', state, events: [], ...over });
const accepted = { provider: 'p', providerMessageId: 'P1', segments: 1, at: new Date(2_000) };
const line = (state: MessageEntry['state'], over: Partial<MessageEntry> = {}): MessageEntry => ({
  id: 'm',
  alertId: 'a',
  state,
  reason: null,
  provider: null,
  attempt: null,
  ...over,
});
const event = { at: '2026-11-20T03:00:00.000Z', stage: 'operator', verdict: 'replayed' };

it('has nothing before its first entry, however that is written', async () => {
  await admit();
  for (const before of ['0-0', '00-0', '0-000']) expect(await journal.newest(10, before)).toEqual([]);
  expect(await journal.newest(10, '0-1')).toEqual([]);
  expect(await journal.newest(10, '9999999999999999-9999999999999999')).toHaveLength(1);
});

describe('an alert', () => {
  it('that becomes messages writes a line, and none for those that wait for a dispatcher', async () => {
    const messages = [messageRecord('m', 'a', { contact: 'alice' }), messageRecord('n', 'a')];
    expect(await twice(() => ledger.admit(alert({ messages }), 'r'))).toEqual([
      { id: 'a', severity: 'critical', outcome: 'routed', reason: null, dedupKey: 'db/down', contacts: ['alice'], messages: 2 },
    ]);
  });

  it('writes a line for each message that is put off, or has ended, from the start', async () => {
    const messages = [
      messageRecord('m', 'a', { state: 'suppressed', reason: 'no_consent' }),
      messageRecord('n', 'a', { state: 'deferred', reason: 'escalation', until: new Date(9_000) }),
      messageRecord('o', 'a'),
    ];
    expect(await twice(() => ledger.admit(alert({ messages }), 'r'))).toEqual([
      expect.objectContaining({ outcome: 'routed', messages: 3 }),
      line('suppressed', { reason: 'no_consent' }),
      line('deferred', { id: 'n', reason: 'escalation' }),
    ]);
  });

  it('that is a duplicate of another one writes nothing before it is settled', async () => {
    await admit();
    await ledger.admit(alert({ id: 'b', messages: [messageRecord('m-b', 'b')] }), 'r');
    expect(await news()).toEqual([]);
  });

  it('that is a duplicate at one of its phones says so of that message', async () => {
    await admit();
    const messages = ['phone', 'other'].map((phoneHash) => messageRecord(`m-${phoneHash}`, 'b', { phoneHash }));
    expect(await twice(() => ledger.admit(alert({ id: 'b', messages }), 'r'))).toMatchObject([
      { id: 'b', outcome: 'routed', messages: 2 },
      { id: 'm-phone', alertId: 'b', state: 'suppressed', reason: 'duplicate', provider: null, attempt: null },
    ]);
  });

  it.each([
    ['suppressed', 'below_severity'],
    ['malformed', 'malformed'],
  ] as const)('that is %s writes a line', async (outcome, reason) => {
    expect(await twice(() => ledger.settleAlert({ ...alert(), outcome, reason }, 'r'))).toEqual([
      { id: 'a', severity: 'critical', outcome, reason, dedupKey: 'db/down', contacts: [], messages: 0 },
    ]);
  });

  it('that was settled by another run writes none', async () => {
    await ledger.settleAlert({ ...alert(), outcome: 'suppressed', reason: 'expired' }, 'r');
    await news();
    await ledger.settleAlert({ ...alert(), outcome: 'suppressed', reason: 'expired' }, 's');
    await ledger.admit(alert(), 's');
    expect(await news()).toEqual([]);
  });

  it('that is acknowledged writes a line, the first time', async () => {
    await admit();
    const acknowledge = (run: string) => ledger.acknowledge({ alertId: 'a', by: 'http by alice', at: new Date(2_000), run });
    expect(await twice(() => acknowledge('r'))).toEqual([
      { id: 'a', severity: 'critical', outcome: 'acknowledged', reason: null, dedupKey: 'db/down', contacts: [], messages: 0 },
    ]);
    await acknowledge('s');
    expect(await news()).toEqual([]);
  });
});

describe('a message', () => {
  it.each([
    ['suppressed', 'opted_out'],
    ['expired', 'expired'],
    ['cancelled', 'resolved'],
    ['failed', 'malformed'],
  ] as const)('that ends as %s writes a line, and nothing after it', async (state, reason) => {
    await admit();
    expect(await twice(() => move(state, { reason }))).toEqual([line(state, { reason })]);
    await move('cancelled', { run: 's', reason: 'acknowledged' });
    expect(await news()).toEqual([]);
  });

  it('that is accepted writes one line with the request', async () => {
    await admit();
    await open('t');
    expect(await news()).toEqual([]);
    const closed = attempt('t', 'accepted');
    expect(await twice(() => move('accepted', { attempt: closed, accepted }))).toEqual([
      line('accepted', { provider: 'p', attempt: closed.record }),
    ]);
  });

  it('that is put off writes a line the first time, and again when it was tried in between', async () => {
    await admit();
    const putOff = () => move('deferred', { reason: 'rate_cap_hour', until: new Date(9_000) });
    expect(await twice(putOff)).toEqual([line('deferred', { reason: 'rate_cap_hour' })]);
    await move('deferred', { run: 's', reason: 'rate_cap_recipient', until: new Date(19_000) });
    expect(await news()).toEqual([]);
    await open('t');
    const closed = attempt('t', 'refused', { reason: 'unavailable' });
    expect(await twice(() => move('deferred', { attempt: closed, reason: 'unavailable', until: new Date(29_000) }))).toEqual([
      line('deferred', { reason: 'unavailable', provider: 'p', attempt: closed.record }),
    ]);
  });

  it('writes a line of a request that was refused, while it goes on to the next provider', async () => {
    await admit();
    await open('t');
    const closed = attempt('t', 'refused', { reason: 'throttled', code: '429' });
    expect(await twice(() => move('queued', { attempt: closed }))).toEqual([line('queued', { provider: 'p', attempt: closed.record })]);
  });

  it('that is unknown writes a line, and one when its late answer settles it', async () => {
    await admit();
    await open('t');
    const unknown = attempt('t', 'unknown', { reason: 'unknown_outcome' });
    expect(await twice(() => move('unknown', { attempt: unknown, reason: 'unknown_outcome' }))).toEqual([
      line('unknown', { reason: 'unknown_outcome', provider: 'p', attempt: unknown.record }),
    ]);
    const late = attempt('t', 'accepted');
    expect(await twice(() => move('accepted', { run: 's', attempt: late, accepted }))).toEqual([
      line('accepted', { provider: 'p', attempt: late.record }),
    ]);
  });

  it('that its late answer disproves writes that it has failed', async () => {
    await admit();
    await open('t');
    await move('unknown', { attempt: attempt('t', 'unknown', { reason: 'unknown_outcome' }), reason: 'unknown_outcome' });
    await news();
    const refused = attempt('t', 'refused', { reason: 'recipient' });
    expect(await twice(() => move('failed', { run: 's', attempt: refused, reason: 'recipient' }))).toEqual([
      line('failed', { reason: 'recipient', provider: 'p', attempt: refused.record }),
    ]);
  });

  it('writes a line for each receipt that moves it, and none for others', async () => {
    await admit();
    await open('t');
    await move('accepted', { attempt: attempt('t', 'accepted'), accepted });
    await news();
    const receipt = (state: 'pending' | 'undelivered' | 'delivered', reason?: 'recipient') =>
      ledger.applyReceipt('m', { provider: 'p', providerMessageId: 'P1', state, receivedAt: new Date(3_000), reason });
    await receipt('pending');
    expect(await news()).toEqual([]);
    expect(await twice(() => receipt('undelivered', 'recipient'))).toEqual([line('undelivered', { reason: 'recipient', provider: 'p' })]);
    expect(await twice(() => receipt('delivered'))).toEqual([line('delivered', { provider: 'p' })]);
  });

  it('writes a line when an operator settles it, and when it is set on its way again', async () => {
    await admit();
    await open('t');
    await move('unknown', { attempt: attempt('t', 'unknown', { reason: 'unknown_outcome' }), reason: 'unknown_outcome' });
    await news();
    const settle = () =>
      unknowns.settle({ messageId: 'm', alertId: 'a', dedupHash: 'db', run: 'o', sent: false, at: new Date(3_000), keep: false, event });
    expect(await twice(settle)).toEqual([line('failed', { reason: 'unknown_outcome' })]);
    const alert = { alertId: 'a', dedupHash: 'db', severity: 'critical', receivedAt: 1_000, dedupeForMs: 0 } as const;
    const reopening = { ...alert, messageId: 'm', lane: 'phone', number: 1, expiresAt: 9_000_000_000_000 };
    const reopen = () => ledger.reopen({ ...reopening, event });
    expect(await twice(reopen)).toEqual([line('queued')]);
  });
});

it('entries are in the order of events, by the clock of Redis', async () => {
  const before = Date.now() - 1_000;
  await ledger.admit(alert(), 'r');
  await move('cancelled', { reason: 'resolved' });
  const entries: JournalEntry[] = await journal.newest(10);
  expect(entries.map(({ kind }) => kind)).toEqual(['message', 'alert']);
  for (const { at } of entries) expect(at.getTime()).toBeGreaterThan(before);
  expect(await journal.newest(10, entries[0]?.seq)).toEqual([entries[1]]);
  expect(await journal.head()).toBe(entries[0]?.seq);
});
