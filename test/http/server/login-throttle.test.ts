import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBearerAuth, createLoginThrottle, networkOf } from '../../../src/http/server/bearer-auth.ts';
import { Secret } from '../../../src/setting/secret.ts';

/** Ends of wrong tokens: `free` or the seconds to wait. */
function throttleAt(clock: { now: number }) {
  const throttle = createLoginThrottle({ monotonic: () => clock.now, waitMs: 0 });
  return (address: string) =>
    throttle.wrong(address).then(
      () => 'free' as const,
      ({ kind, headers }) => `${kind} ${headers['retry-after']}`,
    );
}

describe('wrong tokens of one address', () => {
  test('ten are free, then one a second, and the response has the time of the next', async () => {
    const clock = { now: 0 };
    const wrong = throttleAt(clock);
    for (let n = 0; n < 10; n += 1) expect(await wrong('192.0.2.1')).toBe('free');
    expect(await wrong('192.0.2.1')).toBe('too-many-tries 1');
    clock.now = 1000;
    expect(await wrong('192.0.2.1')).toBe('free');
    expect(await wrong('192.0.2.1')).toBe('too-many-tries 1');
    clock.now = 60_000;
    for (let n = 0; n < 10; n += 1) expect(await wrong('192.0.2.1')).toBe('free');
  });

  test('do not count against another address', async () => {
    const wrong = throttleAt({ now: 0 });
    for (let n = 0; n < 20; n += 1) await wrong('192.0.2.1');
    expect(await wrong('192.0.2.2')).toBe('free');
  });

  test('count for the whole /64 of IPv6', async () => {
    const wrong = throttleAt({ now: 0 });
    for (let n = 0; n < 10; n += 1) expect(await wrong(`2001:db8:1:2::${n}`)).toBe('free');
    expect(await wrong('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe('too-many-tries 1');
    expect(await wrong('2001:db8:1:3::1')).toBe('free');
  });

  test('a guesser is still slowed after 50,000 guesses from other addresses were evicted', async () => {
    const wrong = throttleAt({ now: 0 });
    for (let n = 0; n < 50_000; n += 1) await wrong(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    for (let n = 0; n < 10; n += 1) await wrong('192.0.2.1');
    expect(await wrong('192.0.2.1')).toBe('too-many-tries 1');
  });
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('the right token passes however many wrong ones came from its address, before or meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (order) => {
      const authorise = createBearerAuth([new Secret('the-right-token')], createLoginThrottle({ monotonic: () => 0, waitMs: 0 }));
      const results = await Promise.all(
        order.map((isRight) =>
          authorise(`Bearer ${isRight ? 'the-right-token' : 'a-guess'}`, '192.0.2.1').then(
            () => true,
            () => false,
          ),
        ),
      );
      expect(results).toEqual(order);
    }),
    { numRuns: 50 },
  );
});
