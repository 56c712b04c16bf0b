import { afterEach, describe, expect, it } from 'vitest';
import { createProducer } from '../../../src/queue/producer/producer.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { checkRedis, describeServer, judgeServer, parseInfo, type RedisFinding } from '../../../src/redis/fitness/check.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { testPort } from '../../support/test-port.ts';
import { until } from '../../support/until.ts';

let server: RedisServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** What is said about a server started with these settings, reached through `login@`. */
async function findings(args: string[], login = ''): Promise<RedisFinding[]> {
  server = await startRedisServer(args);
  return findingsAt(server.url.replace('//', `//${login}`));
}

async function findingsAt(url: string): Promise<RedisFinding[]> {
  const redis = connectRedis(url, 'commands');
  try {
    return await checkRedis(redis);
  } finally {
    redis.disconnect();
  }
}

it('a Sentinel is named as one, whose URL is another', () => {
  const faults = judgeServer({ redis_mode: 'sentinel', redis_version: '7.0.15' }).filter(({ level }) => level === 'fault');
  expect(faults).toMatchObject([
    { problem: 'this is a Sentinel, which keeps no data', hint: expect.stringContaining('redis+sentinel://') },
  ]);
});

describe('a real server', () => {
  it('that is as it should be raises nothing, even where CONFIG is forbidden', async () => {
    expect(await findings(['--rename-command', 'CONFIG', ''])).toEqual([]);
  });

  it('without the database that the URL names is refused, by the producer too, and one that it has is not', async () => {
    server = await startRedisServer(['--databases', '4']);
    await expect(findingsAt(`${server.url}/9`)).resolves.toMatchObject([{ level: 'fault', problem: 'this Redis has no database 9' }]);
    await expect(findingsAt(`${server.url}/3`)).resolves.toEqual([]);
    const producer = createProducer({ redis: `${server.url}/9` });
    const alert = { severity: 'critical', to: '+60123456789', text: 'a' } as const;
    for (const call of [
      () => producer.enqueue(alert),
      () => producer.enqueueMany([alert]),
      () => producer.resolve('key'),
      () => producer.acknowledge('a-1', 'operator'),
      () => producer.waitFor('a-1'),
    ]) {
      await expect(call()).rejects.toThrow('this Redis has no database 9');
    }
    await producer.close();
    const redis = connectRedis(server.url, 'interactive');
    expect(await redis.keys('*sms-alerts:wait')).toEqual([]);
    redis.disconnect();
  });

  it('that evicts is a fault with the command that fixes it', async () => {
    expect(await findings(['--maxmemory-policy', 'volatile-lru'])).toEqual([
      {
        level: 'fault',
        problem: expect.stringContaining('maxmemory-policy is volatile-lru'),
        hint: expect.stringContaining('redis-cli CONFIG SET maxmemory-policy noeviction'),
      },
    ]);
  });

  it('without an append-only file is a warning with the command that fixes it', async () => {
    expect(await findings(['--appendonly', 'no'])).toEqual([
      {
        level: 'warning',
        problem: expect.stringContaining('appendonly is off'),
        hint: expect.stringContaining('redis-cli CONFIG SET appendonly yes'),
      },
    ]);
  });

  it('is fixed by the commands in the hints', async () => {
    server = await startRedisServer(['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no']);
    const redis = connectRedis(server.url, 'commands');
    for (const { hint } of await checkRedis(redis)) {
      const [, name, value] = /^redis-cli CONFIG SET (\S+) (\S+)/.exec(hint) ?? [];
      await redis.config('SET', name as string, value as string);
    }
    expect(await checkRedis(redis)).toEqual([]);
    // Until its first append-only file is written, a server does not heed SIGTERM.
    await until(async () => (await redis.info('persistence')).includes('aof_rewrite_in_progress:0'));
    redis.disconnect();
  });

  it('that is a replica is a fault naming its primary', async () => {
    const port = await testPort();
    expect(await findings(['--replicaof', '127.0.0.1', String(port)])).toEqual([
      {
        level: 'fault',
        problem: 'this Redis is a read-only replica',
        hint: `point REDIS_URL at its primary, 127.0.0.1:${port}`,
      },
    ]);
  });

  it('that wants a password, or another one, says so in words', async () => {
    const [none] = await findings(['--requirepass', 'right']);
    expect(none).toMatchObject({ level: 'fault', problem: 'this Redis requires a password' });
    const [wrong] = await findingsAt((server as RedisServer).url.replace('//', '//:wrong@'));
    expect(wrong).toMatchObject({ level: 'fault', problem: 'this Redis refuses the user name or password' });
    expect(await findingsAt((server as RedisServer).url.replace('//', '//:right@'))).toEqual([]);
  });

  it('that gives our user too few permissions is a fault, and the remedy gives enough', async () => {
    const [finding] = await findings(['--user', ...'app on >secret ~* &* +@all -info'.split(' ')], 'app:secret@');
    expect(finding).toMatchObject({ level: 'fault', problem: 'this Redis denies its user a required permission' });
    const rules = /ACL SETUSER <user> (.*?) \(/.exec(finding?.hint ?? '')?.[1] as string;
    const admin = connectRedis((server as RedisServer).url, 'commands');
    await admin.acl('SETUSER', 'app', 'reset', '>secret', ...rules.split(' '));
    admin.disconnect();
    expect(await findingsAt((server as RedisServer).url.replace('//', '//app:secret@'))).toEqual([]);
  });

  it('that is away is unavailable, not faulty', async () => {
    await expect(findingsAt(`redis://127.0.0.1:${await testPort()}`)).rejects.toThrow(RedisUnavailableError);
  });
});

describe('the judgement of INFO', () => {
  const good = { redis_version: '7.0.15', role: 'master', maxmemory_policy: 'noeviction', aof_enabled: '1' };

  it.each([
    ['6.2.0', []],
    ['6.10.1', []],
    ['7.0.15', []],
    ['10.0.0', []],
    ['6.0.16', ['fault']],
    ['5.0.14', ['fault']],
    ['unstable', ['fault']],
    [undefined, ['fault']],
  ] as const)('of version %s', (redis_version, levels) => {
    expect(judgeServer({ ...good, redis_version }).map(({ level }) => level)).toEqual(levels);
  });

  it('warns of settings that a server does not report', () => {
    const silent = judgeServer({ redis_version: '7.0.15' });
    expect(silent.map(({ level, problem }) => [level, problem])).toEqual([
      ['warning', expect.stringContaining('does not report its maxmemory-policy')],
      ['warning', expect.stringContaining('does not report whether it keeps an append-only file')],
    ]);
  });

  it('knows a Valkey by its own version, and judges it by the Redis that it matches', () => {
    const info = parseInfo(
      '# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n\r\n# Replication\r\nrole:master\r\n',
    );
    expect(describeServer(info)).toBe('Valkey 8.1.1');
    expect(judgeServer({ ...good, ...info })).toEqual([]);
    expect(describeServer(good)).toBe('Redis 7.0.15');
  });
});
