import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/setting/environment.ts';

test('what was read does not change with the process', () => {
  process.env.SMS_TEST_VARIABLE = 'before';
  const env = readEnvironment();
  process.env.SMS_TEST_VARIABLE = 'after';
  expect(env.SMS_TEST_VARIABLE).toBe('before');
  expect(() => Object.assign(env, { PATH: '' })).toThrow(TypeError);
});

test('nothing else in src/ and workers/ reads it', () => {
  const files = execFileSync('grep', ['-rlE', 'process\\.env\\b|process\\[', 'src', 'workers'], { encoding: 'utf8' }).trim().split('\n');
  expect(files).toEqual(['src/setting/environment.ts']);
});
