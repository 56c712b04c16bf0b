import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { createOptOuts } from '../../src/ledger/opt-out/opt-outs.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { writeConfig } from '../support/write-config.ts';

const BIN = resolve('dist/workers/sms-dispatch.js');
const { url, prefix, redis } = testRedis();
const config = () =>
  writeConfig(`
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
money: { currency: EUR, prices: { desk: { other: 0.1 } }, budgets: { day: { hard: 5 } } }
redis: { prefix: "${prefix}" }
`);

/** In a shell, so that there is a real pipe. */
async function pipe(command: string, reader: string, redisUrl = url) {
  const script = `set -o pipefail; '${process.execPath}' '${BIN}' ${command} | ${reader}; echo "codes \${PIPESTATUS[*]}" >&2`;
  const env = { PATH: process.env.PATH, REDIS_URL: redisUrl, SMS_DISPATCH_CONFIG: await config() };
  return promisify(execFile)('/bin/bash', ['--norc', '-c', script], { env, maxBuffer: 10_000_000 });
}

it('a reader that goes away ends a command quietly, with the exit code of what it did', async () => {
  const done = await pipe('config check', 'true');
  expect(done.stderr).toBe('codes 0 0\n');
  const failed = await pipe('config check --config /nowhere.yaml --json 2>&1', 'true');
  expect(failed.stderr).toBe('codes 1 0\n');
}, 240_000);

it('a slow reader gets all of it: a command does not end before its output is taken', async () => {
  const optOuts = createOptOuts(redis, createKeys(prefix));
  await Promise.all(
    Array.from({ length: 3_000 }, (_, n) =>
      optOuts.optOut({ phoneHash: `hash-${n}`, to: '+6012*****67', since: new Date(n), source: 'operator' }),
    ),
  );
  const { stdout } = await pipe('optouts list --json', 'cat');
  // Far more than a pipe holds.
  expect(stdout.length).toBeGreaterThan(200_000);
  expect(() => JSON.parse(stdout)).not.toThrow();
}, 240_000);

it('a database that the server does not have is refused by every command, with what to do', async () => {
  const server = await startRedisServer(['--databases', '4']);
  onTestFinished(server.stop);
  const file = await config();
  const commands = [
    'status --once',
    'explain',
    'explain a-1',
    'dead list',
    'dead show m-1',
    'dead replay --all',
    'unknown list',
    'inbound list',
    'optouts list',
    'optouts add +60123456789',
    'ack a-1',
    'resolve key',
    'budget',
    'send --to +60123456789 x',
  ];
  for (let next = 0; next < commands.length; next += 4) {
    await Promise.all(
      commands.slice(next, next + 4).map(async (command) => {
        const child = spawn(process.execPath, [BIN, ...command.split(' ')], {
          env: { PATH: process.env.PATH, REDIS_URL: `${server.url}/9`, SMS_DISPATCH_CONFIG: file },
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        const [code] = await once(child, 'close');
        expect({ command, code, stderr }).toEqual({
          command,
          code: 1,
          stderr: expect.stringMatching(/^error: this Redis has no database 9\nuse a lower number in the URL, or raise "databases"/m),
        });
      }),
    );
  }
}, 480_000);
