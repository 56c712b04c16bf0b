import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { call, metrics, post, settled } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const BIN = resolve('dist/workers/sms-dispatch.js');
const account = { accountSid: `AC${'1'.repeat(32)}`, authToken: 'the-token-of-the-log-test' };
const { url: redisUrl, prefix } = testRedis();
let vendor: FakeTwilio;
let dir: string;

beforeAll(async () => {
  vendor = await startFakeTwilio(account);
  dir = await mkdtemp(join(tmpdir(), 'sms-log-'));
});
afterAll(async () => {
  await vendor.close();
  await rm(dir, { recursive: true, force: true });
});

/** A real pipe, with both ends of it in our hands. */
function openPipe(name: string) {
  const path = join(dir, name);
  execFileSync('mkfifo', [path]);
  let reader: number | undefined = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const close = () => {
    if (reader !== undefined) closeSync(reader);
    reader = undefined;
  };
  onTestFinished(close);
  return {
    writer,
    close,
    /** Not one byte more fits. */
    fill() {
      for (const size of [4096, 1]) {
        try {
          for (;;) writeSync(reader as number, '#'.repeat(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        }
      }
    },
    read(): string {
      const buffer = Buffer.alloc(65_536);
      try {
        return buffer.subarray(0, readSync(reader as number, buffer)).toString();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
        throw error;
      }
    },
  };
}

interface Outputs {
  readonly stdout: number | string;
  readonly stderr: number | 'ignore';
}

/** A process that cannot say on which port it answers. */
async function startMute({ stdout, stderr }: Outputs) {
  const config = await writeConfig(`
providers: { vendor: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${vendor.url}" } }
routes: [{ name: default, minSeverity: info, dedupeFor: 0, providers: [vendor] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
`);
  const port = await testPort();
  const command = `exec '${process.execPath}' '${BIN}' start ${typeof stdout === 'string' ? stdout : ''}`;
  const child = spawn('/bin/sh', ['-c', command], {
    env: { PATH: process.env.PATH, REDIS_URL: redisUrl, PORT: String(port), SMS_DISPATCH_CONFIG: config },
    stdio: ['ignore', typeof stdout === 'number' ? stdout : 'ignore', stderr],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await call(`${url}/readyz`)).status === 200, 60_000);
  return { child, url };
}

const OUTPUTS: Readonly<Record<string, () => Outputs & { readonly loses: boolean; readonly whenReady?: () => void }>> = {
  'stopped reading stdout': () => {
    const pipe = openPipe('stopped');
    pipe.fill();
    return { stdout: pipe.writer, stderr: 'ignore', loses: false };
  },
  'stopped reading stdout and stderr': () => {
    const pipe = openPipe('both');
    pipe.fill();
    return { stdout: pipe.writer, stderr: pipe.writer, loses: false };
  },
  'went away, as `head -1` does': () => {
    const pipe = openPipe('gone');
    return { stdout: pipe.writer, stderr: pipe.writer, loses: true, whenReady: pipe.close };
  },
  'went away before the first line': () => {
    const pipe = openPipe('never');
    pipe.close();
    return { stdout: pipe.writer, stderr: 'ignore', loses: true };
  },
  'is a full disk': () => ({ stdout: '>/dev/full', stderr: 'ignore', loses: true }),
  'is closed, `>&-`': () => ({ stdout: '>&- 2>&-', stderr: 'ignore', loses: false }),
};

it.each(Object.keys(OUTPUTS))(
  'a log reader that %s holds no message up, repeats none, and the process drains',
  async (name) => {
    const { loses, whenReady, ...outputs } = (OUTPUTS[name] as (typeof OUTPUTS)[string])();
    const { child, url } = await startMute(outputs);
    whenReady?.();
    const texts = Array.from({ length: 30 }, (_, n) => `${name} ${n}`);
    const ids = await post(
      url,
      texts.map((text) => ({ severity: 'critical', to: '+12025550101', text })),
    );
    for (const id of ids) await settled(url, id, ['accepted'], 30_000);

    const dropped = (await metrics(url)).get('sms_log_lines_dropped_total') as number;
    expect(dropped > 0).toBe(loses);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    const sent = vendor.requests.map(({ form }) => form.Body ?? '').filter((body) => body.includes(name));
    expect(sent.sort()).toEqual(texts.map((text) => `CRITICAL: ${text}`).sort());
  },
  120_000,
);

it('what a stopped reader missed is counted, and one line says how many lines when it reads again', async () => {
  const pipe = openPipe('again');
  pipe.fill();
  const { child, url } = await startMute({ stdout: pipe.writer, stderr: 'ignore' });
  const dropped = async () => (await metrics(url)).get('sms_log_lines_dropped_total') as number;
  // Each request is a line.
  await until(async () => {
    await Promise.all(Array.from({ length: 250 }, () => call(`${url}/v1/alerts/none`)));
    return (await dropped()) > 0;
  }, 240_000);
  let text = '';
  const line = await until(() => {
    text += pipe.read();
    return text.split('\n').find((each) => /"msg":"log lines dropped"/.test(each) && each.endsWith('}'));
  }, 120_000);
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', dropped: expect.any(Number) });
  expect((JSON.parse(line) as { dropped: number }).dropped).toBeGreaterThan(0);
  expect(text).toContain('"msg":"ready"');
  child.kill('SIGTERM');
  const exit = once(child, 'exit');
  await until(() => {
    text += pipe.read();
    return text.includes('"msg":"drained"');
  }, 240_000);
  expect(await exit).toEqual([0, null]);
}, 150_000);
