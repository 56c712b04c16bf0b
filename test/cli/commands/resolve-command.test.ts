import { expect, test } from 'vitest';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { type } from '../recording-deps.ts';

test('resolve ends the episode of a key', async () => {
  const { code, stdout, stderr, calls } = await type(['resolve', 'db-1/unreachable']);
  expect(calls).toEqual([['loadConfig', undefined], ['is open', 'db-1/unreachable'], ['resolve', 'db-1/unreachable'], ['close producer']]);
  expect(stdout).toBe('');
  expect(stderr).toContain('cancelled');
  expect(code).toBe(0);
});

test('--json repeats the key', async () => {
  const { stdout } = await type(['resolve', '--json', 'db-1/unreachable']);
  expect(JSON.parse(stdout)).toEqual({ dedupKey: 'db-1/unreachable', resolved: true });
});

test.each([
  ['a typo', 'db-1/unreachabel', 'Did you mean "db-1/unreachable"?'],
  ['a key cut off', 'db-1/unrea', 'Did you mean "db-1/unreachable"?'],
  ['a key resolved before', 'db-2/full', 'Its last alert is already resolved.'],
  ['a key like no other', 'web', 'To see the dedup key of an alert: sms-dispatch explain ALERT_ID.'],
])('of %s resolves nothing, reports that and exits 1', async (_what, key, hint) => {
  const ran = await type(['resolve', key], { isOpen: false, recentKeys: ['db-2/full', 'db-1/unreachable'] });
  expect(ran.stderr).toBe(`error: nothing is open for dedup key "${key}"\n${hint}\n`);
  expect({ code: ran.code, names: ran.calls.map(([name]) => name) }).toEqual({ code: 1, names: ['loadConfig', 'is open'] });
});

test('shows neither control characters nor a whole phone number of a key', async () => {
  const { stderr } = await type(['resolve', 'call +60123456789\u001b[2J'], { isOpen: false });
  expect(stderr).toContain('nothing is open for dedup key "call +60*******789\\u001b[2J"');
});

test('an unreachable Redis is exit 1, and the producer is closed nevertheless', async () => {
  const { code, stderr, calls } = await type(['resolve', 'k'], {
    resolve: () => {
      throw new RedisUnavailableError('frozen');
    },
  });
  expect(code).toBe(1);
  expect(stderr).toContain('Redis is not available: frozen');
  expect(calls.at(-1)).toEqual(['close producer']);
});
