import { describe, expect, test, vi } from 'vitest';
import type { Caps } from '../../../src/limit/caps/rate-cap.ts';
import { comeBackAt } from '../../../src/pipeline/gates/message-caps.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createHarness, createSignpost, type DispatcherHarness, HOUR_MS, MINUTE_MS, SLOT_LEASE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome');

const capped = (max: number, more: Partial<Caps> = {}) =>
  createHarness(redis, prefix, { caps: { weight: 'messages', perRecipient: [{ max, perMs: HOUR_MS }], perHour: undefined, ...more } });

describe('the slot of a message', () => {
  test.each<[name: string, answers: readonly Line[], outcome: string]>([
    ['accepted', [yes], 'accepted'],
    ['perhaps sent', [silence], 'unknown'],
    ['refused after it was perhaps sent', [silence, refuse('recipient')], 'unknown'],
    ['that comes back', [refuse('balance')], 'retry'],
    ['that is throttled', [refuse('throttled')], 'deferred'],
  ])('%s is kept', async (_name, answers, outcome) => {
    const harness = capped(1);
    harness.provider('a', answers);
    expect(await harness.hasRoom()).toBe(true);
    expect((await harness.send()).outcome.kind).toBe(outcome);
    expect(await harness.hasRoom()).toBe(false);
  });

  test('is held while the provider is being asked', async () => {
    const harness = capped(1);
    let room: boolean | undefined;
    harness.provider('a', [
      async () => {
        room = await harness.hasRoom();
        return refuse('recipient');
      },
    ]);
    await harness.send();
    expect(room).toBe(false);
    expect(await harness.hasRoom()).toBe(true);
  });

  test.each<[name: string, act: (harness: DispatcherHarness) => Promise<string>, outcome: string]>([
    [
      'that failed',
      async (harness) => {
        harness.provider('a', [refuse('recipient')]);
        return (await harness.send()).outcome.kind;
      },
      'failed',
    ],
    [
      'whose time ran out while it waited for its turn',
      async (harness) => {
        harness.provider('a', [yes], {
          pace: (_signal, job) => {
            harness.clock.at += MINUTE_MS;
            return job();
          },
        });
        return (await harness.send({ expiresAt: harness.clock.at + MINUTE_MS })).outcome.kind;
      },
      'expired',
    ],
    [
      'that came back too late',
      async (harness) => {
        harness.provider('a', [refuse('balance')]);
        const { message } = await harness.send({ expiresAt: harness.clock.at + MINUTE_MS });
        harness.clock.at += MINUTE_MS;
        return (await harness.run(message, { rerun: true })).kind;
      },
      'expired',
    ],
    [
      'that no provider may send to its country',
      async (harness) => {
        harness.provider('a', [yes], { countries: ['86'] });
        return (await harness.send()).outcome.kind;
      },
      'suppressed',
    ],
    [
      'that was resolved on the queue',
      async (harness) => {
        harness.provider('a', [yes]);
        const message = await harness.admit(harness.message());
        await harness.ledger.resolve(message.dedupHash, new Date(message.receivedAt + 1));
        return (await harness.run(message)).kind;
      },
      'cancelled',
    ],
  ])('%s is released', async (_name, act, outcome) => {
    const harness = capped(1);
    expect(await act(harness)).toBe(outcome);
    expect(await harness.hasRoom()).toBe(true);
  });

  test('is one, however often the text is tried', async () => {
    const harness = capped(2);
    harness.provider('a', [refuse('balance'), refuse('throttled'), yes]);
    const { message } = await harness.send();
    await harness.run(message, { rerun: true });
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect(await harness.hasRoom()).toBe(true);
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted' });
    expect(await harness.hasRoom()).toBe(false);
  });

  test('serves the resend of an unknown outcome too', async () => {
    const harness = capped(1);
    harness.provider('a', [silence, yes]);
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted' });
  });

  test('is not released by a run that finds the message accepted', async () => {
    const harness = capped(1);
    const a = harness.provider('a', [yes]);
    const { message } = await harness.send();
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(await harness.run(message)).toMatchObject({ kind: 'settled' });
    expect(await harness.hasRoom()).toBe(false);
    expect(a.requests).toHaveLength(1);
  });

  test('that a run reserved for a message which had failed before is released', async () => {
    const harness = capped(1);
    harness.provider('a', [refuse('recipient')]);
    const { message } = await harness.send();
    expect(await harness.run(message)).toMatchObject({ kind: 'settled' });
    expect(await harness.hasRoom()).toBe(true);
  });

  test('is not released by the worker that reserved it when another one has sent the message meanwhile', async () => {
    const harness = capped(1);
    const waiting = createSignpost();
    const turn = createSignpost();
    let first = true;
    const a = harness.provider('a', [yes], {
      pace: async (_signal, job) => {
        if (first) {
          first = false;
          waiting.reach();
          await turn.reached;
        }
        return job();
      },
    });
    const message = await harness.admit(harness.message());
    const slow = harness.run(message);
    await waiting.reached;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    turn.reach();
    expect(await slow).toMatchObject({ kind: 'settled' });
    expect(a.requests).toHaveLength(1);
    expect(await harness.hasRoom()).toBe(false);
  });

  test('is not released for a refusal that comes when another worker has sent the message meanwhile', async () => {
    const harness = capped(1);
    const sending = createSignpost();
    const late = createSignpost();
    harness.provider('a', [
      () => {
        sending.reach();
        return late.reached.then(() => refuse('recipient'));
      },
    ]);
    harness.provider('b', [yes]);
    const message = await harness.admit(harness.message());
    const slow = harness.run(message);
    await sending.reached;
    await harness.endLease(message);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'b' });
    late.reach();
    expect(await slow).toMatchObject({ kind: 'settled', state: 'accepted' });
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted' });
    expect(harness.heard('messageSettled')).toHaveLength(1);
    expect(await harness.hasRoom()).toBe(false);
  });

  test('that waited long for its turn counts from when it is used', async () => {
    const harness = capped(1);
    const elapsed = vi.spyOn(performance, 'now');
    harness.provider('a', [refuse('balance')], {
      pace: (_signal, job) => {
        const late = performance.now() + 30_000;
        elapsed.mockReturnValue(late);
        harness.clock.at += 30_000;
        return job();
      },
    });
    const usedAt = harness.clock.at + 30_000;
    await harness.send().finally(() => elapsed.mockRestore());
    harness.clock.at = usedAt + HOUR_MS + SLOT_LEASE_MS;
    expect(await harness.hasRoom()).toBe(false);
    harness.clock.at += 1;
    expect(await harness.hasRoom()).toBe(true);
  });
});

describe('a message that a cap holds back', () => {
  test('waits until there is room, with the reason', async () => {
    const harness = capped(1);
    const a = harness.provider('a', [yes]);
    await harness.send();
    harness.clock.at += 10 * MINUTE_MS;
    const { message, outcome } = await harness.send({ expiresAt: harness.clock.at + 2 * HOUR_MS });
    const until = new Date(harness.clock.at + 50 * MINUTE_MS + 1);
    expect(outcome).toEqual({ kind: 'deferred', reason: 'rate_cap_recipient', until, cap: { max: 1, windowMs: HOUR_MS } });
    expect(await harness.trace(message)).toMatchObject({
      state: 'deferred',
      reason: 'rate_cap_recipient',
      until: until.toISOString(),
      attempts: [],
    });
    expect(harness.heard('deferred')).toEqual(['rate_cap_recipient']);
    expect(a.requests).toHaveLength(1);

    harness.clock.at = until.getTime();
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('wakes at its deadline at the latest, and then is expired and counted once', async () => {
    const harness = capped(1);
    harness.provider('a', [yes]);
    await harness.send();
    const { message, outcome } = await harness.send({ expiresAt: harness.clock.at + MINUTE_MS });
    expect(outcome).toMatchObject({ kind: 'deferred', until: new Date(message.expiresAt) });
    harness.clock.at = message.expiresAt;
    expect(await harness.run(message, { rerun: true })).toEqual({ kind: 'expired', last: 'rate_cap_recipient' });
    expect(harness.heard('messageSettled')).toHaveLength(2);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  test('behind a text still on its way asks again a window from now, not when that one’s lease ends', async () => {
    const harness = capped(1);
    const held = createSignpost();
    const sending = createSignpost();
    harness.provider('a', [
      () => {
        sending.reach();
        return held.reached.then(() => yes);
      },
    ]);
    const first = harness.send();
    await sending.reached;
    const { outcome } = await harness.send({ expiresAt: harness.clock.at + 2 * HOUR_MS });
    held.reach();
    await first;
    expect(outcome).toMatchObject({ kind: 'deferred', until: new Date(harness.clock.at + HOUR_MS + 1) });
  });

  test('is dropped where the route says so, and takes no slot', async () => {
    const harness = capped(1);
    const a = harness.provider('a', [refuse('balance'), yes]);
    const { message: first } = await harness.send();
    const { message, outcome } = await harness.send({ overflow: 'drop' });
    expect(outcome).toMatchObject({ kind: 'suppressed', reason: 'rate_cap_recipient' });
    expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'rate_cap_recipient', attempts: [] });
    expect(harness.heard('messageSettled')).toEqual([{ state: 'suppressed', reason: 'rate_cap_recipient', severity: 'critical' }]);
    expect(harness.heard('deferred')).toEqual([]);
    expect(a.requests).toHaveLength(1);
    expect(await harness.run(first, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('of all messages together lets criticals use its reserve', async () => {
    const harness = capped(0, { perRecipient: [], perHour: { max: 2, criticalReserve: 1 } });
    harness.provider('a', [yes]);
    expect((await harness.send({ severity: 'error' })).outcome).toMatchObject({ kind: 'accepted' });
    expect((await harness.send({ severity: 'error' })).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_hour' });
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted' });
    expect((await harness.send()).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_hour' });
  });
});

describe('when to come back to a full cap', () => {
  const now = new Date('2026-11-20T03:00:00Z');
  const later = (ms: number) => new Date(now.getTime() + ms);
  const rules = [{ key: 'r', reason: 'rate_cap_recipient', max: 1, windowMs: 1000, reserve: 0, weight: 1 } as const];
  const full = (retryAt: Date, key = 'r') => ({ kind: 'full', reason: 'rate_cap_recipient', key, retryAt }) as const;

  test.each<[name: string, Date, Date]>([
    ['is when it has room', later(700), later(700)],
    ['is a window from now at the latest', later(5000), later(1001)],
  ])('%s', (_name, retryAt, expected) => {
    expect(comeBackAt(full(retryAt), rules, now)).toEqual(expected);
  });

  test('is when it has room where the rule is not known', () => {
    expect(comeBackAt(full(later(5000), 'other'), rules, now)).toEqual(later(5000));
  });
});
