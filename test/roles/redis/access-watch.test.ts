import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { QUEUES } from '../../../src/queue/names.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { watchAccess } from '../../../src/roles/redis/access-watch.ts';
import { tell } from '../../support/redis-groups.ts';
import { startRedisServer } from '../../support/redis-server.ts';

const DENIED = 'Redis denies a permission that this process needs';
const REJECTS = 'Redis rejects calls of this process';

/** A watch of a Redis that is about to change; `look` looks once more. */
async function watched(...args: string[]) {
  const server = await startRedisServer(args);
  onTestFinished(server.stop);
  const redis = connectRedis(server.url, 'interactive');
  const lines: { msg: string; problem?: string }[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(JSON.parse(line)) });
  const ends: (() => Promise<unknown>)[] = [];
  const watch = watchAccess({ user: 'start', keys: createKeys('{sms}'), queues: QUEUES, redis, logger }, ends as never);
  onTestFinished(async () => {
    for (const end of ends) await end();
    redis.disconnect();
  });
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  onTestFinished(() => void vi.restoreAllMocks());
  return {
    call: (command: string, ...rest: string[]) => tell(server.port, (told) => told.call(command, ...rest)),
    async look() {
      // An older result would be reused.
      aheadMs += 60_000;
      lines.length = 0;
      const found = await watch.read();
      return {
        found: found.length,
        denied: watch.denied().length,
        log: lines.map(({ msg, problem }) => [msg, ...(problem === undefined ? [] : [problem])].join(': ')),
      };
    },
  };
}

const LOST = `${REJECTS}: this Redis has lost some of its servers`;
const MISSING = `${DENIED}: the Redis user default may not use the command ZADD`;

test('A cluster that has lost servers is not said to deny a permission', async () => {
  const { call, look } = await watched('--cluster-enabled', 'yes');
  expect(await look()).toEqual({ found: 1, denied: 0, log: [LOST] });
  expect(await look()).toEqual({ found: 1, denied: 0, log: [] });
  await call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await vi.waitFor(async () => expect(String(await call('CLUSTER', 'INFO'))).toContain('cluster_state:ok'), { timeout: 30_000 });
  expect(await look()).toEqual({ found: 0, denied: 0, log: ['Redis accepts calls of this process again'] });
  await call('ACL', 'SETUSER', 'default', '-zadd');
  expect(await look()).toEqual({ found: 1, denied: 1, log: [MISSING] });
  await call('CLUSTER', 'DELSLOTSRANGE', '0', '16383');
  expect(await look()).toEqual({ found: 2, denied: 1, log: [LOST] });
});

test.each([
  ['is full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], 'is full and rejects writes'],
  ['is a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], 'is a read-only replica, as after a failover'],
] as const)(
  'A Redis that %s is not said to deny a permission, nor to have restored one that it denied',
  async (_name, begin, end, problem) => {
    const { call, look } = await watched();
    expect(await look()).toEqual({ found: 0, denied: 0, log: [] });
    await call('ACL', 'SETUSER', 'default', '-zadd');
    expect(await look()).toEqual({ found: 1, denied: 1, log: [MISSING] });
    await call(...(begin as unknown as [string, string]));
    expect(await look()).toMatchObject({ denied: 1, log: [`${REJECTS}: this Redis ${problem}`] });
    await call(...(end as unknown as [string, string]));
    expect(await look()).toEqual({ found: 1, denied: 1, log: ['Redis accepts calls of this process again'] });
    await call('ACL', 'SETUSER', 'default', '+zadd');
    expect(await look()).toEqual({ found: 0, denied: 0, log: ['Redis permissions restored'] });
  },
);
