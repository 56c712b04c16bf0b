import { expect, test } from 'vitest';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { alertHistory, attempt, messageHistory } from '../../support/fixtures/history.ts';
import { type } from '../recording-deps.ts';

const alert = alertHistory({ outcome: 'suppressed', reason: 'below_severity' });
const message = messageHistory({ state: 'suppressed', reason: 'opted_out' });

test('an alert is explained by its id', async () => {
  const { code, stdout, stderr, calls } = await type(['explain', 'a-1'], { alerts: [alert] });
  expect(stdout).toMatch(/^Not texted: its severity is below/);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(calls).toEqual([['loadConfig', undefined], ['read alert', 'a-1'], ['close traces']]);
});

test('a message is explained by its id', async () => {
  const { code, stdout } = await type(['explain', 'm-1'], { message });
  expect(stdout).toMatch(/^Not texted: the recipient has opted out/);
  expect(code).toBe(0);
});

test('the digest that contains a message is shown with its own outcome', async () => {
  const told = messageHistory({ id: 'm-1', state: 'suppressed', reason: 'digested', digest: 'm-1' });
  const { stdout } = await type(['explain', 'm-1'], { message: told });
  expect(stdout).toMatch(/^Not texted: it is part of a digest \(digested\).*\nThe digest that contains it, m-1: Not texted: .*\n\nmessage/);
});

test.each([
  ['alert', { alerts: [alert] }, alert],
  ['message', { message }, message],
])('--json prints the trace of an %s as the HTTP interface does', async (_what, world, trace) => {
  const { code, stdout, stderr } = await type(['explain', '--json', 'x-1'], world);
  expect(JSON.parse(stdout)).toEqual(trace);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('the id of an event is distinguished from that of a message', async () => {
  const { code, stderr } = await type(['explain', 'e-4pX0bT2sJk6nQmZr8vYdLw']);
  expect(stderr).toBe(
    'error: e-4pX0bT2sJk6nQmZr8vYdLw is a webhook event, not a message\n' +
      'If it was not delivered: sms-dispatch dead show e-4pX0bT2sJk6nQmZr8vYdLw, which names its message.\n',
  );
  expect(code).toBe(1);
});

test('an unknown id is a failure that explains the retention of ids and names the searched Redis', async () => {
  const { code, stdout, stderr, calls } = await type(['explain', 'a-404']);
  expect(stderr).toBe(
    'error: no alert or message has the id a-404\nRecords are kept for 7 days. Check that 10.0.0.5:6379 is the Redis on which the alert was raised.\n',
  );
  expect(stdout).toBe('');
  expect(code).toBe(1);
  expect(calls.at(-1)).toEqual(['close traces']);
});

test('an unreachable Redis is a failure with a hint', async () => {
  const { code, stdout, stderr } = await type(['explain', '--json', 'a-1'], {
    openHistories: () => {
      throw new RedisUnavailableError(new Error('timed out'));
    },
  });
  expect(JSON.parse(stderr)).toEqual({
    error: { message: 'Redis is not available: timed out', hint: expect.stringContaining('Is `npm start`') },
  });
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test.each([
  ['order-42.piad', 'order-42.paid'],
  ['m-3kTm0aQ9Zx', 'm-3kTm0aQ9ZxYb1cD2eF4gHi'],
])('an id mistyped or cut off (%s) is met with the one that was meant', async (written, meant) => {
  const recentIds = ['a-1', 'order-42.paid', 'm-3kTm0aQ9ZxYb1cD2eF4gHi'];
  const { code, stderr } = await type(['explain', written], { recentIds });
  expect(stderr).toContain(`\nDid you mean ${meant}? Records are kept for 7 days.`);
  expect(code).toBe(1);
});

test.each(['m-9', 'order-97.sent', 'orde'])('an id that is near none (%s) is met with no guess', async (written) => {
  const { stderr } = await type(['explain', written], { recentIds: ['order-42.paid', 'm-3kTm0aQ9ZxYb1cD2eF4gHi'] });
  expect(stderr).not.toContain('Did you mean');
});

test('the answer is coloured where the reader sees colours, and --no-color takes them away', async () => {
  const world = { message: messageHistory({ state: 'accepted', provider: 'sns', attempts: [attempt({ provider: 'sns' })] }), colour: true };
  expect((await type(['explain', 'm-1'], world)).stdout.startsWith('\u001b[32mTexted: ')).toBe(true);
  expect((await type(['explain', 'm-1', '--no-color'], world)).stdout).toMatch(/^Texted: /);
  expect((await type(['--no-color', 'explain', 'm-1'], world)).stdout).not.toContain('\u001b');
});
