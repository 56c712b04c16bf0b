import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { AttemptRequest, Move, Sent } from '../../../src/ledger/ledger.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attemptRequest, routedAlert } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);
const histories = createHistories(redis, keys);

type Result = 'accepted' | 'unknown';

/** One message, and what a process wrote of it. */
function scene() {
  const alertId = `a-${randomUUID()}`;
  const messageId = `m-${alertId}`;
  const admit = () => ledger.admit(routedAlert(alertId, { dedupHash: alertId, dedupeForMs: 0 }), randomUUID());
  const at = (number: number) => new Date(1_000_000 * number).toISOString();
  const request = (number: number, over: Partial<AttemptRequest> = {}): AttemptRequest => {
    const attempt = { token: `token-${number}`, record: { provider: 'p', startedAt: at(number) } };
    return attemptRequest(messageId, { dedupHash: alertId, ...attempt, unknownsAllowed: 1, ...over });
  };
  const moveOf = (number: number, result: Result): Move => ({
    messageId,
    alertId,
    dedupHash: alertId,
    run: `run-${number}`,
    state: result === 'accepted' ? 'accepted' : 'sending',
    attempt: { token: `token-${number}`, number, record: { provider: 'p', startedAt: at(number), endedAt: at(number), result } },
    ...(result === 'accepted' ? { accepted: { provider: 'p', providerMessageId: `SM-${alertId}`, segments: 1, at: new Date(2_000) } } : {}),
    events: [],
  });
  const sent = (number: number, result?: Result): Sent => {
    const { token, record } = request(number);
    const move = result && moveOf(number, result);
    return {
      ...{ messageId, token, number, leaseUntil: Date.now() + 60_000 },
      ...(move === undefined ? { record } : { move, record: move.attempt?.record ?? record }),
    };
  };
  const shown = async () => (await histories.alert(alertId))?.messages[0];
  const open = (over: Partial<AttemptRequest> = {}) => ledger.openAttempt(request(9, { token: 'other', unknownsAllowed: 0, ...over }));
  return { messageId, alertId, admit, request, moveOf, sent, shown, open };
}

describe('a request to a provider that a failover lost', () => {
  it.each([
    ['with its opening', false],
    ['when the ledger knows that it was begun', true],
  ])('ends its message once more, %s', async (_, isOpen) => {
    const { admit, request, sent, shown, open } = scene();
    await admit();
    if (isOpen) await ledger.openAttempt(request(1));
    expect(await ledger.restore(sent(1, 'accepted'))).toEqual({ kind: 'restored', number: 1 });
    expect(await ledger.restore(sent(1, 'accepted'))).toEqual({ kind: 'there', number: 1 });
    expect(await shown()).toMatchObject({ state: 'accepted', attempts: [{ result: 'accepted' }], events: [{ verdict: 'restored' }] });
    expect(await open()).toEqual({ kind: 'ended', state: 'accepted' });
  });

  it('is open again while its provider is being called, so that no other run sends', async () => {
    const { admit, moveOf, sent, shown, open } = scene();
    await admit();
    expect(await ledger.restore(sent(1))).toEqual({ kind: 'restored', number: 1 });
    expect(await open()).toMatchObject({ kind: 'busy' });
    expect(await ledger.move(moveOf(1, 'accepted'))).toBe('ended');
    expect(await shown()).toMatchObject({ state: 'accepted', attempts: [{ result: 'accepted' }] });
  });

  it.each([
    ['that was accepted', 'accepted', { kind: 'ended', state: 'accepted' }],
    ['of unknown outcome', 'unknown', { kind: 'spent' }],
    ['that is under way', undefined, { kind: 'busy' }],
  ] as const)('together with its message, %s, is found by the next run before it sends', async (_, result, answer) => {
    const { messageId, admit, sent, open } = scene();
    expect(await ledger.restore(sent(1, result))).toEqual({ kind: 'kept', number: 1 });
    expect(await open()).toEqual({ kind: 'missing' });
    await admit();
    expect(await open()).toMatchObject(answer);
    expect(await redis.hexists(keys.lostSends(), messageId)).toBe(0);
  });

  it('together with its message is kept once, for an hour, beside other requests of that message', async () => {
    const { messageId, sent } = scene();
    await redis.del(keys.lostSends());
    const [unknown, accepted] = [sent(1, 'unknown'), sent(2, 'accepted')];
    for (const lost of [unknown, unknown, accepted, unknown]) await ledger.restore(lost);
    const lines = (await redis.hget(keys.lostSends(), messageId))?.trim().split('\n') ?? [];
    expect(lines.map((line) => line.includes('token-1'))).toEqual([true, false]);
    const keptMs = await redis.pttl(keys.lostSends());
    expect(keptMs).toBeGreaterThan(3_000_000);
    expect(keptMs).toBeLessThanOrEqual(3_600_000);
  });

  it('takes its message out of a wait, and holds it for its lease', async () => {
    const { messageId, admit, sent, shown } = scene();
    await admit();
    const key = keys.message(messageId);
    await redis.hset(key, { state: 'deferred', reason: 'throttled', until: String(Date.now() + 60_000) });
    const lost = sent(1);
    expect(await ledger.restore(lost)).toEqual({ kind: 'restored', number: 1 });
    expect(await redis.hmget(key, 'state', 'reason', 'until', 'lease')).toEqual(['sending', null, null, String(lost.leaseUntil)]);
    expect((await shown())?.state).toBe('sending');
  });

  it('ends its message although its attempt is no longer held', async () => {
    const { messageId, admit, request, sent, shown } = scene();
    await admit();
    await ledger.openAttempt(request(1));
    await redis.hdel(keys.message(messageId), 'token');
    expect(await ledger.restore(sent(1, 'accepted'))).toEqual({ kind: 'restored', number: 1 });
    expect(await shown()).toMatchObject({ state: 'accepted', attempts: [{ result: 'accepted' }] });
  });

  it('takes the next free number, and is shown beside each other request', async () => {
    const { admit, request, moveOf, sent, shown } = scene();
    await admit();
    for (const number of [3, 4]) {
      await ledger.openAttempt(request(number, { unknownsAllowed: 9 }));
      const move = moveOf(number, 'unknown');
      await ledger.move({ ...move, attempt: { ...(move.attempt as NonNullable<Move['attempt']>), number: number - 2 } });
    }
    expect(await ledger.restore(sent(1))).toEqual({ kind: 'doubled', number: 3 });
    const message = await shown();
    expect(message?.attempts).toHaveLength(3);
    expect(message?.events).toHaveLength(1);
  });

  it.each(['accepted', undefined] as const)('keeps its number when the reply was lost and it is restored again (%s)', async (result) => {
    const { admit, request, moveOf, sent, shown } = scene();
    await admit();
    for (const number of [3, 4]) {
      await ledger.openAttempt(request(number, { unknownsAllowed: 9 }));
      const move = moveOf(number, 'unknown');
      await ledger.move({ ...move, attempt: { ...(move.attempt as NonNullable<Move['attempt']>), number: number - 2 } });
    }
    for (const again of [false, true])
      expect(await ledger.restore(sent(1, result))).toEqual({ kind: again ? 'there' : 'doubled', number: 3 });
    // It ends meanwhile.
    await ledger.restore(sent(1, 'accepted'));
    const message = await shown();
    expect(message).toMatchObject({ state: 'accepted', attempts: [{ result: 'unknown' }, { result: 'unknown' }, { result: 'accepted' }] });
    expect(message?.attempts).toHaveLength(3);
  });

  it('adds what happened to what is known of its message', async () => {
    const { admit, sent, shown } = scene();
    await admit();
    for (const number of [1, 2]) expect(await ledger.restore(sent(number))).toEqual({ kind: 'restored', number });
    expect((await shown())?.events).toHaveLength(2);
  });

  it('leaves its message to another run that is sending it', async () => {
    const { messageId, admit, moveOf, sent, open } = scene();
    await admit();
    expect(await open()).toEqual({ kind: 'opened', number: 1 });
    await ledger.restore(sent(1));
    expect(await redis.hget(keys.message(messageId), 'token')).toBe('other');
    const move = moveOf(9, 'accepted');
    expect(await ledger.move({ ...move, attempt: { ...(move.attempt as NonNullable<Move['attempt']>), token: 'other', number: 1 } })).toBe(
      'ended',
    );
  });

  it('leaves a message ended that another run has ended', async () => {
    const { admit, request, moveOf, sent, shown } = scene();
    await admit();
    await ledger.openAttempt(request(9));
    const move = moveOf(9, 'accepted');
    await ledger.move({ ...move, attempt: { ...(move.attempt as NonNullable<Move['attempt']>), number: 1 } });
    expect(await ledger.restore(sent(1))).toEqual({ kind: 'doubled', number: 2 });
    expect((await shown())?.state).toBe('accepted');
  });

  it.each(['accepted', undefined] as const)('shows in the trace when another run has sent the message meanwhile (%s)', async (result) => {
    const { admit, sent, shown, open } = scene();
    await admit();
    expect(await open()).toEqual({ kind: 'opened', number: 1 });
    expect(await ledger.restore(sent(1, result))).toEqual({ kind: 'doubled', number: 2 });
    const message = await shown();
    expect(message?.attempts).toHaveLength(2);
    expect(message?.events).toMatchObject([{ verdict: 'resend', reason: 'unknown_outcome' }]);
  });

  it('changes nothing when nothing was lost, wherever the message is by now', async () => {
    const { admit, request, moveOf, sent, shown } = scene();
    await admit();
    await ledger.openAttempt(request(1));
    expect(await ledger.restore(sent(1))).toMatchObject({ kind: 'there' });
    await ledger.move(moveOf(1, 'accepted'));
    const before = await shown();
    expect(await ledger.restore(sent(1))).toMatchObject({ kind: 'there' });
    expect(await ledger.restore(sent(1, 'accepted'))).toMatchObject({ kind: 'there' });
    expect(await shown()).toEqual(before);
  });

  it('is never repeated unnoticed, whichever part of the writes was lost', async () => {
    const steps = fc.record({
      results: fc.array(fc.constantFrom<Result>('unknown', 'accepted'), { minLength: 1, maxLength: 2 }),
      cut: fc.nat(6),
    });
    await fc.assert(
      fc.asyncProperty(steps, async ({ results, cut }) => {
        const { admit, request, moveOf, sent, shown, open } = scene();
        const ended = results.slice(0, results.indexOf('accepted') === -1 ? undefined : results.indexOf('accepted') + 1);
        const writes = [
          admit,
          ...ended.flatMap((result, index) => [() => ledger.openAttempt(request(index + 1)), () => ledger.move(moveOf(index + 1, result))]),
        ];
        for (const write of writes.slice(0, cut)) await write();
        for (const [index, result] of ended.entries()) await ledger.restore(sent(index + 1, result));
        if (cut === 0) await admit();
        const next = await open();
        expect(next.kind).not.toBe('opened');
        expect(next).toMatchObject(ended.includes('accepted') ? { kind: 'ended', state: 'accepted' } : { kind: 'spent' });
        if (cut > 0) expect((await shown())?.attempts).toHaveLength(ended.length);
      }),
      { numRuns: 60 },
    );
  });
});
