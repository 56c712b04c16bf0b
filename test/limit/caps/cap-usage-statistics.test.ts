import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Contribution, createContributions, OTHER, readContributions } from '../../../src/limit/caps/cap-usage-statistics.ts';
import type { Redis } from '../../../src/redis/connect.ts';
import { CONTRIBUTION_BUCKET_MS, createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const T0 = Date.UTC(2026, 10, 20, 3);

const sent = (over: Partial<Contribution> = {}): Contribution => ({
  result: 'accepted',
  reason: 'none',
  source: 'checkout',
  route: 'default',
  contact: 'alice',
  ...over,
});

function setup() {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const errors: unknown[] = [];
  const open = (now = T0, client: Redis = redis) =>
    createContributions({ redis: client, keys, now: () => now, onError: (error) => void errors.push(error) });
  return { keys, errors, open, read: (at = T0) => readContributions(redis, keys, new Date(at)) };
}

describe('contributions to the caps', () => {
  it('of all replicas add up, the largest first', async () => {
    const { open, read } = setup();
    const [one, two] = [open(), open()];
    one.add(sent());
    two.add(sent());
    two.add(sent());
    one.add(sent({ result: 'held_back', reason: 'rate_cap_recipient', source: null, contact: null }));
    await Promise.all([one.close(), two.close()]);
    expect(await read()).toEqual([
      { ...sent(), count: 3 },
      { result: 'held_back', reason: 'rate_cap_recipient', source: null, route: 'default', contact: null, count: 1 },
    ]);
  });

  it('expire an hour later', async () => {
    const { open, read } = setup();
    const contributions = open();
    contributions.add(sent());
    await contributions.close();
    expect(await read(T0 + 3_600_000)).toHaveLength(1);
    expect(await read(T0 + 3_600_000 + CONTRIBUTION_BUCKET_MS)).toEqual([]);
  });

  it('stay bounded however many sources there are, and none goes uncounted', async () => {
    const { open, read } = setup();
    for (const part of [0, 1]) {
      const contributions = open();
      for (let n = 0; n < 400; n += 1) contributions.add(sent({ source: `source ${part} ${n}` }));
      await contributions.close();
    }
    const counted = await read();
    expect(counted).toHaveLength(501);
    expect(counted[0]).toEqual({ ...sent({ source: OTHER, contact: OTHER }), count: 300 });
  });

  it('survive a write that Redis refuses: the next one has them', async () => {
    const { open, errors, read } = setup();
    let refuses = true;
    const flaky = new Proxy(redis, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name === 'evalsha' && refuses) return () => Promise.reject(new Error('READONLY'));
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const contributions = open(T0, flaky);
    contributions.add(sent());
    await contributions.close();
    expect([errors.length, await read()]).toEqual([1, []]);
    refuses = false;
    contributions.add(sent());
    await contributions.close();
    expect(await read()).toEqual([{ ...sent(), count: 2 }]);
  });
});
