import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import {
  BOTTLENECK_VERSION,
  KEYS_PER_LIMITER,
  limiterKeys,
  limiterLua,
  SETTINGS_KEY,
  SLOTS_KEY,
} from '../../../src/limit/caps/bottleneck-lua.ts';
import { patchBottleneckLua } from '../../../src/limit/pacing/pacer-connection.ts';

const require = createRequire(import.meta.url);
const parts: Record<string, string> = require('bottleneck/lib/lua.json');

/** The caps stand on these texts word for word; another release is another contract, to be read before it is pinned. */
const PARTS_USED: Record<string, string> = {
  'refs.lua': 'c925c57f4c84e05d',
  'conditions_check.lua': 'a8d122898ee28f08',
  'refresh_expiration.lua': 'ee0ea1af9b540e62',
  'process_tick.lua': 'd265934e7c26ea14',
  'init.lua': 'dd3e9a35d755e18f',
  'update_settings.lua': 'd5fa05c090352d66',
  'register.lua': '073aaf35f8473d1e',
  'free.lua': '276cea2def8f1566',
};

test('The bottleneck installed is the one that package.json pins exactly', () => {
  expect(require('../../../package.json').dependencies.bottleneck).toBe('2.19.5');
  expect(BOTTLENECK_VERSION).toBe('2.19.5');
});

test.each(Object.entries(PARTS_USED))(
  'Its %s is the text that the caps were built on, and is in their script with no change but the channel',
  (name, sha) => {
    const text = parts[name] as string;
    expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).toBe(sha);
    expect(limiterLua).toContain(text.replaceAll("'b_'..id,", 'id,'));
  },
);

test('No part of the caps raises an error that Redis 7 would send under another name', () => {
  expect(limiterLua).not.toContain('error_reply');
});

test('A limiter’s eight keys come in the order that the scripts read them in', () => {
  const keys = limiterKeys('{x}:id');
  expect(keys.length).toBeGreaterThan(KEYS_PER_LIMITER);
  const names = [...(parts['refs.lua'] as string).matchAll(/^local (\w+)_key = KEYS\[(\d)\]$/gm)];
  expect(names).toHaveLength(keys.length);
  for (const [, name, position] of names) expect(keys[Number(position) - 1]).toBe(`{x}:id_${name}`);
  expect(keys[SETTINGS_KEY - 1]).toBe('{x}:id_settings');
  expect(keys[SLOTS_KEY - 1]).toBe('{x}:id_job_expirations');
});

const { names, payload }: { names: string[]; payload: (name: string) => string } = require('bottleneck/lib/Scripts.js');

test.each(names)('The script %s is patched for Redis 7 and uses the clock of Redis', (name) => {
  const mended = patchBottleneckLua(payload(name));
  expect(mended).not.toContain('error_reply');
  expect(mended).not.toMatch(/publish'\s*,\s*'b_'/);
  expect(mended).not.toMatch(/now = tonumber\(ARGV/);
  expect(mended).toContain("redis.call('time')");
  expect(mended.includes('pexpire')).toBe(mended.includes('local ttl = math.ceil('));
});

test('Errors keep their text in the patched script, whether literal or composed', () => {
  expect(patchBottleneckLua("return redis.error_reply('UNKNOWN_CLIENT')")).toBe("return { err = 'UNKNOWN_CLIENT' }");
  expect(patchBottleneckLua("redis.error_reply('A:'..f(x)..':'..b)")).toBe("{ err = 'A:'..f(x)..':'..b }");
});
