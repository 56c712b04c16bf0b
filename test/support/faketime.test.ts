import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/redis/connect.ts';
import { createMovedClock, FAKETIME, NEEDS_FAKETIME } from './faketime.ts';
import { startRedisServer } from './redis-server.ts';

const HOUR_MS = 3_600_000;

describe.skipIf(FAKETIME === undefined)(`a moved clock (${NEEDS_FAKETIME})`, () => {
  test('a Node process sees the step in mid-run, and its monotonic clock does not', async () => {
    const clock = await createMovedClock(HOUR_MS);
    onTestFinished(clock.close);
    const script = `const tell = () => process.send([Date.now(), performance.now() - began]); const began = performance.now();
      process.on('message', tell); tell()`;
    const child = spawn(process.execPath, ['-e', script], { env: clock.env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [[wall]] = (await once(child, 'message')) as [[number, number]];
    expect(Math.abs(wall - Date.now() - HOUR_MS)).toBeLessThan(HOUR_MS / 2);
    await clock.step(-2 * HOUR_MS);
    child.send('now');
    const [[stepped, ran]] = (await once(child, 'message')) as [[number, number]];
    expect(Math.abs(stepped - Date.now() + 2 * HOUR_MS)).toBeLessThan(HOUR_MS / 2);
    expect(ran).toBeLessThan(HOUR_MS / 2);
  });

  test('so does a Redis', async () => {
    const clock = await createMovedClock();
    onTestFinished(clock.close);
    const server = await startRedisServer([], clock.env);
    onTestFinished(server.stop);
    const redis = connectRedis(server.url, 'interactive');
    onTestFinished(() => redis.disconnect());
    await clock.step(2 * HOUR_MS);
    const [seconds] = (await redis.time()) as unknown as [number];
    expect(Math.abs(Number(seconds) * 1000 - Date.now() - 2 * HOUR_MS)).toBeLessThan(HOUR_MS / 2);
  });
});
