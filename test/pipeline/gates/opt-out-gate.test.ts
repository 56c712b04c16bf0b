import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type E164, phoneHashes } from '../../../src/alert/phone/phone.ts';
import { createSeenInbound } from '../../../src/ledger/inbound/kept-inbound.ts';
import { createOptOuts } from '../../../src/ledger/opt-out/opt-outs.ts';
import { createOptOutGate } from '../../../src/pipeline/gates/opt-out-gate.ts';
import { createInboundReceiver } from '../../../src/pipeline/receipts/apply-inbound.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, type DispatcherHarness, HOUR_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const stopped = refuse('opted_out', { code: '21610' });

const capped = () =>
  createHarness(redis, prefix, { caps: { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined } });
const stop = (harness: DispatcherHarness, phoneHash = 'phone-hash') =>
  harness.optOuts.optOut({ phoneHash, to: '+60*******789', since: harness.clock.now(), source: 'operator' });

describe('a phone that has opted out', () => {
  test.each(['alert', 'verification', 'notification'] as const)('gets no %s, takes no slot and costs no request', async (purpose) => {
    const harness = capped();
    const provider = harness.provider('a', [yes]);
    await stop(harness);
    const { message, outcome } = await harness.send({ purpose });
    expect(outcome).toEqual({ kind: 'suppressed', reason: 'opted_out' });
    expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'opted_out', attempts: [] });
    expect((await harness.trace(message)).events.at(-1)).toMatchObject({
      stage: 'opt-out-gate',
      verdict: 'suppressed',
      reason: 'opted_out',
    });
    expect(harness.heard('messageSettled')).toEqual([{ state: 'suppressed', reason: 'opted_out', severity: 'critical' }]);
    expect(await harness.hasRoom()).toBe(true);
    expect(provider.requests).toEqual([]);
  });

  test.each([
    ['the gate', 'before'],
    ['the step that opens an attempt', 'meanwhile'],
  ])('is known to %s by its other spelling, under which an earlier version kept it', async (_where, when) => {
    const harness = createHarness(redis, prefix);
    const [own, former] = phoneHashes('+541155550102' as E164);
    const provider = harness.provider('a', [yes], {
      pace: async (_signal, job) => {
        if (when === 'meanwhile') await stop(harness, former);
        return job();
      },
    });
    if (when === 'before') await stop(harness, former);
    const { message, outcome } = await harness.send({ to: '+541155550102' as E164, phoneHash: own });
    expect(outcome).toEqual({ kind: 'suppressed', reason: 'opted_out' });
    const byGate = (await harness.trace(message)).events.some(({ stage, verdict }) => stage === 'opt-out-gate' && verdict === 'suppressed');
    expect(byGate).toBe(when === 'before');
    expect(provider.requests).toEqual([]);
  });

  test('gets what it asked for again', async () => {
    const harness = createHarness(redis, prefix);
    harness.provider('a', [yes]);
    await stop(harness);
    expect((await harness.send()).outcome.kind).toBe('suppressed');
    await harness.optOuts.optIn('phone-hash', new Date(harness.clock.at + 1));
    expect((await harness.send()).outcome.kind).toBe('accepted');
  });

  test('does so immediately while its message waits for pacing: its slot is released', async () => {
    const harness = capped();
    const provider = harness.provider('a', [yes], {
      pace: async (_signal, job) => {
        await stop(harness);
        return job();
      },
    });
    const { message, outcome } = await harness.send();
    expect(outcome).toEqual({ kind: 'suppressed', reason: 'opted_out' });
    expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'opted_out', attempts: [] });
    expect(await harness.hasRoom()).toBe(true);
    expect(provider.requests).toEqual([]);
  });

  test('between two tries of the same text: the second is not made', async () => {
    const harness = createHarness(redis, prefix);
    const provider = harness.provider('a', [
      async () => {
        await stop(harness);
        return refuse('unavailable');
      },
      yes,
    ]);
    expect((await harness.send()).outcome).toEqual({ kind: 'suppressed', reason: 'opted_out' });
    expect(provider.requests).toHaveLength(1);
  });
});

describe('a refusal because the recipient has opted out', () => {
  test('is recorded in the trace, and the next message is tried by no provider', async () => {
    const harness = createHarness(redis, prefix);
    const [a, b] = [harness.provider('a', [stopped]), harness.provider('b', [yes])];
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'failed', error: { reason: 'opted_out' } });
    expect((await harness.trace(message)).events).toContainEqual(
      expect.objectContaining({ stage: 'dispatch', verdict: 'opted_out', detail: 'reported by a' }),
    );
    expect(await harness.optOuts.list()).toMatchObject([{ phoneHash: 'phone-hash', to: '+60*******789', source: 'provider a 21610' }]);
    expect((await harness.send({ providers: ['b', 'a'] })).outcome).toEqual({ kind: 'suppressed', reason: 'opted_out' });
    expect((await harness.send({ phoneHash: 'another', providers: ['b'] })).outcome.kind).toBe('accepted');
    expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
  });

  test('is as old as its request: a START that came in meanwhile stays', async () => {
    const harness = createHarness(redis, prefix);
    harness.provider('a', [
      async () => {
        await harness.optOuts.optIn('phone-hash', new Date(harness.clock.at + 1));
        return stopped;
      },
      yes,
    ]);
    await harness.send();
    expect((await harness.send()).outcome.kind).toBe('accepted');
  });

  test('is written down before the message ends, however often Redis refuses', async () => {
    const harness = createHarness(redis, prefix);
    harness.provider('a', [stopped]);
    vi.spyOn(harness.optOuts, 'optOut').mockRejectedValueOnce(new Error('READONLY'));
    await harness.send();
    expect(await harness.optOuts.isOptedOut('phone-hash')).toBe(true);
  });
});

describe('without any opt-out', () => {
  const context = { clock: { now: () => new Date() }, signal: new AbortController().signal, note: () => undefined };
  const subject = { message: { phoneHash: 'p' } } as Parameters<ReturnType<typeof createOptOutGate>['exec']>[0];

  test('a hundred concurrent messages cost one call', async () => {
    const [anyone, isOptedOut] = [vi.fn(async () => false), vi.fn(async () => false)];
    const gate = createOptOutGate({ anyone, isOptedOut });
    await Promise.all(Array.from({ length: 100 }, () => gate.exec(subject, context)));
    expect([anyone.mock.calls.length, isOptedOut.mock.calls.length]).toEqual([1, 0]);
  });

  test('a question that Redis did not answer is asked again', async () => {
    const anyone = vi.fn(async () => true).mockRejectedValueOnce(new Error('away'));
    const gate = createOptOutGate({ anyone, isOptedOut: async () => true });
    await expect(gate.exec(subject, context)).rejects.toThrow('away');
    expect(await gate.exec(subject, context)).toMatchObject({ kind: 'suppressed' });
  });
});

test('any replies, refusals and alerts in any order: no request for a phone that has opted out', async () => {
  const phones = ['p1', 'p2'];
  const step = fc.record({
    phone: fc.constantFrom(...phones),
    what: fc.constantFrom('STOP', 'start', 'thanks', 'blocked', 'alert', 'alert'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const harness = createHarness(redis, prefix);
      /** The vendor's own list, which no text of ours is past. */
      const blocked = new Set<string>();
      let asked = '';
      const vendor = harness.provider(
        'a',
        Array(20).fill(async () => (blocked.has(asked) ? stopped : yes)),
      );
      const receive = createInboundReceiver({
        seen: createSeenInbound(redis, harness.keys),
        optOuts: createOptOuts(redis, harness.keys),
        acknowledgeByReply: async () => ({ kind: 'unmatched', reason: 'no_code' }),
        log: { keep: async () => undefined },
        contactOf: () => undefined,
        observer: harness.observer,
      });
      const out = new Set<string>();
      for (const [index, { phone, what }] of steps.entries()) {
        harness.clock.at += 1;
        if (what === 'blocked') blocked.add(phone);
        if (what === 'alert') {
          asked = phone;
          const before = vendor.requests.length;
          const { outcome } = await harness.send({ phoneHash: phone });
          expect(vendor.requests.length - before).toBe(out.has(phone) ? 0 : 1);
          expect(outcome.kind).toBe(out.has(phone) ? 'suppressed' : blocked.has(phone) ? 'failed' : 'accepted');
          if (blocked.has(phone)) out.add(phone);
          continue;
        }
        if (what === 'STOP') out.add(phone);
        if (what === 'start') {
          out.delete(phone);
          blocked.delete(phone);
        }
        if (what === 'blocked') continue;
        const text = { provider: 'a', providerMessageId: `SM${index}`, phoneHash: phone, from: '+60*******789', text: what };
        await receive({ ...text, receivedAt: harness.clock.at });
      }
      expect((await harness.optOuts.list()).map(({ phoneHash }) => phoneHash).sort()).toEqual([...out].sort());
    }),
    { numRuns: 25 },
  );
});
