import { describe, expect, test } from 'vitest';
import type { Money } from '../../src/limit/budget/money.ts';
import { digestLifeMs, mannerOf } from '../../src/pipeline/digest/digest-message.ts';
import type { Message } from '../../src/pipeline/message.ts';
import { planMessage } from '../../src/pipeline/routing/plan-message.ts';
import { refuse } from '../../src/provider/contract/provider.ts';
import { routedAlert } from '../support/fixtures/ledger.ts';
import { testRedis } from '../support/redis.ts';
import { createDigestHarness, type DigestHarness } from './digest-harness.ts';
import { HOUR_MS, MINUTE_MS } from './dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes = { kind: 'accepted', providerMessageId: 'SM1' } as const;
const GATHER_MS = 10_000;
const QUIET_MS = 10 * MINUTE_MS;

/** Of three slots two are taken: the last one is kept. */
async function usedUp(): Promise<{ harness: DigestHarness; texts: () => string[] }> {
  const harness = createDigestHarness(redis, prefix, 3);
  const provider = harness.provider('a', [yes]);
  await harness.send();
  await harness.send();
  return { harness, texts: () => provider.requests.map(({ text }) => text) };
}

const errors = async (harness: DigestHarness, count: number): Promise<Message[]> => {
  const sent = [];
  for (let nth = 0; nth < count; nth += 1) sent.push((await harness.send()).message);
  return sent;
};

describe('an alert that a cap holds back', () => {
  test('is gathered, and part of one text through the slot that is kept', async () => {
    const { harness, texts } = await usedUp();
    const [first, second] = (await errors(harness, 2)) as [Message, Message];
    const { message: digest, outcome: early } = await harness.runDigest();
    expect(early).toEqual({ kind: 'deferred', reason: 'digest', until: new Date(harness.clock.at + GATHER_MS) });
    harness.clock.at += GATHER_MS;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect(texts().at(-1)).toMatch(/^2 alerts held back since .*: 2 error\. Newest: ERROR Disk full; ERROR Disk full$/);
    for (const message of [first, second]) {
      expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'digested', digest: digest.id, attempts: [] });
    }
    expect((await harness.trace(digest)).events.find(({ verdict }) => verdict === 'closed')?.detail).toBe('2 alert(s): 2 error');
    expect(await redis.exists(harness.keys.digest('phone-hash'), harness.keys.digestContent(digest.id))).toBe(0);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(harness.heard('messageSettled')).toHaveLength(5);
    expect(harness.heard('messagesCreated')).toEqual([['error', 1]]);
  });

  test('after a digest was closed goes into the next one, whose turn comes when the cap has room', async () => {
    const { harness } = await usedUp();
    await errors(harness, 1);
    harness.clock.at += GATHER_MS;
    await harness.runDigest();
    const { message } = await harness.send();
    harness.clock.at += GATHER_MS;
    const { message: next, outcome } = await harness.runDigest();
    expect(await harness.trace(message)).toMatchObject({ digest: next.id });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    harness.clock.at += HOUR_MS;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect([...harness.waiting.keys()]).toHaveLength(2);
  });

  test('counts once although its worker crashed before the ledger recorded its digest', async () => {
    const { harness, texts } = await usedUp();
    const message = await harness.admit(harness.message({ severity: 'error', overflow: 'digest' }));
    const note = () => undefined;
    const ctx = { clock: harness.clock, signal: new AbortController().signal, note };
    const first = await harness.gather(message, { reason: 'rate_cap_recipient' }, new Date(harness.clock.at), ctx);
    expect(await harness.gather(message, { reason: 'rate_cap_recipient' }, new Date(harness.clock.at), ctx)).toEqual(first);
    harness.clock.at += GATHER_MS;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    // There is room again, and still it is not sent by itself; not even by whoever has passed the gates already.
    harness.clock.at += 2 * HOUR_MS;
    const attempt = {
      ...message,
      messageId: message.id,
      token: 't',
      record: { provider: 'a', startedAt: '' },
      leaseMs: 1,
      unknownsAllowed: 0,
    };
    expect(await harness.ledger.openAttempt(attempt)).toEqual({ kind: 'orphan' });
    expect(await harness.run({ ...message, expiresAt: harness.clock.at + 1 }, true)).toMatchObject({
      kind: 'suppressed',
      reason: 'digested',
    });
    expect(await harness.run(message, true)).toEqual({ kind: 'settled', state: 'suppressed' });
    expect(texts().filter((text) => text.startsWith('1 alert held back'))).toHaveLength(1);
    expect(texts()).toHaveLength(3);
  });

  test('has the same text at each attempt, also with later alerts', async () => {
    const harness = createDigestHarness(redis, prefix, 3);
    const provider = harness.provider('a', [yes, yes, refuse('balance'), yes]);
    await errors(harness, 3);
    harness.clock.at += GATHER_MS;
    const { message: digest, outcome } = await harness.runDigest();
    expect(outcome.kind).toBe('retry');
    await errors(harness, 1);
    harness.clock.at += MINUTE_MS;
    expect((await harness.run(digest, true)).kind).toBe('accepted');
    const [, , first, second] = provider.requests.map(({ text }) => text);
    expect(first).toMatch(/^1 alert held back/);
    expect(second).toBe(first);
  });

  test('is sent with the highest severity in it, and makes the digest check its caps again when that changes', async () => {
    const harness = createDigestHarness(redis, prefix, 3);
    harness.provider('a', [yes]);
    const other = harness.provider('b', [yes]);
    const fire: Partial<Message> = { severity: 'critical', dedupHash: 'fire', providers: ['b'] };
    const night = { from: 0, to: 0, timeZone: 'UTC', override: 'critical' } as const;
    await harness.send({ ...fire, providers: ['a'] });
    await errors(harness, 2);
    await harness.send({ severity: 'warning', providers: ['a'] });
    expect(harness.woken).toEqual([]);
    await harness.send({ ...fire, quietHours: night });
    expect(harness.woken).toEqual([...harness.waiting.keys()]);
    await harness.send({ severity: 'warning', quietHours: night, providers: ['a'] });
    harness.clock.at += GATHER_MS;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect(other.requests.map(({ text }) => text)).toEqual([expect.stringMatching(/1 critical, 1 error, 2 warning/)]);
  });

  test('by a digest that fails permanently keeps its state: the digest has the reason, and may be replayed', async () => {
    const harness = createDigestHarness(redis, prefix, 3);
    const provider = harness.provider('a', [yes, yes, refuse('recipient'), yes]);
    const held = (await errors(harness, 3)).at(-1) as Message;
    harness.clock.at += GATHER_MS;
    const { message: digest, outcome } = await harness.runDigest();
    expect(outcome.kind).toBe('failed');
    expect(await harness.trace(held)).toMatchObject({ state: 'suppressed', digest: digest.id });
    const replay = { number: 1, at: harness.clock.at };
    expect((await harness.run({ ...digest, replay }, true)).kind).toBe('accepted');
    expect(provider.requests.at(-1)?.text).toMatch(/^1 alert held back/);
  });
});

describe('an alert that arrives while a digest is being closed', () => {
  const closing = async (severity: 'error' | 'critical') => {
    const harness = createDigestHarness(redis, prefix, 3);
    const found = harness.provider('a', [yes]);
    const late = harness.provider('b', [yes]);
    await harness.send({ providers: ['a'] });
    await harness.send({ providers: ['a'] });
    await harness.send({ providers: ['a'] });
    harness.clock.at += GATHER_MS;
    const ctx = { clock: harness.clock, signal: new AbortController().signal, note: () => undefined };
    const other = await harness.admit(harness.message({ severity, providers: ['b'], route: 'other' }));
    harness.beforeClose(async () => void (await harness.gather(other, { reason: 'rate_cap_recipient' }, harness.clock.now(), ctx)));
    return { harness, found, late, outcome: (await harness.runDigest()).outcome };
  };

  test('is sent by the route whose caps had room, though it is newer', async () => {
    const { found, late, outcome } = await closing('error');
    expect(outcome.kind).toBe('accepted');
    expect([found.requests.at(-1)?.text, late.requests.length]).toEqual([expect.stringMatching(/^2 alerts held back/), 0]);
  });

  test('makes the digest check its caps again when it is more severe', async () => {
    const { harness, late, outcome } = await closing('critical');
    expect(outcome).toEqual({ kind: 'deferred', reason: 'digest', until: harness.clock.now() });
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect(late.requests.map(({ text }) => text)).toEqual([expect.stringMatching(/^2 alerts held back .*: 1 critical, 1 error/)]);
  });
});

test('A digest that there is no money for gathers on, and is one text when there is; a critical in it may use what is left', async () => {
  const money: Money = { currency: 'USD', prices: new Map([['a', { other: 1 }]]), budgets: { hour: { soft: 3, hard: 6 } } };
  const harness = createDigestHarness(redis, prefix, 4, money);
  harness.clock.at = Date.parse('2026-11-20T12:10:00Z');
  const provider = harness.provider('a', [yes]);
  const run = async () => (await harness.runDigest()).outcome;
  const nextHour = new Date(Date.parse('2026-11-20T13:00:00Z'));
  await errors(harness, 4);
  for (let nth = 0; nth < 3; nth += 1) {
    harness.clock.at += GATHER_MS;
    expect(await run()).toEqual({ kind: 'deferred', reason: 'budget', until: nextHour });
    await errors(harness, 1);
  }
  expect(harness.waiting.size).toBe(1);
  const ctx = { clock: harness.clock, signal: new AbortController().signal, note: () => undefined };
  await harness.gather(await harness.admit(harness.message()), { reason: 'rate_cap_recipient' }, nextHour, ctx);
  expect(harness.woken).toEqual([...harness.waiting.keys()]);
  expect(await run()).toMatchObject({ kind: 'accepted' });
  expect(provider.requests.at(-1)?.text).toMatch(/^5 alerts held back since .*: 1 critical, 4 error/);
});

test('Alerts of a digest are known when they come again: the same problem is reported once', async () => {
  const { harness } = await usedUp();
  const message = harness.message({ severity: 'error', overflow: 'digest' });
  const { record } = planMessage(message, undefined, undefined, harness.clock.now());
  const { dedupHash, severity, receivedAt } = message;
  const alert = routedAlert(message.alertId, {
    dedupKey: 'disk',
    severity,
    dedupHash,
    receivedAt,
    dedupeForMs: 30 * MINUTE_MS,
    messages: [record],
  });
  await harness.ledger.admit(alert, 'first');
  expect(await harness.run(message)).toMatchObject({ kind: 'suppressed', reason: 'digested' });
  const again = { ...alert, id: 'again', messages: [{ ...record, id: 'm-again', alertId: 'again' }] };
  expect(await harness.ledger.admit(again, 'second')).toEqual({ kind: 'duplicate', of: message.alertId });
});

describe('a storm', () => {
  test('announces itself and its end, once each', async () => {
    const { harness, texts } = await usedUp();
    await errors(harness, 10);
    harness.clock.at += GATHER_MS;
    await harness.runDigest();
    expect(texts().at(-1)).toMatch(/^Alert storm: .* 10 alerts held back/);

    const { outcome: waits } = await harness.runDigest();
    expect(waits).toMatchObject({ kind: 'deferred', reason: 'digest', until: new Date(harness.clock.at - GATHER_MS + QUIET_MS) });
    await errors(harness, 1);
    expect(harness.woken).toHaveLength(1);
    harness.clock.at += HOUR_MS;
    await harness.runDigest();
    expect(texts().at(-1)).toMatch(/^Alert storm over: nothing new since .*; 11 alerts held back in all\. 1 alert held back/);
    expect(texts()).toHaveLength(4);
    expect(harness.waiting.size).toBe(2);
  });

  test('has its next digest although the worker that closed one crashed before it opened that', async () => {
    const { harness, texts } = await usedUp();
    await errors(harness, 10);
    harness.clock.at += GATHER_MS;
    const [digestId = ''] = harness.waiting.keys();
    const digest = harness.waiting.get(digestId)?.message as Message;
    const closing = { nextId: 'digest-next', now: harness.clock.now(), quietMs: QUIET_MS, severity: digest.severity, as: mannerOf(digest) };
    await harness.digests.close(digestId, 'phone-hash', closing);
    expect((await harness.run(digest, true)).kind).toBe('accepted');
    expect(texts().at(-1)).toMatch(/^Alert storm: .* 10 alerts held back/);
    expect([...harness.waiting.keys()]).toEqual([digestId, 'digest-next']);
  });

  test('without further alerts sends only its end, and not before the cap has room', async () => {
    const { harness, texts } = await usedUp();
    await errors(harness, 10);
    harness.clock.at += GATHER_MS;
    await harness.runDigest();
    harness.clock.at += QUIET_MS;
    expect((await harness.runDigest()).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    harness.clock.at += HOUR_MS;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect(texts().at(-1)).toMatch(/^Alert storm over: nothing new since (\d+ \w+ )?\S+ UTC; 10 alerts held back in all\.$/);
    expect(harness.waiting.size).toBe(2);
    expect(await harness.ledger.inFlight()).toBe(0);
  });
});

describe('the reserved slot', () => {
  const critical = (harness: DigestHarness, dedupHash: string) =>
    harness.send({ severity: 'critical', dedupHash, expiresAt: harness.clock.at + 2 * HOUR_MS });

  test('is available to a critical that is new to the phone, and to no other', async () => {
    const { harness } = await usedUp();
    expect((await harness.send()).outcome).toMatchObject({ kind: 'suppressed', reason: 'digested' });
    expect((await critical(harness, 'flood')).outcome).toMatchObject({ kind: 'accepted' });
    expect((await critical(harness, 'flood')).outcome).toMatchObject({ kind: 'suppressed', reason: 'digested' });
  });

  test('is for the digest after such a critical; the next critical waits for it, and the one after that goes into a digest', async () => {
    const { harness } = await usedUp();
    await errors(harness, 1);
    expect((await critical(harness, 'flood')).outcome.kind).toBe('accepted');
    const { message: waits, outcome } = await critical(harness, 'fire');
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    expect((await critical(harness, 'quake')).outcome).toMatchObject({ kind: 'suppressed', reason: 'digested' });
    harness.clock.at += HOUR_MS - 1;
    expect((await harness.run(waits, true)).kind).toBe('deferred');
  });

  test('is not waited for by a critical that would come back too late: it is gathered, and the digest does not wait for it', async () => {
    const { harness } = await usedUp();
    await errors(harness, 1);
    expect((await critical(harness, 'flood')).outcome.kind).toBe('accepted');
    const late = await harness.send({ severity: 'critical', dedupHash: 'fire', expiresAt: harness.clock.at + HOUR_MS });
    expect(late.outcome).toMatchObject({ kind: 'suppressed', reason: 'digested' });
    harness.clock.at += HOUR_MS + 1;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
  });

  test('is not for a critical while the digest has priority, though the slot is free', async () => {
    const { harness } = await usedUp();
    await errors(harness, 1);
    harness.clock.at += HOUR_MS / 2;
    expect((await critical(harness, 'flood')).outcome.kind).toBe('accepted');
    harness.clock.at += HOUR_MS / 2 + 1;
    expect((await harness.send()).outcome.kind).toBe('accepted');
    expect((await critical(harness, 'fire')).outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
  });

  test('is a waiting critical’s before it is the next digest’s', async () => {
    const harness = createDigestHarness(redis, prefix, 1);
    harness.provider('a', [yes]);
    await harness.send();
    await errors(harness, 1);
    const { message, outcome } = await harness.send({
      severity: 'critical',
      dedupHash: 'flood',
      expiresAt: harness.clock.at + 3 * HOUR_MS,
    });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    harness.clock.at += HOUR_MS + 1;
    expect((await harness.run(message, true)).kind).toBe('accepted');
  });
});

describe('a digest that is too long for one message', () => {
  /** Five criticals that need a text each, because their route allows one segment. */
  const tooMany = async () => {
    const harness = createDigestHarness(redis, prefix, 3);
    const provider = harness.provider('a', [yes]);
    await errors(harness, 2);
    const held = [];
    for (let nth = 0; nth < 5; nth += 1) {
      const content = `${nth} the cellar ${nth * 31} is under ${nth * 7919} drops of water since ${nth * 77}`;
      held.push((await harness.send({ maxSegments: 1, variables: { instance: '', priority: 'ERROR', content } })).message);
    }
    harness.clock.at += GATHER_MS;
    const texts = () => provider.requests.slice(2).map(({ text }) => text);
    return { harness, held, texts };
  };

  test('leaves what has no room to the next one, to which its messages point from then on', async () => {
    const { harness, held, texts } = await tooMany();
    const { message: first, outcome } = await harness.runDigest();
    expect(outcome.kind).toBe('accepted');
    expect(harness.waiting.size).toBe(2);
    const next = [...harness.waiting.keys()].at(-1);
    const histories = await Promise.all(held.map((message) => harness.trace(message)));
    expect(new Set(histories.map(({ digest }) => digest))).toEqual(new Set([first.id, next]));
    const moved = histories.filter(({ digest }) => digest === next);
    for (const { events } of moved)
      expect(events.at(-1)).toMatchObject({ verdict: 'moved', detail: `named in ${next}, because it does not fit into ${first.id}` });
    expect((await harness.trace(first)).events.find(({ verdict }) => verdict === 'closed')?.detail).toBe(
      `${5 - moved.length} alert(s): ${5 - moved.length} error; ${moved.length} more in ${next}`,
    );
    for (let hour = 0; hour < 5; hour += 1) {
      harness.clock.at += HOUR_MS;
      await harness.runDigest();
    }
    for (let nth = 0; nth < 5; nth += 1) expect(texts().filter((text) => text.includes(`${nth} the cellar`))).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(await redis.exists(harness.keys.digest('phone-hash'))).toBe(0);
  });

  test('says and moves the same when the worker that closed it crashed at any step', async () => {
    const { harness, texts } = await tooMany();
    const crash = () => Promise.reject(new Error('killed'));
    const digest = [...harness.waiting.values()][0]?.message as Message;
    for (const step of ['write', 'open', 'send'] as const) {
      harness.crashAt(step, crash);
      await expect(harness.run(digest, true)).rejects.toThrow('killed');
    }
    harness.crashAt(undefined, crash);
    expect((await harness.run(digest, true)).kind).toBe('accepted');
    for (let hour = 0; hour < 5; hour += 1) {
      harness.clock.at += HOUR_MS;
      for (const { message } of [...harness.waiting.values()]) await harness.run(message, true);
    }
    for (let nth = 0; nth < 5; nth += 1) expect(texts().filter((text) => text.includes(`${nth} the cellar`))).toHaveLength(1);
  });
});

describe('an alert that ended after it was held back', () => {
  test('is named as resolved, and cancels a digest in which there is nothing else', async () => {
    const { harness, texts } = await usedUp();
    const [first] = (await errors(harness, 2)) as [Message, Message];
    await harness.ledger.resolve(first.dedupHash, new Date(harness.clock.at + 1));
    harness.clock.at += GATHER_MS;
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect(texts().at(-1)).toMatch(/Newest: ERROR Disk full; RESOLVED Disk full$/);

    harness.clock.at += HOUR_MS + 1;
    await errors(harness, 2);
    const third = (await errors(harness, 1))[0] as Message;
    await harness.ledger.resolve(third.dedupHash, new Date(harness.clock.at + 1));
    harness.clock.at += GATHER_MS;
    const { message: digest, outcome } = await harness.runDigest();
    expect(outcome).toMatchObject({ kind: 'cancelled', reason: 'resolved' });
    expect(await harness.trace(digest)).toMatchObject({ state: 'cancelled', reason: 'resolved' });
    expect(await harness.trace(third)).toMatchObject({ state: 'suppressed', digest: digest.id });
  });

  test('after its digest was accepted counts as reached: its recipient is to be notified of the resolve', async () => {
    const { harness } = await usedUp();
    const held = (await errors(harness, 1))[0] as Message;
    await harness.ledger.resolveSubscribers.keep(held.dedupHash, { [held.id]: JSON.stringify(held) });
    expect(await harness.ledger.resolveSubscribers.all(held.dedupHash)).toMatchObject([{ state: 'deferred' }]);
    harness.clock.at += GATHER_MS;
    await harness.runDigest();
    expect(await harness.ledger.resolveSubscribers.all(held.dedupHash)).toMatchObject([{ state: 'accepted' }]);
  });
});

describe('a digest that is never sent', () => {
  const claimed = async (harness: DigestHarness, message: Message) => {
    const { record } = planMessage(message, undefined, undefined, harness.clock.now());
    const { dedupHash, severity, receivedAt } = message;
    const alert = routedAlert(message.alertId, {
      dedupKey: 'disk',
      severity,
      dedupHash,
      receivedAt,
      dedupeForMs: HOUR_MS,
      messages: [record],
    });
    await harness.ledger.admit(alert, 'first');
    const repeat = { ...alert, id: 'again', messages: [{ ...record, id: 'm-again', alertId: 'again' }] };
    const again = (run: string) => harness.ledger.admit(repeat, run);
    return { again, alert, record };
  };

  test('says how many alerts were in it, may be replayed, and releases their claims', async () => {
    const { harness } = await usedUp();
    const message = harness.message({ severity: 'error', overflow: 'digest' });
    const { again, alert, record } = await claimed(harness, message);
    expect(await harness.run(message)).toMatchObject({ kind: 'suppressed', reason: 'digested' });
    expect(await again('second')).toMatchObject({ kind: 'duplicate' });
    const { message: digest } = [...harness.waiting.values()][0] as { message: Message };
    harness.clock.at = digest.expiresAt;
    expect((await harness.run(digest, true)).kind).toBe('expired');
    const trace = await harness.trace(digest);
    expect(trace).toMatchObject({ state: 'expired' });
    expect(trace.events.find(({ stage, verdict }) => stage === 'digest' && verdict === 'expired')?.detail).toBe('1 alert(s): 1 error');
    expect(await redis.exists(harness.keys.digestContent(digest.id))).toBe(1);
    const other = { ...record, id: 'm-other', alertId: 'other' };
    expect(await harness.ledger.admit({ ...alert, id: 'other', messages: [other] }, 'third')).toMatchObject({
      kind: 'admitted',
      fresh: true,
    });
  });

  test.each<[string, number, number]>([
    ['an hour', HOUR_MS, 2 * 24 * HOUR_MS],
    ['three days', 72 * HOUR_MS, 73 * HOUR_MS],
    ['a month', 31 * 24 * HOUR_MS, 6 * 24 * HOUR_MS],
  ])('has waited for longer than its longest window, of %s, as far as the ledger remembers', (_name, windowMs, lifeMs) => {
    expect(digestLifeMs([{ windowMs }, { windowMs: 1_000 }])).toBe(lifeMs);
  });
});

describe('a cap of one message an hour', () => {
  test('gives the next slot to the digest that waits, and not to an alert that comes just then', async () => {
    const harness = createDigestHarness(redis, prefix, 1);
    const provider = harness.provider('a', [yes]);
    await errors(harness, 2);
    for (let hour = 0; hour < 3; hour += 1) {
      harness.clock.at += HOUR_MS + 1;
      expect((await harness.send()).outcome).toMatchObject({ kind: 'suppressed', reason: 'digested' });
    }
    expect((await harness.runDigest()).outcome.kind).toBe('accepted');
    expect(provider.requests.at(-1)?.text).toMatch(/^4 alerts held back/);
  });
});

test('What there is no money for is gathered on a digest route, and gives its slot back', async () => {
  const money: Money = { currency: 'USD', prices: new Map([['a', { other: 1 }]]), budgets: { hour: { soft: 1, hard: 1 } } };
  const harness = createDigestHarness(redis, prefix, 4, money);
  harness.clock.at = Date.parse('2026-11-20T12:10:00Z');
  const provider = harness.provider('a', [yes]);
  await errors(harness, 1);
  expect((await harness.send()).outcome).toMatchObject({ kind: 'suppressed', reason: 'digested' });
  harness.clock.at += GATHER_MS;
  expect((await harness.runDigest()).outcome).toMatchObject({
    kind: 'deferred',
    reason: 'budget',
    until: new Date('2026-11-20T13:00:00Z'),
  });
  harness.clock.at = Date.parse('2026-11-20T13:00:00Z');
  expect((await harness.runDigest()).outcome.kind).toBe('accepted');
  expect(provider.requests).toHaveLength(2);
});
