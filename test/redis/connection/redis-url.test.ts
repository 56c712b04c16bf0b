import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectRedis, redactUrl } from '../../../src/redis/connect.ts';
import { judgePrefix, parseRedisUrl } from '../../../src/redis/connection/redis-url.ts';

describe('redactUrl', () => {
  it.each([
    ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
    ['redis://:hunter2@redis.example:6380/3', 'redis://:***@redis.example:6380/3'],
    ['rediss://alice:hunter2@redis.example', 'rediss://alice:***@redis.example'],
    ['redis://alice@redis.example', 'redis://alice@redis.example'],
    ['redis://redis.example/0?password=hunter2', 'redis://redis.example/0'],
    ['/run/redis.sock?password=hunter2', '/run/redis.sock'],
    ['redis+sentinel://alice:hunter2@a:26379,b/mymaster/2', 'redis+sentinel://alice:***@a:26379,b/mymaster/2'],
    ['rediss+sentinel://:hunter2@a,[::1]:26380/mymaster?sentinelPassword=hunter2', 'rediss+sentinel://:***@a,[::1]:26380/mymaster'],
    ['redis+cluster://:hunter2@a:7000,b:7001', 'redis+cluster://:***@a:7000,b:7001'],
    ['redis+cluster://:hunt@er2@a:7000', 'redis+cluster://:***@a:7000'],
    ['redis+sentinel://:hunt/er2@a:26379/mymaster', 'redis://(unreadable)'],
    ['redis+cluster://:hunt#er2@a:7000', 'redis://(unreadable)'],
    ['redis://:hunt#er2@redis.example', 'redis://(unreadable)'],
    ['hunter2', 'redis://(unreadable)'],
  ])('turns %s into %s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});

describe('parseRedisUrl', () => {
  const nobody = { username: undefined, password: undefined, tls: false };

  it('reads Sentinels with the name of the group, the database and both passwords', () => {
    expect(parseRedisUrl('rediss+sentinel://alice:p%40ss@one:26380,[::1]/my-group/3?sentinelPassword=s%26p')).toEqual({
      kind: 'sentinel',
      hosts: [
        { host: 'one', port: 26_380 },
        { host: '::1', port: 26_379 },
      ],
      name: 'my-group',
      db: 3,
      sentinelPassword: 's&p',
      username: 'alice',
      password: 'p@ss',
      tls: true,
    });
    expect(parseRedisUrl('redis+sentinel://one/group')).toEqual({
      kind: 'sentinel',
      hosts: [{ host: 'one', port: 26_379 }],
      name: 'group',
      db: 0,
      sentinelPassword: undefined,
      ...nobody,
    });
  });

  it('reads the nodes of a cluster', () => {
    expect(parseRedisUrl('redis+cluster://one:7000,two')).toEqual({
      kind: 'cluster',
      hosts: [
        { host: 'one', port: 7000 },
        { host: 'two', port: 6379 },
      ],
      ...nobody,
    });
  });

  it.each([
    'redis+sentinel://one:26379',
    'redis+sentinel://one/',
    'redis+sentinel://one/group/three',
    'redis+sentinel://one/group?password=hunter2',
    'redis+sentinel://,/group',
    'redis+cluster://',
    'redis+cluster://one/0',
    'redis+cluster://one:port',
    'redis+cluster://:%hunt@one',
  ])('refuses %s without repeating it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/^the Redis URL cannot be read/);
    expect(() => parseRedisUrl(url)).not.toThrow(/hunt/);
  });
});

describe('the URL of a single server', () => {
  it.each([
    ['redis://host/abc', /database that is not a number/],
    ['redis://host:6379/1/2', /database that is not a number/],
    ['redis://host/-1', /database that is not a number/],
    ['redis://host/1.5', /database that is not a number/],
    ['redis://host/?db=two', /database that is not a number/],
    ['redis://:hunter2@host/hunter2', /database that is not a number/],
    ['redis://host/0?timeout=5', /unknown option/],
    ['rediss://host?tls=hunter2', /unknown option/],
    ['redis://host?pasword=hunter2', /unknown option/],
  ])('%s is refused where it is read, without being repeated', (url, message) => {
    expect(() => connectRedis(url, 'interactive')).toThrow(message);
    expect(() => parseRedisUrl(url)).not.toThrow(/hunt|abc/);
  });

  it.each(['redis://host', 'redis://host/', 'redis://host/12', 'rediss://:p%40ss@host:6380/3', 'redis://host?db=2&family=6'])(
    '%s is taken',
    (url) => {
      expect(parseRedisUrl(url)).toEqual({ kind: 'server', url });
    },
  );
});

describe('a password that was not percent-encoded', () => {
  const urls = (password: string) => [
    `redis://:${password}@redis.example:6379`,
    `redis://:${password}@redis.example:6379/3`,
    `rediss://alice:${password}@redis.example`,
    `redis+sentinel://alice:${password}@one:26379,two/mymaster`,
    `redis+sentinel://one/mymaster?sentinelPassword=${password}`,
    `redis+cluster://:${password}@one:7000,two`,
    `redis://redis.example?password=${password}`,
  ];

  it.each([
    'abc@def',
    'abc/def',
    '12/def',
    'abc#def',
    '12#def',
    'abc?def',
    '12?def',
    '12?db=def',
    'abc%def',
    'abc%',
    'a@bc/def',
    '12:abc#def',
    '[abc]/@def',
    'a@b#c?def/@x',
  ])('%s is shown by neither the address nor the fault, which says how to write it', (password) => {
    for (const url of urls(password)) {
      const shown = [redactUrl(url)];
      try {
        parseRedisUrl(url);
      } catch (error) {
        expect((error as Error).message).toMatch(/percent-encoded.*%40 for @.*%2F for \/|unknown option/);
        shown.push((error as Error).message);
      }
      for (const piece of ['def', 'abc', ':12', '12@', '%25']) expect(shown.join(' ').replaceAll('%25 for %', '')).not.toContain(piece);
    }
  });
});

describe('a prefix', () => {
  it.each([
    ['{sms}', true],
    ['ours:{sms}:', true],
    ['sms', false],
    ['{}', false],
    ['{}{sms}', false],
    ['sms}{', false],
  ])('%s keeps all keys on one node of a cluster: %s', (prefix, fits) => {
    expect(judgePrefix(prefix, true) === undefined).toBe(fits);
    expect(judgePrefix(prefix, false)).toBeUndefined();
  });
});

describe('a URL that is none', () => {
  it.each(['', 'hunter2', 'http://redis.example', 'redis://:hunt#er2@redis.example', '//redis.example', 'localhost:6379'])(
    'is refused without being repeated: %s',
    (url) => {
      const failure = (() => {
        try {
          return connectRedis(url, 'interactive').disconnect();
        } catch (error) {
          return error as Error;
        }
      })();
      expect(failure).toMatchObject({ message: expect.stringContaining('the Redis URL cannot be read') });
      expect(inspect(failure, { showHidden: true })).not.toMatch(/hunt/);
    },
  );
});
