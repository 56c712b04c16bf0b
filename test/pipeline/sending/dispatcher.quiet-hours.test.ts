import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { isAtLeast, SEVERITIES } from '../../../src/alert/severity.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import type { QuietHours } from '../../../src/policy/quiet-hours.ts';
import type { Route } from '../../../src/policy/route.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, type DispatcherHarness, HOUR_MS, MINUTE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const DAY_MS = 24 * HOUR_MS;

/** Quiet for two hours, by UTC, that begin so many ms from now, rounded down to the minute. */
function quietIn({ clock }: DispatcherHarness, ms: number, override: QuietHours['override'] = 'critical'): QuietHours {
  const from = Math.floor((clock.at + ms) / MINUTE_MS) % 1440;
  return { from, to: (from + 120) % 1440, timeZone: 'UTC', override };
}
const endOf = ({ to }: QuietHours, { clock }: DispatcherHarness) => {
  const midnight = clock.at - (clock.at % DAY_MS);
  const end = midnight + to * MINUTE_MS;
  return new Date(end > clock.at ? end : end + DAY_MS);
};
const quietNow = (harness: DispatcherHarness): Partial<Message> => ({
  severity: 'error',
  quietHours: quietIn(harness, 0),
  expiresAt: harness.clock.at + DAY_MS,
});

const GATHERED = { kind: 'suppressed', reason: 'digested', held: { reason: 'quiet_hours' } };

describe('a message in quiet hours', () => {
  test('is gathered into a digest, without an attempt or a slot', async () => {
    const harness = createHarness(redis, prefix, {
      caps: { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined },
    });
    const a = harness.provider('a', [yes]);
    const { message, outcome } = await harness.send(quietNow(harness));
    expect(outcome).toMatchObject(GATHERED);
    expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'digested', attempts: [] });
    expect(await harness.hasRoom()).toBe(true);
    expect(a.requests).toHaveLength(0);
  });

  test('is sent immediately where it is severe enough', async () => {
    const harness = createHarness(redis, prefix);
    harness.provider('a', [yes]);
    expect((await harness.send({ ...quietNow(harness), severity: 'critical' })).outcome).toMatchObject({ kind: 'accepted' });
    expect((await harness.send({ ...quietNow(harness), quietHours: quietIn(harness, 0, 'error') })).outcome).toMatchObject({
      kind: 'accepted',
    });
  });

  test('is given up where the route says so, and counted once', async () => {
    const harness = createHarness(redis, prefix);
    const a = harness.provider('a', [refuse('balance'), yes]);
    const quietHours = quietIn(harness, 5 * MINUTE_MS);
    const { message } = await harness.send({ severity: 'error', overflow: 'drop', quietHours });
    harness.clock.at += 10 * MINUTE_MS;
    const outcome = await harness.run(message, { rerun: true });
    expect(outcome).toMatchObject({
      kind: 'suppressed',
      reason: 'quiet_hours',
      detail: `quiet until ${endOf(quietHours, harness).toISOString()}`,
    });
    expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'quiet_hours' });
    expect(harness.heard('messageSettled')).toEqual([{ state: 'suppressed', reason: 'quiet_hours', severity: 'error' }]);
    expect(a.requests).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  test('into which it came while it waited for a cap, is gathered', async () => {
    const harness = createHarness(redis, prefix, {
      caps: { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined },
    });
    const a = harness.provider('a', [yes]);
    await harness.send();
    const quietHours = quietIn(harness, 30 * MINUTE_MS);
    const { message, outcome } = await harness.send({ severity: 'error', quietHours, expiresAt: harness.clock.at + DAY_MS });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    harness.clock.at += HOUR_MS + 1;
    expect(await harness.run(message, { rerun: true })).toMatchObject(GATHERED);
    expect(a.requests).toHaveLength(1);
  });

  test('into which it came while a vendor was failing, is gathered; a critical is tried again', async () => {
    const harness = createHarness(redis, prefix);
    harness.provider('a', [refuse('balance'), refuse('balance'), yes]);
    const more = { quietHours: quietIn(harness, 5 * MINUTE_MS), expiresAt: harness.clock.at + DAY_MS };
    const { message: error } = await harness.send({ ...more, severity: 'error' });
    const { message: critical } = await harness.send({ ...more, severity: 'critical' });
    harness.clock.at += 10 * MINUTE_MS;
    expect(await harness.run(error, { rerun: true })).toMatchObject(GATHERED);
    expect(await harness.run(critical, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('that began while it waited for pacing comes back immediately and is gathered', async () => {
    const harness = createHarness(redis, prefix);
    const quietHours = quietIn(harness, 2 * MINUTE_MS);
    const a = harness.provider('a', [yes], {
      pace: (_signal, job) => {
        harness.clock.at += 3 * MINUTE_MS;
        return job();
      },
    });
    const { message, outcome } = await harness.send({ severity: 'error', quietHours, expiresAt: harness.clock.at + DAY_MS });
    expect(outcome).toEqual({ kind: 'deferred', reason: 'quiet_hours', until: harness.clock.now() });
    expect(await harness.run(message, { rerun: true })).toMatchObject(GATHERED);
    expect(a.requests).toHaveLength(0);
  });

  test('that may have been sent waits, with any overflow of its route, and is never recorded as unsent', async () => {
    const harness = createHarness(redis, prefix);
    // A throttled vendor after one whose answer never came: it comes back with a doubt.
    harness.provider('a', [refuse('unknown_outcome')]);
    harness.provider('b', [refuse('throttled')]);
    const quietHours = quietIn(harness, 5 * MINUTE_MS);
    const expiresAt = harness.clock.at + HOUR_MS;
    const { message } = await harness.send({ severity: 'error', overflow: 'drop', quietHours, expiresAt });
    harness.clock.at += 10 * MINUTE_MS;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'deferred', reason: 'quiet_hours' });
    harness.clock.at = expiresAt;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'unknown', provider: 'a' });
  });
});

describe('caps of sources, countries and routes', () => {
  const windows = (max: number) => [{ max, perMs: HOUR_MS }];
  const off = { weight: 'messages', perRecipient: [], perHour: undefined } as const;
  const route = (name: string, perRecipient: number, perRoute: number): Route => ({
    name,
    match: {},
    providers: ['a'],
    expiresAfterMs: HOUR_MS,
    overflow: 'defer',
    caps: { perRecipient: windows(perRecipient), perRoute: windows(perRoute) },
  });
  const OTHER = { to: '+60123456780' as E164, phoneHash: 'other' };

  test.each<
    [
      name: string,
      options: Parameters<typeof createHarness>[2],
      first: Partial<Message>,
      full: Partial<Message>,
      free: Partial<Message>,
      reason: string,
    ]
  >([
    [
      'a source',
      { caps: { ...off, perSource: windows(1) } },
      { sourceHash: 's' },
      { sourceHash: 's', ...OTHER },
      { sourceHash: 't' },
      'rate_cap_source',
    ],
    [
      'a country',
      { caps: { ...off, perCountry: new Map([['60', windows(1)]]) } },
      {},
      OTHER,
      { to: '+6581234567' as E164 },
      'rate_cap_country',
    ],
    [
      'a route',
      { routes: [route('loud', 5, 1), route('quiet', 5, 1)] },
      { route: 'loud' },
      { route: 'loud', ...OTHER },
      { route: 'quiet' },
      'rate_cap_route',
    ],
    [
      'a phone on a route',
      { routes: [route('loud', 1, 5)] },
      { route: 'loud' },
      { route: 'loud' },
      { route: 'loud', ...OTHER },
      'rate_cap_route',
    ],
  ])('of %s hold back what is counted there and nothing else', async (_name, options, first, full, free, reason) => {
    const harness = createHarness(redis, prefix, options);
    const a = harness.provider('a', [yes]);
    expect((await harness.send(first)).outcome).toMatchObject({ kind: 'accepted' });
    const { message, outcome } = await harness.send({ ...full, expiresAt: harness.clock.at + DAY_MS });
    expect(outcome).toMatchObject({ kind: 'deferred', reason });
    expect(harness.heard('deferred')).toEqual([reason]);
    expect((await harness.send(free)).outcome).toMatchObject({ kind: 'accepted' });
    harness.clock.at += HOUR_MS + 1;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect(a.requests).toHaveLength(3);
  });

  test('of a route give the slot of a failed text back', async () => {
    const harness = createHarness(redis, prefix, { routes: [route('loud', 1, 1)] });
    harness.provider('a', [refuse('recipient'), yes]);
    expect((await harness.send({ route: 'loud' })).outcome).toMatchObject({ kind: 'failed' });
    expect((await harness.send({ route: 'loud' })).outcome).toMatchObject({ kind: 'accepted' });
  });
});

/** Of clocks that are never put on or back, minutes. */
const OFFSETS: Readonly<Record<string, number>> = { UTC: 0, 'Asia/Kathmandu': 345, 'Pacific/Honolulu': -600 };

test('Whenever it comes and however often it is put off, no provider is asked in quiet hours', async () => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const quiet = fc
    .record({ from: minute, to: minute, timeZone: fc.constantFrom(...Object.keys(OFFSETS)) })
    .filter(({ from, to }) => from !== to);
  const severity = fc.constantFrom(...SEVERITIES);
  await fc.assert(
    fc.asyncProperty(quiet, severity, severity, fc.nat(DAY_MS), fc.nat(3), async (times, override, severity, ms, failures) => {
      const harness = createHarness(redis, prefix);
      const askedAt: number[] = [];
      const answer = (said: Accepted | ReturnType<typeof refuse>) => () => {
        askedAt.push(harness.clock.at);
        return said;
      };
      harness.provider('a', [...Array.from({ length: failures }, () => answer(refuse('balance'))), answer(yes)]);
      harness.clock.at += ms;
      const quietHours = { ...times, override };
      let { message, outcome } = await harness.send({ severity, quietHours, expiresAt: harness.clock.at + 2 * DAY_MS });
      for (let run = 0; outcome.kind !== 'accepted' && run < 2 + 2 * failures; run += 1) {
        if (outcome.kind === 'suppressed' && outcome.reason === 'digested') break;
        if (outcome.kind !== 'deferred' && outcome.kind !== 'retry') throw new Error(outcome.kind);
        harness.clock.at = outcome.until.getTime();
        outcome = await harness.run(message, { rerun: true });
      }
      expect(outcome).toMatchObject(outcome.kind === 'accepted' ? {} : GATHERED);
      for (const at of isAtLeast(severity, override) ? [] : askedAt) {
        const { from, to, timeZone } = times;
        const clock = (Math.floor(at / MINUTE_MS) + (OFFSETS[timeZone] as number) + 1440) % 1440;
        expect(to > from ? clock >= from && clock < to : clock >= from || clock < to).toBe(false);
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);
