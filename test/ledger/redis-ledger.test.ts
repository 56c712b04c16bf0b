import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHistories } from '../../src/ledger/history/redis-histories.ts';
import { LONGEST_LEASE_MS } from '../../src/ledger/lease.ts';
import type { AttemptRequest, History, Move } from '../../src/ledger/ledger.ts';
import type { RoutedAlert } from '../../src/ledger/records.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../support/fixtures/ledger.ts';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);
const histories = createHistories(redis, keys);

let alertId: string;
let id: string;
beforeEach(() => {
  alertId = `a-${randomUUID()}`;
  id = `m-${randomUUID()}`;
});

const alert = (over: Partial<RoutedAlert> = {}): RoutedAlert =>
  routedAlert(alertId, {
    dedupHash: alertId,
    dedupeForMs: 0,
    events: [{ at: '2026-11-20T03:00:00.000Z', stage: 'route', verdict: 'pass' }],
    messages: [message(id)],
    ...over,
  });

const message = (messageId: string) => messageRecord(messageId, alertId);

const attempt = (over: Partial<AttemptRequest> = {}) => attemptRequest(id, { dedupHash: alertId, token: 'token-1', ...over });

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
const admitted = { kind: 'admitted', fresh: true, muted: new Map() };

/** An error that dedupes for a minute, to these phones. */
const claim = (name: string, over: Partial<RoutedAlert> = {}, phones: readonly string[] = ['phone']) => {
  const messages = phones.map((phoneHash) => messageRecord(`m-${name}-${phoneHash}`, name, { phoneHash }));
  return ledger.admit(alert({ id: name, severity: 'error', dedupeForMs: 60_000, messages, ...over }), randomUUID());
};
const mutedBy = (muted: Record<string, string>) => ({ kind: 'admitted', fresh: true, muted: new Map(Object.entries(muted)) });
const endOf = (name: string, over: Partial<Move>, phone = 'phone') =>
  ledger.move(move({ messageId: `m-${name}-${phone}`, alertId: name, run: randomUUID(), ...over }));

describe('the dedupe claim of a phone', () => {
  let [first, second, third] = ['', '', ''];
  beforeEach(() => {
    [first, second, third] = [`${alertId}-1`, `${alertId}-2`, `${alertId}-3`];
  });

  it('is given once, and names its holder to the next alert of the key', async () => {
    expect(await claim(first)).toEqual(admitted);
    expect(await claim(second)).toEqual({ kind: 'duplicate', of: first });
  });

  it('is that of this phone alone: the same words to another phone are no duplicate', async () => {
    await claim(first, {}, ['a']);
    expect(await claim(second, {}, ['b'])).toEqual(admitted);
    expect(await claim(third, {}, ['a', 'b'])).toEqual({ kind: 'duplicate', of: first });
  });

  it('leaves the other phones of an alert to it, whose message to the claimed phone is written as a duplicate', async () => {
    await claim(first, {}, ['b']);
    const before = await ledger.inFlight();
    expect(await claim(second, {}, ['a', 'b', 'c'])).toEqual(mutedBy({ b: first }));
    expect(await ledger.inFlight()).toBe(before + 2);
    expect((await histories.alert(second))?.messages).toMatchObject([
      { state: 'queued', reason: null },
      { state: 'suppressed', reason: 'duplicate', duplicateOf: first, until: null },
      { state: 'queued', reason: null },
    ]);
    const [, muted] = (await histories.alert(second))?.messages ?? [];
    expect(muted?.events).toMatchObject([
      { stage: 'dedupe-gate', reason: 'duplicate', detail: `to this phone, same dedup key as alert ${first}` },
    ]);
    expect((await ledger.resolve(alertId, new Date(0))).toSorted()).toEqual([`m-${first}-b`, `m-${second}-a`, `m-${second}-c`]);
  });

  it('answers a run that comes twice, and one that comes after it, as it did the first time', async () => {
    await claim(first, {}, ['b']);
    const again = alert({
      id: second,
      severity: 'error',
      dedupeForMs: 60_000,
      messages: ['a', 'b'].map((phoneHash) => messageRecord(`m-${second}-${phoneHash}`, second, { phoneHash })),
    });
    expect(await ledger.admit(again, 'run')).toEqual(mutedBy({ b: first }));
    expect(await ledger.admit(again, 'run')).toEqual(mutedBy({ b: first }));
    expect(await ledger.admit(again, 'other run')).toEqual({ ...mutedBy({ b: first }), fresh: false });
  });

  it('is not taken by a message that has ended from the start, nor does it end one', async () => {
    const refused = [messageRecord(`m-${first}`, first, { phoneHash: 'a', state: 'suppressed', reason: 'no_consent' })];
    expect(await claim(first, { messages: refused })).toEqual(admitted);
    expect(await claim(second, {}, ['a'])).toEqual(admitted);
    expect(await claim(third, { messages: refused.map((record) => ({ ...record, id: `m-${third}`, alertId: third })) })).toEqual(admitted);
  });

  it('is still its holder’s when the router runs twice', async () => {
    await claim(first);
    expect(await claim(first)).toEqual({ ...admitted, fresh: false });
  });

  it('passes to a more severe alert, which then suppresses alerts of the same severity at this phone', async () => {
    await claim(first, {}, ['a', 'b']);
    expect(await claim(second, { severity: 'critical' }, ['a'])).toEqual(admitted);
    expect(await claim(third, { severity: 'critical' }, ['a', 'b'])).toEqual(mutedBy({ a: second }));
  });

  it('ends with its window, by the clock of Redis', async () => {
    await claim(first, { dedupeForMs: 30 });
    await claim(`${first}-b`, {}, ['b']);
    await until(async () => (await claim(`${first}-${randomUUID()}`, { dedupeForMs: 30 })).kind === 'admitted');
  });

  it('outlives a shorter one of the same key', async () => {
    await claim(first, {}, ['a']);
    await claim(second, { dedupeForMs: 30 }, ['b']);
    expect(await redis.pttl(keys.claims(alertId))).toBeGreaterThan(10_000);
  });

  it('is swept when it has expired and its key goes on', async () => {
    await claim(
      first,
      { dedupeForMs: 1 },
      Array.from({ length: 200 }, (_, phone) => `old-${phone}`),
    );
    await until(async () => {
      await claim(`a-${randomUUID()}`, {}, [randomUUID()]);
      return (await redis.hkeys(keys.claims(alertId))).filter((phone) => phone.startsWith('old-')).length < 64;
    });
  });

  it('is refused to what was raised before the resolve, and free for what is raised after it', async () => {
    await claim(first, {}, ['a', 'b']);
    await ledger.resolve(alertId, new Date(5_000));
    expect(await claim(second, { receivedAt: 4_999 }, ['a'])).toEqual({ kind: 'resolved' });
    expect(await claim(third, { receivedAt: 5_000 }, ['a', 'b'])).toEqual(admitted);
  });

  it.each(['failed', 'expired', 'cancelled', 'suppressed'] as const)(
    'is released when its message ended %s, independently of the other messages of its alert',
    async (state) => {
      await claim(first, {}, ['a', 'b']);
      await endOf(first, { state: 'accepted', accepted: { ...accepted, providerMessageId: randomUUID() } }, 'a');
      await endOf(first, { state, reason: 'recipient' }, 'b');
      expect(await claim(second, {}, ['a', 'b'])).toEqual(mutedBy({ a: first }));
    },
  );

  it('is kept by a message that was accepted, or may have been sent', async () => {
    await claim(first, {}, ['a', 'b']);
    await endOf(first, { state: 'accepted', accepted: { ...accepted, providerMessageId: randomUUID() } }, 'a');
    await endOf(first, { state: 'unknown', reason: 'unknown_outcome' }, 'b');
    expect(await claim(second, {}, ['a', 'b'])).toEqual({ kind: 'duplicate', of: first });
  });

  it('is not released by a message whose alert holds it no more', async () => {
    await claim(first);
    await claim(second, { severity: 'critical' });
    await endOf(first, { state: 'failed', reason: 'recipient' });
    expect(await claim(third, { severity: 'critical' })).toEqual({ kind: 'duplicate', of: second });
  });

  it('is independent of the claim of another version for the whole key', async () => {
    await redis.set(`${prefix}:claim:${alertId}`, `3 1000 ${first}`, 'PX', 60_000);
    expect(await claim(first)).toEqual(admitted);
    await endOf(first, { state: 'failed', reason: 'recipient' });
    expect(await claim(second)).toEqual(admitted);
    await ledger.resolve(alertId, new Date(9_000));
  });
});

describe('the dedupe claim of a message that was made for the simulator', () => {
  const lanes = (name: string) => [
    messageRecord(`m-${name}-a`, name, { phoneHash: 'a', lane: 'trial-a' }),
    messageRecord(`m-${name}-b`, name, { phoneHash: 'b' }),
  ];
  let [first, second, third] = ['', '', ''];
  beforeEach(() => {
    [first, second, third] = [`${alertId}-1`, `${alertId}-2`, `${alertId}-3`];
  });

  it('is its own: it suppresses its equals of the simulator, and no message to the phone', async () => {
    await claim(first, { messages: lanes(first) });
    expect(await claim(second, {}, ['a'])).toEqual(admitted);
    const both = { kind: 'admitted', fresh: true, muted: new Map([['b', first]]) };
    expect(await claim(third, {}, ['b', 'c'])).toEqual(both);
    expect(await claim(`${third}-2`, { messages: lanes(`${third}-2`) })).toEqual({ kind: 'duplicate', of: first });
  });

  it.each(['failed', 'cancelled'] as const)('is released when it ended %s', async (state) => {
    await claim(first, { messages: lanes(first) });
    await endOf(first, { state, reason: 'simulated' }, 'a');
    expect(await redis.hkeys(keys.claims(alertId))).toEqual(['b']);
  });
});

describe('the dedupe claim of a channel', () => {
  it('is given once, so that a repeat to another phone does not notify the channel again', async () => {
    const [first, second] = [`${alertId}-1`, `${alertId}-2`];
    await claim(first, { channels: ['ops mail'] }, ['a']);
    expect(await claim(second, { channels: ['ops mail', 'chat'] }, ['b'])).toEqual(mutedBy({ 'ops mail': first }));
    expect((await histories.alert(second))?.events.at(-1)).toMatchObject({
      stage: 'escalation',
      reason: 'duplicate',
      detail: `ops mail: same dedup key as alert ${first}`,
    });
  });

  it('makes an alert that notifies channels alone a duplicate', async () => {
    const [first, second] = [`${alertId}-1`, `${alertId}-2`];
    expect(await claim(first, { channels: ['chat'] }, [])).toEqual(admitted);
    expect(await claim(second, { channels: ['chat'] }, [])).toEqual({ kind: 'duplicate', of: first });
  });
});

describe('an alert whose id comes again', () => {
  const identified = (content: string) => ledger.admit(alert({ content }), randomUUID());

  it('with the same content is the same alert', async () => {
    await identified('x');
    expect(await identified('x')).toEqual({ ...admitted, fresh: false });
    expect((await histories.alert(alertId))?.events).toHaveLength(1);
  });

  it('with other content is named in the history, once for each content', async () => {
    await identified('x');
    expect(await identified('y')).toMatchObject({ fresh: false, otherContent: 'new' });
    expect(await identified('y')).toMatchObject({ fresh: false, otherContent: 'known' });
    expect(await identified('z')).toMatchObject({ fresh: false, otherContent: 'new' });
    const events = (await histories.alert(alertId))?.events ?? [];
    expect(events.filter(({ stage }) => stage === 'identity')).toMatchObject([{ verdict: 'ignored' }, { verdict: 'ignored' }]);
  });

  it('after it was suppressed is distinguished from a run of the same one', async () => {
    const settle = (content: string) =>
      ledger.settleAlert({ ...alert({ content }), outcome: 'suppressed', reason: 'expired' }, randomUUID());
    expect(await settle('x')).toBe('recorded');
    expect(await settle('x')).toBe('known');
    expect(await settle('y')).toBe('other_content');
    expect(await settle('y')).toBe('known');
    expect(await identified('z')).toEqual({ kind: 'settled', otherContent: 'new' });
    expect(await identified('x')).toEqual({ kind: 'settled' });
  });

  it('is the same alert where an older version wrote it down without its content', async () => {
    await ledger.admit(alert(), 'old');
    expect(await identified('x')).toEqual({ ...admitted, fresh: false });
  });
});

describe('recording an alert', () => {
  it('is done once in any number of runs, and counts its messages as in flight once', async () => {
    const before = await ledger.inFlight();
    expect(await ledger.admit(alert(), 'run-1')).toEqual(admitted);
    expect(await ledger.admit(alert(), 'run-1')).toEqual(admitted);
    expect(await ledger.admit(alert(), 'run-2')).toEqual({ ...admitted, fresh: false });
    expect(await ledger.inFlight()).toBe(before + 1);
  });

  it('allows a malformed alert to be fixed and sent again under its id', async () => {
    expect(await ledger.settleAlert({ ...alert(), outcome: 'malformed', reason: 'malformed' }, 'run-1')).toBe('recorded');
    expect(await ledger.admit(alert(), 'run-2')).toEqual(admitted);
    expect((await histories.alert(alertId))?.outcome).toBe('routed');
  });

  it('that was suppressed is not sent by a later run', async () => {
    expect(await ledger.settleAlert({ ...alert(), outcome: 'suppressed', reason: 'below_severity' }, 'run-1')).toBe('recorded');
    expect(await ledger.settleAlert({ ...alert(), outcome: 'suppressed', reason: 'below_severity' }, 'run-2')).toBe('known');
    expect(await ledger.admit(alert(), 'run-3')).toEqual({ kind: 'settled' });
  });

  it('accepts a thousand messages in one call', async () => {
    const messages = Array.from({ length: 1000 }, (_, index) => message(`${id}-${index}`));
    expect(await ledger.admit(alert({ messages }), 'run')).toEqual(admitted);
    expect((await histories.alert(alertId))?.messages).toHaveLength(1000);
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

  it('is won by exactly one of twenty concurrent workers', async () => {
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
      unresolvedAttempt: { number: 1, record: { provider: 'p' } },
      open: undefined,
    });
  });

  it('is waited for no longer than the longest of all leases when it is from before the clock of Redis was set back', async () => {
    const setBack = () => redis.hset(keys.message(id), 'lease', Date.now() + 7_200_000);
    const lease = async () => Number(await redis.hget(keys.message(id), 'lease'));
    await ledger.openAttempt(attempt());
    await setBack();
    expect(await ledger.openAttempt(attempt({ token: 'other' }))).toMatchObject({ kind: 'busy' });
    const byOpening = await lease();
    await setBack();
    const { open } = (await ledger.recall(id)) as History;
    const byRecall = await lease();
    for (const end of [byOpening, byRecall, Date.now() + (open?.leaseLeftMs as number)]) {
      expect(Math.abs(end - Date.now() - LONGEST_LEASE_MS)).toBeLessThan(30_000);
    }
    await ledger.recall(id);
    expect(await lease()).toBe(byRecall);
    expect(await ledger.openAttempt(attempt())).toEqual({ kind: 'opened', number: 1 });
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
    expect((await histories.message(id))?.state).toBe('accepted');
  });

  it('as unknown is settled by the late answer of the worker that had been cut off', async () => {
    await ledger.move(move({ run: 'run-2', state: 'unknown', reason: 'unknown_outcome', attempt: closed(1, 'token-1', 'unknown') }));
    expect(await ledger.move(move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') }))).toBe('late');
    expect(await histories.message(id)).toMatchObject({ state: 'accepted', provider: 'p', attempts: [{ result: 'accepted' }] });
  });

  it('leaves a trace with the whole history and no full number', async () => {
    await ledger.move(move({ state: 'accepted', accepted, attempt: closed(1, 'token-1', 'accepted') }));
    expect(await histories.message(id)).toEqual({
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
    await claim(alertId, { receivedAt: 6_000 });
    await ledger.resolve(alertId, new Date(5_000));
    expect(await claim(`${alertId}-repeat`, { receivedAt: 6_001 })).toEqual({ kind: 'duplicate', of: alertId });
  });

  it('names what has no outcome yet, and no more', async () => {
    await ledger.admit(alert({ messages: [message(id), message(`${id}-2`)] }), 'run');
    await ledger.move(move({ state: 'accepted', accepted }));
    expect(await ledger.resolve(alertId, new Date(2_000))).toEqual([`${id}-2`]);
  });
});

describe('every key', () => {
  it('goes away by itself', async () => {
    await claim(alertId, { messages: [message(id)], receivedAt: 3_000 });
    await ledger.resolve(alertId, new Date(2_000));
    const written = [keys.alert(alertId), keys.message(id), keys.open(alertId), keys.resolved(alertId), keys.claims(alertId)];
    for (const key of written) expect(await redis.pttl(key), key).toBeGreaterThan(0);
  });
});
