import { describe, expect, test, vi } from 'vitest';
import type { Caps } from '../../../src/limit/caps/rate-cap.ts';
import { comeBackAt } from '../../../src/pipeline/gates/message-caps.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createDesk, createSignpost, type Desk, HOUR_MS, MINUTE_MS, SLOT_LEASE_MS } from '../dispatch-desk.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome');

const capped = (max: number, more: Partial<Caps> = {}) =>
  createDesk(redis, prefix, { caps: { weight: 'messages', perRecipient: [{ max, perMs: HOUR_MS }], perHour: undefined, ...more } });

describe('the slot of a text', () => {
  test.each<[name: string, answers: readonly Line[], outcome: string]>([
    ['accepted', [yes], 'accepted'],
    ['perhaps sent', [silence], 'unknown'],
    ['refused after it was perhaps sent', [silence, refuse('recipient')], 'unknown'],
    ['that comes back', [refuse('balance')], 'retry'],
    ['that is throttled', [refuse('throttled')], 'deferred'],
  ])('%s is kept', async (_name, answers, outcome) => {
    const desk = capped(1);
    desk.provider('a', answers);
    expect(await desk.hasRoom()).toBe(true);
    expect((await desk.send()).outcome.kind).toBe(outcome);
    expect(await desk.hasRoom()).toBe(false);
  });

  test('is held while the provider is being asked', async () => {
    const desk = capped(1);
    let room: boolean | undefined;
    desk.provider('a', [
      async () => {
        room = await desk.hasRoom();
        return refuse('recipient');
      },
    ]);
    await desk.send();
    expect(room).toBe(false);
    expect(await desk.hasRoom()).toBe(true);
  });

  test.each<[name: string, act: (desk: Desk) => Promise<string>, outcome: string]>([
    [
      'that failed',
      async (desk) => {
        desk.provider('a', [refuse('recipient')]);
        return (await desk.send()).outcome.kind;
      },
      'failed',
    ],
    [
      'whose time ran out while it waited for its turn',
      async (desk) => {
        desk.provider('a', [yes], {
          pace: (_signal, job) => {
            desk.clock.at += MINUTE_MS;
            return job();
          },
        });
        return (await desk.send({ expiresAt: desk.clock.at + MINUTE_MS })).outcome.kind;
      },
      'expired',
    ],
    [
      'that came back too late',
      async (desk) => {
        desk.provider('a', [refuse('balance')]);
        const { message } = await desk.send({ expiresAt: desk.clock.at + MINUTE_MS });
        desk.clock.at += MINUTE_MS;
        return (await desk.run(message, { rerun: true })).kind;
      },
      'expired',
    ],
    [
      'that no provider may send to its country',
      async (desk) => {
        desk.provider('a', [yes], { countries: ['86'] });
        return (await desk.send()).outcome.kind;
      },
      'suppressed',
    ],
    [
      'that was resolved on the queue',
      async (desk) => {
        desk.provider('a', [yes]);
        const message = await desk.admit(desk.message());
        await desk.ledger.resolve(message.dedupHash, new Date(message.receivedAt + 1));
        return (await desk.run(message)).kind;
      },
      'cancelled',
    ],
  ])('%s is given back', async (_name, act, outcome) => {
    const desk = capped(1);
    expect(await act(desk)).toBe(outcome);
    expect(await desk.hasRoom()).toBe(true);
  });

  test('is one, however often the text is tried', async () => {
    const desk = capped(2);
    desk.provider('a', [refuse('balance'), refuse('throttled'), yes]);
    const { message } = await desk.send();
    await desk.run(message, { rerun: true });
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect(await desk.hasRoom()).toBe(true);
    expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted' });
    expect(await desk.hasRoom()).toBe(false);
  });

  test('serves the resend of an unknown outcome too', async () => {
    const desk = capped(1);
    desk.provider('a', [silence, yes]);
    expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted' });
  });

  test('is not given back by a run that finds the text accepted', async () => {
    const desk = capped(1);
    const a = desk.provider('a', [yes]);
    const { message } = await desk.send();
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(await desk.run(message)).toMatchObject({ kind: 'settled' });
    expect(await desk.hasRoom()).toBe(false);
    expect(a.requests).toHaveLength(1);
  });

  test('that a run took for a text which had failed before is given back', async () => {
    const desk = capped(1);
    desk.provider('a', [refuse('recipient')]);
    const { message } = await desk.send();
    expect(await desk.run(message)).toMatchObject({ kind: 'settled' });
    expect(await desk.hasRoom()).toBe(true);
  });

  test('is not given back by the worker that took it when another one has sent the text meanwhile', async () => {
    const desk = capped(1);
    const waiting = createSignpost();
    const turn = createSignpost();
    let first = true;
    const a = desk.provider('a', [yes], {
      pace: async (_signal, job) => {
        if (first) {
          first = false;
          waiting.reach();
          await turn.reached;
        }
        return job();
      },
    });
    const message = await desk.admit(desk.message());
    const slow = desk.run(message);
    await waiting.reached;
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    turn.reach();
    expect(await slow).toMatchObject({ kind: 'settled' });
    expect(a.requests).toHaveLength(1);
    expect(await desk.hasRoom()).toBe(false);
  });

  test('is not given back for a refusal that comes when another worker has sent the text meanwhile', async () => {
    const desk = capped(1);
    const sending = createSignpost();
    const late = createSignpost();
    desk.provider('a', [
      () => {
        sending.reach();
        return late.reached.then(() => refuse('recipient'));
      },
    ]);
    desk.provider('b', [yes]);
    const message = await desk.admit(desk.message());
    const slow = desk.run(message);
    await sending.reached;
    await desk.endLease(message);
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'b' });
    late.reach();
    expect(await slow).toMatchObject({ kind: 'settled', state: 'accepted' });
    expect(await desk.trace(message)).toMatchObject({ state: 'accepted' });
    expect(desk.heard('messageSettled')).toHaveLength(1);
    expect(await desk.hasRoom()).toBe(false);
  });

  test('that waited long for its turn counts from when it is used', async () => {
    const desk = capped(1);
    const elapsed = vi.spyOn(performance, 'now');
    desk.provider('a', [refuse('balance')], {
      pace: (_signal, job) => {
        const late = performance.now() + 30_000;
        elapsed.mockReturnValue(late);
        desk.clock.at += 30_000;
        return job();
      },
    });
    const usedAt = desk.clock.at + 30_000;
    await desk.send().finally(() => elapsed.mockRestore());
    desk.clock.at = usedAt + HOUR_MS + SLOT_LEASE_MS;
    expect(await desk.hasRoom()).toBe(false);
    desk.clock.at += 1;
    expect(await desk.hasRoom()).toBe(true);
  });
});

describe('a text that a cap holds back', () => {
  test('waits until there is room, and is told why', async () => {
    const desk = capped(1);
    const a = desk.provider('a', [yes]);
    await desk.send();
    desk.clock.at += 10 * MINUTE_MS;
    const { message, outcome } = await desk.send({ expiresAt: desk.clock.at + 2 * HOUR_MS });
    const until = new Date(desk.clock.at + 50 * MINUTE_MS + 1);
    expect(outcome).toEqual({ kind: 'deferred', reason: 'rate_cap_recipient', until, cap: { max: 1, windowMs: HOUR_MS } });
    expect(await desk.trace(message)).toMatchObject({
      state: 'deferred',
      reason: 'rate_cap_recipient',
      until: until.toISOString(),
      attempts: [],
    });
    expect(desk.heard('deferred')).toEqual(['rate_cap_recipient']);
    expect(a.requests).toHaveLength(1);

    desk.clock.at = until.getTime();
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('wakes at its deadline at the latest, and then is expired and counted once', async () => {
    const desk = capped(1);
    desk.provider('a', [yes]);
    await desk.send();
    const { message, outcome } = await desk.send({ expiresAt: desk.clock.at + MINUTE_MS });
    expect(outcome).toMatchObject({ kind: 'deferred', until: new Date(message.expiresAt) });
    desk.clock.at = message.expiresAt;
    expect(await desk.run(message, { rerun: true })).toEqual({ kind: 'expired', last: 'rate_cap_recipient' });
    expect(desk.heard('messageSettled')).toHaveLength(2);
    expect(await desk.ledger.inFlight()).toBe(0);
  });

  test('behind a text still on its way asks again a window from now, not when that one’s lease ends', async () => {
    const desk = capped(1);
    const held = createSignpost();
    const sending = createSignpost();
    desk.provider('a', [
      () => {
        sending.reach();
        return held.reached.then(() => yes);
      },
    ]);
    const first = desk.send();
    await sending.reached;
    const { outcome } = await desk.send({ expiresAt: desk.clock.at + 2 * HOUR_MS });
    held.reach();
    await first;
    expect(outcome).toMatchObject({ kind: 'deferred', until: new Date(desk.clock.at + HOUR_MS + 1) });
  });

  test('is dropped where the route says so, and takes no slot', async () => {
    const desk = capped(1);
    const a = desk.provider('a', [refuse('balance'), yes]);
    const { message: first } = await desk.send();
    const { message, outcome } = await desk.send({ overflow: 'drop' });
    expect(outcome).toMatchObject({ kind: 'suppressed', reason: 'rate_cap_recipient' });
    expect(await desk.trace(message)).toMatchObject({ state: 'suppressed', reason: 'rate_cap_recipient', attempts: [] });
    expect(desk.heard('messageSettled')).toEqual([{ state: 'suppressed', reason: 'rate_cap_recipient', severity: 'critical' }]);
    expect(desk.heard('deferred')).toEqual([]);
    expect(a.requests).toHaveLength(1);
    expect(await desk.run(first, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('of all texts together lets criticals use its reserve', async () => {
    const desk = capped(0, { perRecipient: [], perHour: { max: 2, criticalReserve: 1 } });
    desk.provider('a', [yes]);
    expect((await desk.send({ severity: 'error' })).outcome).toMatchObject({ kind: 'accepted' });
    expect((await desk.send({ severity: 'error' })).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_hour' });
    expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted' });
    expect((await desk.send()).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_hour' });
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
