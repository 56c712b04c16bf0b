import { expect, test } from 'vitest';
import { isLoopback } from '../../src/setting/loopback.ts';

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '::ffff:127.0.0.1'])('%s is reached by this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', ''])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});
