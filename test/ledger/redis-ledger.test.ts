import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptRequest, Move, RoutedAlert } from '../../src/ledger/ledger.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createTraces } from '../../src/ledger/redis-traces.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { messageRecord } from './message-record.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);
const traces = createTraces(redis, keys);

let alertId: string;
let id: string;
beforeEach(() => {
  alertId = `a-${randomUUID()}`;
  id = `m-${randomUUID()}`;
});

const alert = (over: Partial<RoutedAlert> = {}): RoutedAlert => ({
  id: alertId,
  severity: 'critical',
  purpose: 'alert',
  status: 'firing',
  dedupKey: 'db/down',
  dedupHash: alertId,
  receivedAt: 1_000,
  dedupeForMs: 0,
  events: [{ at: '2026-11-20T03:00:00.000Z', stage: 'route', verdict: 'pass' }],
  messages: [message(id)],
  ...over,
});

const message = (messageId: string) => messageRecord(messageId, alertId);

const attempt = (over: Partial<AttemptRequest> = {}): AttemptRequest => ({
  messageId: id,
  dedupHash: alertId,
  phoneHash: 'phone',
  receivedAt: 1_000,
  token: 'token-1',
  record: { provider: 'p', startedAt: '2026-11-20T03:00:00.000Z' },
  leaseMs: 60_000,
  unknownsAllowed: 0,
  ...over,
});

const closed = (number: number, token: string, result: 'accepted' | 'refused' | 'unknown'): NonNullable<Move['attempt']> => ({
  token,
  number,
  record: { provider: 'p', startedAt: '2026-11-20T03:00:00.000Z', endedAt: '2026-11-20T03:00:01.000Z', result },
});

const move = (over: Partial<Move>): Move => ({
  messageId: id,
  alertId,
  dedupHash: alertId,
  run: 'run-1',
  state: 'sending',
  events: [],
  ...over,
});
const accepted = { provider: 'p', providerMessageId: 'SM1', segments: 1, at: new Date(2_000) };
const claim = (over: Partial<RoutedAlert> = {}) =>
  ledger.admit(alert({ severity: 'error', dedupeForMs: 60_000, messages: [], ...over }), randomUUID());
const admitted = { kind: 'admitted', fresh: true };

describe('the dedupe claim', () => {
  it('is given once, and names its holder to the next alert of the key', async () => {
    expect(await claim()).toEqual(admitted);
    expect(await claim({ id: `${alertId}-2` })).toEqual({ kind: 'duplicate', of: alertId });
  });

  it('is still its holder’s when the router runs twice', async () => {
    await claim();
    expect(await claim()).toEqual({ kind: 'admitted', fresh: false });
  });

  it('passes to a graver alert, which then silences its equals', async () => {
    await claim();
    expect(await claim({ id: `${alertId}-graver`, severity: 'critical' })).toEqual(admitted);
    expect(await claim({ id: `${alertId}-third`, severity: 'critical' })).toEqual({ kind: 'duplicate', of: `${alertId}-graver` });
  });

  it('ends with its window', async () => {
    await claim({ dedupeForMs: 30 });
    await until(async () => (await claim({ id: `${alertId}-later`, dedupeForMs: 30 })).kind === 'admitted');
  });

  it('is refused to what was raised before the resolve, and free for what is raised after it', async () => {
    await claim();
    await ledger.resolve(alertId, new Date(5_000));
    expect(await claim({ id: `${alertId}-before`, receivedAt: 4_999 })).toEqual({ kind: 'resolved' });
    expect(await claim({ id: `${alertId}-after`, receivedAt: 5_000 })).toEqual(admitted);
  });

  it('is released when the last message of its alert died without reaching anybody', async () => {
    await claim({ messages: [message(id), message(`${id}-2`)] });
    await ledger.move(move({ state: 'failed', reason: 'recipient' }));
    expect(await claim({ id: `${alertId}-next` })).toMatchObject({ kind: 'duplicate' });
    await ledger.move(move({ messageId: `${id}-2`, state: 'expired', reason: 'expired' }));
    expect(await claim({ id: `${alertId}-next` })).toEqual(admitted);
  });

  it('is kept when one of several was accepted', async () => {
    await claim({ messages: [message(id), message(`${id}-2`)] });
    await ledger.move(move({ state: 'accepted', accepted }));
    await ledger.move(move({ messageId: `${id}-2`, state: 'failed', reason: 'recipient' }));
    expect(await claim({ id: `${alertId}-next` })).toMatchObject({ kind: 'duplicate' });
  });
});

describe('recording an alert', () => {
  it('is done once, whatever runs again, and counts its messages as in flight once', async () => {
    const before = await ledger.inFlight();
    expect(await ledger.admit(alert(), 'run-1')).toEqual(admitted);
    expect(await ledger.admit(alert(), 'run-1')).toEqual(admitted);
    expect(await ledger.admit(alert(), 'run-2')).toEqual({ kind: 'admitted', fresh: false });
    expect(await ledger.inFlight()).toBe(before + 1);
  });

  it('lets an alert that was malformed be mended and sent again under its id', async () => {
    expect(await ledger.settleAlert({ ...alert(), outcome: 'malformed', reason: 'malformed' }, 'run-1')).toBe(true);
    expect(await ledger.admit(alert(), 'run-2')).toEqual(admitted);
    expect((await traces.alert(alertId))?.outcome).toBe('routed');
  });

  it('that was suppressed is not texted by a later run', async () => {
    expect(await ledger.settleAlert({ ...alert(), outcome: 'suppressed', reason: 'below_severity' }, 'run-1')).toBe(true);
    expect(await ledger.settleAlert({ ...alert(), outcome: 'suppressed', reason: 'below_severity' }, 'run-2')).toBe(false);
    expect(await ledger.admit(alert(), 'run-3')).toEqual({ kind: 'settled' });
  });

  it('takes a thousand messages at once', async () => {
    const messages = Array.from({ length: 1000 }, (_, index) => message(`${id}-${index}`));
    expect(await ledger.admit(alert({ messages }), 'run')).toEqual(admitted);
    expect((await traces.alert(alertId))?.messages).toHaveLength(1000);
  });
});

describe('opening an attempt', () => {
  beforeEach(async () => void (await ledger.admit(alert(), 'run')));

  it('is for one worker only while its lease runs', async () => {
    expect(await ledger.openAttempt(attempt())).toEqual({ kind: 'opened', number: 1 });
    expect(await ledger.openAttempt(attempt({ token: 'other' }))).toMatchObject({ kind: 'busy' });
  });

  it('answers a call that was sent twice as it did the first time', async () => {
    await ledger.openAttempt(attempt());
    expect(await ledger.openAttempt(attempt())).toEqual({ kind: 'opened', number: 1 });
  });

  it('is won by exactly one of twenty at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ledger.openAttempt(attempt({ token: `t${index}` }))));
    expect(answers.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
  });

  it('finds an orphan after the lease, which must be closed as unknown before anyone goes on', async () => {
    await ledger.openAttempt(attempt({ leaseMs: 20 }));
    await until(async () => (await ledger.openAttempt(attempt({ token: 'other' }))).kind === 'orphan');
    const history = await ledger.recall(id);
    expect(history?.open).toMatchObject({ token: 'token-1', number: 1 });
    await ledger.move(move({ attempt: closed(1, 'token-1', 'unknown') }));
    expect(await ledger.recall(id)).toMatchObject({
      attempts: 1,
      unknowns: 1,
      doubtful: { number: 1, record: { provider: 'p' } },
      open: undefined,
    });
  });

  it('is refused once the unknown outcomes allowed are used up', async () => {
    await ledger.openAttempt(attempt());
    await ledger.move(move({ attempt: closed(1, 'token-1', 'unknown') }));
    expect(await ledger.openAttempt(attempt({ token: 't2', unknownsAllowed: 0 }))).toEqual({ kind: 'spent' });
    expect(await ledger.openAttempt(attempt({ token: 't2', unknownsAllowed: 1 }))).toEqual({ kind: 'opened', number: 2 });
    await ledger.move(move({ attempt: closed(2, 't2', 'unknown') }));
    expect(await ledger.openAttempt(attempt({ token: 't3', unknownsAllowed: 1 }))).toEqual({ kind: 'spent' });
  });

  it('is refused for what has been resolved, has ended, or was never written', async () => {
    await ledger.resolve(alertId, new Date(1_001));
    expect(await ledger.openAttempt(attempt())).toEqual({ kind: 'resolved' });
    await ledger.move(move({ state: 'cancelled', reason: 'resolved' }));
    expect(await ledger.openAttempt(attempt())).toEqual({ kind: 'ended', state: 'cancelled' });
    expect(await ledger.openAttempt(attempt({ messageId: 'm-none' }))).toEqual({ kind: 'missing' });
  });
});

describe('ending a message', () => {
  beforeEach(async () => {
    await ledger.admit(alert(), 'run');
    await ledger.openAttempt(attempt());
  });

  it('is one run’s to count, and takes it out of flight once', async () => {
    const before = await ledger.inFlight();
    const end = move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') });
    expect(await ledger.move(end)).toBe('ended');
    expect(await ledger.move(end)).toBe('ended');
    expect(await ledger.move({ ...end, run: 'run-2' })).toBe('moved');
    expect(await ledger.inFlight()).toBe(before - 1);
  });

  it('is not undone by a later run', async () => {
    await ledger.move(move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') }));
    await ledger.move(move({ run: 'run-2', state: 'expired', reason: 'expired' }));
    expect((await traces.message(id))?.state).toBe('accepted');
  });

  it('as unknown is settled by the late answer of the worker that had been cut off', async () => {
    await ledger.move(move({ run: 'run-2', state: 'unknown', reason: 'unknown_outcome', attempt: closed(1, 'token-1', 'unknown') }));
    expect(await ledger.move(move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') }))).toBe('late');
    expect(await traces.message(id)).toMatchObject({ state: 'accepted', provider: 'p', attempts: [{ result: 'accepted' }] });
  });

  it('leaves a trace that tells the whole story and no whole number', async () => {
    await ledger.move(move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') }));
    expect(await traces.message(id)).toEqual({
      id,
      alertId,
      to: '+60*******789',
      contact: null,
      severity: 'critical',
      route: 'default',
      state: 'accepted',
      reason: null,
      until: null,
      provider: 'p',
      providerMessageId: 'SM1',
      segments: 1,
      createdAt: '1970-01-01T00:00:01.000Z',
      expiresAt: new Date(9_000_000_000_000).toISOString(),
      attempts: [{ provider: 'p', startedAt: '2026-11-20T03:00:00.000Z', endedAt: '2026-11-20T03:00:01.000Z', result: 'accepted' }],
      events: [],
    });
  });

  it('opens the way for a receipt', async () => {
    const receipt = { provider: 'p', providerMessageId: 'SM1', state: 'delivered', receivedAt: new Date(3_000) } as const;
    expect(await ledger.applyReceipt(id, receipt)).toEqual({ kind: 'kept', as: 'early', state: 'sending' });
    await ledger.move(move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') }));
    expect(await ledger.findMessage('p', 'SM1')).toBe(id);
    expect(await ledger.applyReceipt(id, receipt)).toEqual({
      kind: 'moved',
      from: 'accepted',
      to: 'delivered',
      acceptedAt: new Date(2_000),
    });
    expect(await ledger.applyReceipt('m-none', receipt)).toEqual({ kind: 'missing' });
  });
});

describe('resolving', () => {
  it('leaves the claim of an alert that was raised after it alone', async () => {
    await claim({ receivedAt: 6_000 });
    await ledger.resolve(alertId, new Date(5_000));
    expect(await claim({ id: `${alertId}-repeat`, receivedAt: 6_001 })).toEqual({ kind: 'duplicate', of: alertId });
  });

  it('names what has no outcome yet, and no more', async () => {
    await ledger.admit(alert({ messages: [message(id), message(`${id}-2`)] }), 'run');
    await ledger.move(move({ state: 'accepted', accepted }));
    expect(await ledger.resolve(alertId, new Date(2_000))).toEqual([`${id}-2`]);
  });
});

describe('every key', () => {
  it('goes away by itself', async () => {
    await claim({ messages: [message(id)] });
    await ledger.resolve(alertId, new Date(2_000));
    const written = [keys.alert(alertId), keys.message(id), keys.open(alertId), keys.resolved(alertId)];
    for (const key of written) expect(await redis.pttl(key), key).toBeGreaterThan(0);
  });
});
