import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();

it('Ctrl-C ends a waiting command immediately, with one line and the exit code that shells expect', async () => {
  const config = await writeConfig(`
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
redis: { prefix: "${prefix}" }
`);
  const child = spawn(
    process.execPath,
    [resolve('dist/workers/sms-dispatch.js'), 'send', '--wait=60', '--config', config, '--to', '+60123456789', 'x'],
    { env: { PATH: process.env.PATH, REDIS_URL: redisUrl }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await until(() => stderr.includes('waiting up to 60 s'), 30_000);
  const toldAt = performance.now();
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(130);
  expect(performance.now() - toldAt).toBeLessThan(2_000);
  expect(stderr).toMatch(/its outcome\n\ninterrupted: what was already submitted stays; the rest was not done\n$/);
});
