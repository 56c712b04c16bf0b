import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { QUEUES } from '../../../src/queue/names.ts';
import { checkAccess, checkConnectionAccess } from '../../../src/redis/access/access.ts';
import { aclRules, commandsOf, REDIS_USERS, type RedisUser } from '../../../src/redis/access/permissions.ts';
import { probeCalls } from '../../../src/redis/access/probe-calls.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { denialIn } from '../../../src/redis/fitness/trouble.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { tell } from '../../support/redis-groups.ts';
import { startRedisServer } from '../../support/redis-server.ts';

const { redis, url, prefix } = testRedis();
const keys = createKeys(prefix);

/** What is found for a user of Redis with the rules of `role` and those after them. */
async function findings(role: RedisUser, ...rules: string[]) {
  const name = `u-${randomUUID().slice(0, 8)}`;
  await redis.acl('SETUSER', name, 'on', '>pw', ...aclRules(role, prefix), ...rules);
  onTestFinished(async () => void (await redis.acl('DELUSER', name)));
  const address = url.replace('redis://', `redis://${name}:pw@`);
  const client = connectRedis(address, 'interactive');
  onTestFinished(() => client.disconnect());
  const options = { user: role, keys, queues: QUEUES };
  const found = [...(await checkAccess(client, options)), ...(await checkConnectionAccess(address, options))];
  return found.map(({ problem, hint }) => `${problem} | ${hint}`.replaceAll(name, 'USER').replaceAll(prefix, '{sms}'));
}

describe.each(REDIS_USERS)('The permissions of sms-%s', (role) => {
  test('are found to be enough, and nothing stays in Redis', async () => {
    expect(await findings(role)).toEqual([]);
    expect(await redis.keys(`${prefix}:*`)).toEqual([]);
  });

  // Tried by the connection itself, or done without.
  const UNTRIED = /^(?:ping|select|info|readonly|readwrite|asking|unsubscribe|exec|client\||cluster\|)/;
  test.each(commandsOf(role).filter((command) => !UNTRIED.test(command)))(
    'are found to lack %s, with the rule that grants it',
    async (command) => {
      const found = await findings(role, `-${command}`);
      expect(found.join('\n')).toContain(`the command ${command.toUpperCase().replace('|', ' ')}`);
      expect(found.join('\n')).toMatch(new RegExp(`redis-cli ACL SETUSER USER (?:\\S+ )*'?\\+${command.replace('|', '\\|')}\\b`));
    },
  );
});

describe('A user of Redis', () => {
  test.each([
    [
      'may use the queues alone',
      ['resetkeys', `~${prefix}:sms-*`, `~${prefix}:probe*`],
      /the keys \{sms\}:\S*, .*\{sms\}:message:\*.*'~\{sms\}:\*'/,
    ],
    ['may use all but the caps', ['resetkeys', `~${prefix}:[^c]*`], /the keys \{sms\}:c\S+.*\{sms\}:cap:\*.*'~\{sms\}:\*'/],
    ['may use no keys', ['resetkeys'], /the keys \{sms\}:\*.*'~\{sms\}:\*'/],
    ['may use no channels', ['resetchannels'], /the channels \{sms\}:\*.*'&\{sms\}:\*'/],
    ['may use no scripts', ['-@scripting'], /the command EVALSHA.*EVAL.*\+evalsha \+eval/],
    ['may not block', ['-@blocking'], /the command (?:XREAD, the command )?BZPOPMIN/],
    ['may not write', ['-@write'], /the command SET, .*the command ZADD.*\+set .*\+zadd/],
    ['may nothing at all', ['nocommands'], /the command EVALSHA/],
  ])('who %s receives the missing permissions', async (_, rules, expected) => {
    expect((await findings('start', ...rules)).join('\n')).toMatch(expected);
  });

  test.each([
    ['full', ['--maxmemory', '1'], 'this Redis is full and rejects writes'],
    [
      'a replica',
      ['--replicaof', '127.0.0.1', '1', '--replica-serve-stale-data', 'yes'],
      'this Redis is a read-only replica, as after a failover',
    ],
  ])('of a Redis that is %s receives that finding', async (_, args, problem) => {
    const server = await startRedisServer(args);
    onTestFinished(() => server.stop());
    const client = connectRedis(server.url, 'interactive');
    onTestFinished(() => client.disconnect());
    expect(await checkAccess(client, { user: 'start', keys, queues: QUEUES })).toEqual([
      expect.objectContaining({ level: 'fault', problem }),
    ]);
    expect(await tell(server.port, (told) => told.keys('*'))).toEqual([]);
  });
});

test('Each command of each user is tried, but for what a connection does by itself', () => {
  for (const user of REDIS_USERS) {
    const tried = new Set(
      probeCalls(user, keys, QUEUES).flatMap(({ permission }) => (permission.kind === 'command' ? [permission.name] : [])),
    );
    const direct =
      /^(?:ping|select|info|readonly|readwrite|asking|subscribe|unsubscribe|publish|multi|exec|eval|evalsha|bzpopmin|client\||cluster\|)/;
    expect(commandsOf(user).filter((command) => !tried.has(command) && !direct.test(command))).toEqual([]);
  }
});

test.each([
  ["NOPERM this user has no permissions to run the 'bzpopmin' command", { kind: 'command', command: 'bzpopmin' }],
  ["NOPERM User sms has no permissions to run the 'client|list' command", { kind: 'command', command: 'client|list' }],
  ["NOPERM this user has no permissions to run the 'hkeys' command", { kind: 'command', command: 'hkeys' }],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', { kind: 'keys' }],
  ['NOPERM No permissions to access a key', { kind: 'keys' }],
  ['NOPERM this user has no permissions to access one of the channels used as arguments', { kind: 'channels' }],
  ["ERR The user executing the script can't run this command or subcommand script: f_1, on @user_script:1.", { kind: 'command' }],
  ["The user executing the script can't access at least one of the keys mentioned in the command arguments", { kind: 'keys' }],
  ["ERR The user executing the script can't publish to the channel mentioned in the command", { kind: 'channels' }],
  ["ERR ACL failure in script: User sms has no permissions to run the 'hset' command", undefined],
  ["NOPERM ACL failure in script: User sms has no permissions to run the 'hset' command", { kind: 'command', command: 'hset' }],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', undefined],
])('%s is read for what is missing', (message, denial) => {
  expect(denialIn(message)).toEqual(denial);
});
