import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { OutcomeTimeoutError } from '../../../src/ledger/history/wait-for-outcome.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createProducer } from '../../../src/queue/producer/producer.ts';
import type { Producer } from '../../../src/queue/producer/producer-port.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

const { url, redis, prefix: shared } = testRedis();

let prefix = shared;
let producer: Producer;
beforeEach(() => {
  prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  producer = open(url);
});

function open(redis: string | Redis): Producer {
  const opened = createProducer({ redis, prefix });
  onTestFinished(() => opened.close());
  return opened;
}

const ledger = () => createLedger(redis, createKeys(prefix));
const admit = (id: string, messages: number) => {
  const records = Array.from({ length: messages }, (_, n) => messageRecord(`m-${id}-${n}`, id));
  return ledger().admit(routedAlert(id, { dedupHash: id, dedupeForMs: 0, messages: records }), 'r');
};
const end = (id: string, n: number) =>
  ledger().move({ messageId: `m-${id}-${n}`, alertId: id, dedupHash: id, run: 'r', state: 'cancelled', reason: 'resolved', events: [] });
/** What it is by now; it goes on. */
const glance = (waiting: Promise<unknown>) => Promise.race([waiting, producer.waitFor('nobody', { timeoutMs: 250 }).catch(() => 'waits')]);

describe('waiting for an alert', () => {
  it('ends with the last of its messages, and immediately when it has ended before', async () => {
    const waiting = producer.waitFor('a');
    await admit('a', 2);
    await end('a', 0);
    expect(await glance(waiting)).toBe('waits');
    await end('a', 1);
    const trace = await waiting;
    expect(trace).toMatchObject({ id: 'a', outcome: 'routed', messages: [{ state: 'cancelled' }, { state: 'cancelled' }] });
    expect(await producer.waitFor('a', { timeoutMs: 0 })).toEqual(trace);
  });

  it('ends with its outcome when it becomes no message', async () => {
    const waiting = producer.waitFor('a');
    const settled = { id: 'a', severity: 'info', purpose: 'alert', status: 'firing', dedupKey: 'a', receivedAt: 1, events: [] } as const;
    await ledger().settleAlert({ ...settled, outcome: 'suppressed', reason: 'below_severity' }, 'r');
    expect(await waiting).toMatchObject({ outcome: 'suppressed', reason: 'below_severity', messages: [] });
  });

  it('rejects immediately where the wait could have no result', async () => {
    await expect(producer.waitFor(undefined as unknown as string)).rejects.toThrow('waitFor needs the alert id that enqueue returned');
    await expect(producer.waitFor('')).rejects.toThrow(TypeError);
    await expect(producer.waitFor('a', { timeoutMs: Number.NaN })).rejects.toThrow('timeoutMs must be a number of milliseconds');
    await expect(producer.waitFor('a', { timeoutMs: '50' as unknown as number })).rejects.toThrow(TypeError);
  });

  it('times out, and returns the state at that time', async () => {
    const pending = await producer.enqueue({ id: 'p', severity: 'info', to: '+60123456789', text: 'x' });
    await admit('a', 2);
    await end('a', 0);
    const wait = (id: string) => producer.waitFor(id, { timeoutMs: 150 }).catch((error: unknown) => error as OutcomeTimeoutError);
    const [open, none, untaken] = await Promise.all([wait('a'), wait('+60123456789'), wait(pending.id)]);
    for (const error of [open, none, untaken]) expect(error).toBeInstanceOf(OutcomeTimeoutError);
    expect(open).toMatchObject({
      message: 'a has no outcome after 150 ms: 1 of 2 message(s) are on their way',
      trace: { id: 'a', messages: [{ state: 'cancelled' }, { state: 'queued' }] },
    });
    expect(none).toMatchObject({ message: '+60*******789 has no outcome after 150 ms: no alert has this id', trace: undefined });
    expect(untaken).toMatchObject({ message: 'p has no outcome after 150 ms: no router has taken it', trace: { outcome: 'pending' } });
  });

  it('ends when it is called off, before it begins or in the middle', async () => {
    const reason = new Error('enough');
    await expect(producer.waitFor('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const calling = new AbortController();
    const waiting = producer.waitFor('a', { signal: calling.signal });
    waiting.catch(() => undefined);
    expect(await glance(waiting)).toBe('waits');
    calling.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('asks Redis no more for a hundred than for one', async () => {
    await admit('a', 1);
    const client = new Redis(url);
    onTestFinished(() => client.disconnect());
    const asked: string[] = [];
    const send = client.sendCommand.bind(client);
    client.sendCommand = (command, ...rest) => {
      asked.push(command.name);
      return send(command, ...rest);
    };
    const many = open(client);
    const waiting = Promise.all(Array.from({ length: 100 }, () => many.waitFor('a')));
    expect(await glance(waiting)).toBe('waits');
    asked.splice(0);
    expect(await glance(waiting)).toBe('waits');
    // One reader of the journal, ten times a second.
    expect(asked.filter((name) => name === 'xrange').length).toBeLessThan(20);
    expect(asked.filter((name) => name !== 'xrange').length).toBeLessThan(100);
    await end('a', 0);
    expect(await waiting).toHaveLength(100);
  });

  it.each(['reset', 'blackhole'] as const)('fails within 5 s when Redis goes away: %s', async (mode) => {
    const proxy = await startTcpProxy(Number(new URL(url).port));
    onTestFinished(proxy.close);
    const far = open(`redis://127.0.0.1:${proxy.port}`);
    const waiting = Promise.all([far.waitFor('a'), far.waitFor('b')]);
    waiting.catch(() => undefined);
    expect(await glance(waiting)).toBe('waits');
    await proxy.set(mode);
    const since = performance.now();
    await expect(waiting).rejects.toBeInstanceOf(RedisUnavailableError);
    expect(performance.now() - since).toBeLessThan(5_000);
    await proxy.set('pass');
    await expect(far.waitFor('a', { timeoutMs: 50 })).rejects.toBeInstanceOf(Error);
  });
});
