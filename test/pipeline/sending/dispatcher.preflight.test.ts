import { beforeEach, describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { countSegments } from '../../../src/alert/segments.ts';
import { type Accepted, type Provider, ProviderError, refuse, type SmsMessage } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, type DispatcherHarness, HOUR_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const tooLong = new ProviderError('content', { code: 'VARIABLE_TOO_LONG' });
const CAPS = { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined } as const;

let harness: DispatcherHarness;
beforeEach(() => {
  harness = createHarness(redis, prefix, { caps: CAPS });
});

const picky = (name: string, more: Partial<Provider>, answer: Parameters<DispatcherHarness['provider']>[1] = [yes]) =>
  Object.assign(harness.provider(name, answer), more);
const eventsOf = async (message: Parameters<DispatcherHarness['trace']>[0]) =>
  (await harness.trace(message)).events.filter(({ stage }) => stage === 'dispatch').map(({ at: _at, ...event }) => event);

describe('a provider that would surely refuse the message', () => {
  test('is passed over without a request, and the next one sends it', async () => {
    const a = picky('a', { preflight: () => tooLong });
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect([a.requests.length, b.requests.length]).toEqual([0, 1]);
    expect((await harness.trace(message)).attempts).toMatchObject([{ provider: 'b', result: 'accepted' }]);
    expect(await eventsOf(message)).toEqual([
      { stage: 'dispatch', verdict: 'skipped', reason: 'content', detail: 'a would reject it: variable too long' },
      { stage: 'dispatch', verdict: 'failover', reason: 'content', detail: 'from a to b' },
      { stage: 'dispatch', verdict: 'accepted' },
    ]);
    expect(harness.heard('providerRequest')).toMatchObject([{ provider: 'b' }]);
  });

  test('and no other left: the message has failed, no attempt is written down, and its slot is free', async () => {
    picky('a', { preflight: () => tooLong });
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'failed', provider: 'a', error: { code: 'VARIABLE_TOO_LONG' } });
    expect(outcome).not.toHaveProperty('attempt');
    expect(await harness.trace(message)).toMatchObject({ state: 'failed', reason: 'content', attempts: [] });
    expect(harness.heard('messageSettled')).toEqual([{ state: 'failed', reason: 'content', severity: 'critical' }]);
    expect(await harness.hasRoom()).toBe(true);
  });

  test('for the sake of a number that is not valid ends it, as no other would take it either', async () => {
    picky('a', { preflight: () => new ProviderError('recipient', { code: 'NO_SUCH_NUMBER' }) });
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send({ to: '+60100000000' as E164 });
    expect(outcome).toMatchObject({ kind: 'failed', provider: 'a' });
    expect(b.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'failed', reason: 'recipient', attempts: [] });
  });

  test('after one that may take it later: the text comes back, and the attempt made is closed', async () => {
    harness.provider('a', [refuse('throttled')]);
    picky('b', { preflight: () => tooLong });
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'throttled' });
    expect(outcome).not.toHaveProperty('attempt');
    expect((await harness.trace(message)).attempts).toMatchObject([{ provider: 'a', result: 'refused', reason: 'throttled' }]);
    expect((await harness.ledger.recall(message.id))?.open).toBeUndefined();
  });

  test('does not prevent a resend through the same one', async () => {
    const a = harness.provider('a', [refuse('unknown_outcome'), yes]);
    picky('b', { preflight: () => tooLong });
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(2);
    expect((await harness.trace(message)).attempts).toMatchObject([{ result: 'unknown' }, { result: 'accepted' }]);
  });

  test('and whose check throws is called, and the bug is reported', async () => {
    const bug = new Error('bug');
    const a = picky('a', {
      preflight: () => {
        throw bug;
      },
    });
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(1);
    expect(harness.bugs).toEqual([{ error: bug, provider: 'a' }]);
  });
});

describe('a message that a route shortens', () => {
  const long = { text: 'a'.repeat(300), maxSegments: 1, variables: { instance: '', priority: 'CRITICAL', content: 'b'.repeat(300) } };

  test('goes to each provider as that one counts, and is looked at as it will go', async () => {
    const checked: SmsMessage[] = [];
    const preflight = (sms: SmsMessage) => {
      checked.push(sms);
      return undefined;
    };
    const a = picky('a', { preflight, segmentRule: () => 'ucs2' }, [refuse('balance')]);
    const b = picky('b', { preflight });
    const { message } = await harness.send(long);
    expect(a.requests[0]?.text).toBe(`${'a'.repeat(69)}…`);
    expect(a.requests[0]?.variables.content).toBe(`${'b'.repeat(69)}…`);
    expect(b.requests[0]?.text).toBe(`${'a'.repeat(157)}...`);
    expect(checked).toEqual([a.requests[0], b.requests[0]]);
    expect((await harness.trace(message)).segments).toBe(1);
  });

  test('is counted as the vendor counts, else by the vendor’s rule', async () => {
    harness = createHarness(redis, prefix);
    picky('a', { segmentRule: () => 'ucs2' }, [yes, { ...yes, segments: 7 }]);
    const text = 'a'.repeat(150);
    const counted = async () => (await harness.trace((await harness.send({ text })).message)).segments;
    expect(countSegments(text)).toBe(1);
    expect([await counted(), await counted()]).toEqual([3, 7]);
    expect(harness.heard('accepted')).toMatchObject([{ segments: 3 }, { segments: 7 }]);
  });
});

test('A cap that counts segments passes one long message and then waits', async () => {
  harness = createHarness(redis, prefix, { caps: { ...CAPS, weight: 'segments', perRecipient: [{ max: 4, perMs: HOUR_MS }] } });
  harness.provider('a', [yes]);
  expect((await harness.send({ segments: 3 })).outcome.kind).toBe('accepted');
  expect((await harness.send({ segments: 2 })).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
  expect((await harness.send({ segments: 1 })).outcome.kind).toBe('accepted');
  expect((await harness.send({ segments: 1 })).outcome.kind).toBe('deferred');
});

describe('a message longer than the provider accepts', () => {
  test('loses its tail where we made it of an alert', async () => {
    const a = picky('a', { maxCharacters: 20 });
    const { outcome } = await harness.send({ text: `CRITICAL: ${'x'.repeat(20)}` });
    expect(outcome).toMatchObject({ kind: 'accepted' });
    expect(a.requests).toMatchObject([{ text: 'CRITICAL: xxxxxxx...' }]);
  });

  test("is offered elsewhere where it is the producer's own", async () => {
    const a = picky('a', { maxCharacters: 20 });
    const b = harness.provider('b', [yes]);
    const text = 'Your code is 123456789012';
    const { message } = await harness.send({ text, template: { name: 'login', params: { code: '123456789012' }, exact: true } });
    expect([a.requests.length, b.requests]).toMatchObject([0, [{ text }]]);
    expect(await eventsOf(message)).toMatchObject([{ verdict: 'skipped', detail: 'a would reject it: too long' }, {}, {}]);
  });
});
