import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { watchdogBoundMs } from '../../workers/watchdog.ts';
import { until } from '../support/until.ts';

const BOUND_MS = 900;

function startWatched() {
  const file = new URL('../../dist/test/support/watched-process.js', import.meta.url).pathname;
  const child = fork(file, [String(BOUND_MS)], { execArgv: [], silent: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.setEncoding('utf8').on('data', (text) => (printed[name] += text));
  return { child, printed };
}

it('a blocked event loop is logged once it is free, one that stays blocked ends the process, and a frozen process is neither', async () => {
  const { child, printed } = startWatched();
  await once(child, 'message');

  child.send(BOUND_MS / 2);
  await once(child, 'message');
  const warning = await until(() => printed.stdout.split('\n').find((line) => line.includes('event loop blocked')));
  expect(JSON.parse(warning)).toMatchObject({ level: 'warn', lateMs: expect.any(Number) });

  child.kill('SIGSTOP');
  const frozenAt = performance.now();
  await until(() => performance.now() - frozenAt > 2 * BOUND_MS);
  child.kill('SIGCONT');
  await until(() => printed.stdout.split('event loop blocked').length > 2);
  child.send(0);
  await once(child, 'message');
  expect(printed.stderr).toBe('');

  const exit = once(child, 'exit');
  const blockedAt = performance.now();
  child.send(60_000);
  expect(await exit).toEqual([null, 'SIGKILL']);
  expect(performance.now() - blockedAt).toBeGreaterThanOrEqual(BOUND_MS * 0.9);
  expect(JSON.parse(printed.stderr)).toMatchObject({ level: 'fatal', msg: 'event loop blocked; ending this process', blockedMs: BOUND_MS });
}, 80_000);

it('the bound lies well past the lock', () => {
  expect([1_000, 10_000, 60_000].map(watchdogBoundMs)).toEqual([30_000, 30_000, 180_000]);
});
