import { Cluster } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Redis } from '../../../src/redis/connect.ts';
import { createRecent } from '../../../src/redis/failover/recent.ts';
import { slotOf, watchServer } from '../../../src/redis/failover/server-change.ts';

function watched() {
  const stream: { remoteAddress?: string | undefined; remotePort?: number } = {};
  let changes = 0;
  const watch = watchServer({ stream } as unknown as Redis, '{sms}:in-flight', () => {
    changes += 1;
  });
  onTestFinished(() => watch.close());
  const look = (remoteAddress: string | undefined, remotePort = 6379) => {
    Object.assign(stream, { remoteAddress, remotePort });
    watch.look();
    return changes;
  };
  return { look, changedAt: watch.changedAt };
}

describe('the server that takes the writes', () => {
  it('has not changed when it is seen for the first time, nor after an interruption', () => {
    const { look, changedAt } = watched();
    expect([look('10.0.0.1'), look(undefined), look('10.0.0.1')]).toEqual([0, 0, 0]);
    expect(changedAt()).toBeUndefined();
  });

  it('has changed with its address or its port, and when it is the first one again', () => {
    const { look, changedAt } = watched();
    look('10.0.0.1');
    expect([look('10.0.0.2'), look('10.0.0.2', 6380), look(undefined), look('10.0.0.1')]).toEqual([1, 2, 2, 3]);
    expect(changedAt()).toBeLessThanOrEqual(performance.now());
  });

  it('is looked at ten times a second, until the watch is closed', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const stream = { remoteAddress: '10.0.0.1', remotePort: 6379 };
    let changes = 0;
    const watch = watchServer({ stream } as unknown as Redis, '{sms}:in-flight', () => {
      changes += 1;
    });
    stream.remotePort += 1;
    vi.advanceTimersByTime(100);
    expect(changes).toBe(1);
    watch.close();
    stream.remotePort += 1;
    vi.advanceTimersByTime(1_000);
    expect(changes).toBe(1);
  });

  it('is that of the slot of the key in a cluster, whichever connection was used last', () => {
    const slots: Record<number, string[]> = { [slotOf('{sms}:in-flight')]: ['10.0.0.1:7000', '10.0.0.4:7000'], 1: ['10.0.0.2:7000'] };
    const cluster = Object.assign(Object.create(Cluster.prototype) as Cluster, { slots });
    let changes = 0;
    const watch = watchServer(cluster as unknown as Redis, '{sms}:in-flight', () => {
      changes += 1;
    });
    onTestFinished(() => watch.close());
    slots[1] = ['10.0.0.3:7000'];
    watch.look();
    expect(changes).toBe(0);
    slots[slotOf('{sms}:in-flight')] = ['10.0.0.4:7000'];
    watch.look();
    expect(changes).toBe(1);
  });
});

describe('the slot of a key', () => {
  // As answered by `CLUSTER KEYSLOT` of a Redis 7.0.15 cluster.
  it.each([
    ['foo', 12_182],
    ['123456789', 12_739],
    ['{user1000}.following', 3_443],
    ['{user1000}.followers', 3_443],
    ['foo{}{bar}', 8_363],
    ['foo{{bar}}zap', 4_015],
    ['foo{bar}{zap}', 5_061],
  ])('%s is %i', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });
});

describe('what was confirmed lately', () => {
  it('is forgotten when it is old, the oldest first, and a key that comes again is new', () => {
    let now = 0;
    const recent = createRecent<string>({ keepMs: 10, now: () => now });
    recent.set('a', 'first');
    now = 5;
    recent.set('b', 'second');
    recent.set('a', 'third');
    now = 15;
    expect(recent.values()).toEqual(['second', 'third']);
    now = 16;
    expect(recent.values()).toEqual([]);
    expect(recent.get('a')).toBeUndefined();
  });

  it('is not found when it is old, and is not found after it is deleted', () => {
    let now = 0;
    const recent = createRecent<string>({ keepMs: 10, now: () => now });
    recent.set('a', 'old');
    recent.set('b', 'deleted');
    recent.delete('b');
    expect([recent.get('a'), recent.get('b'), recent.values()]).toEqual(['old', undefined, ['old']]);
    now = 11;
    expect(recent.get('a')).toBeUndefined();
  });

  it('takes no memory when it is old, also while nothing is read', () => {
    let now = 0;
    const recent = createRecent<string>({ keepMs: 10, now: () => now });
    recent.set('a', 'old');
    now = 11;
    recent.set('b', 'new');
    // What is still there would be found now.
    now = 5;
    expect(recent.values()).toEqual(['new']);
  });

  it('never grows beyond its bound', () => {
    const recent = createRecent<number>({ keepMs: 1_000, now: () => 0 });
    for (let index = 0; index < 20_500; index += 1) recent.set(String(index), index);
    expect(recent.values()).toHaveLength(20_000);
    expect(recent.get('499')).toBeUndefined();
    expect(recent.get('500')).toBe(500);
  });
});
