import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aclRules, commandsOf, REDIS_USERS } from '../../../src/redis/access/permissions.ts';

/** Scripts of BullMQ that belong to features which we do not use. */
const UNUSED = /^(?:relay|addJobScheduler|addParentJob|addLog|getMetrics|obliterate|removeOrphanedJobs|updateProgress)/;

const calledIn = (text: string) =>
  [...text.matchAll(/(?<!await )(?:rcall|redis\.p?call)\(\s*['"](\w+)['"]/gi)].map(([, name]) => (name as string).toLowerCase());
const filesIn = (dir: string, ending: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => [file, readFileSync(join(dir, file), 'utf8')] as const);

const BULLMQ = filesIn('node_modules/bullmq/dist/cjs/scripts', '.js').filter(([file]) => !UNUSED.test(file));
const OURS = filesIn('src', '.lua');
const BOTTLENECK = filesIn('node_modules/bottleneck/lib', 'lua.json');

/** A command is granted by its name, or by one of its subcommands, of which scripts name the first argument only. */
const granted = (user: (typeof REDIS_USERS)[number]) => new Set(commandsOf(user).map((command) => command.split('|')[0] as string));

test.each([
  ['BullMQ', BULLMQ, 40],
  ['bottleneck', BOTTLENECK, 15],
  ['ours', OURS, 40],
])('Each command that the scripts of %s call is among the permissions of the users that run workers', (_, files, least) => {
  const called = new Set(files.flatMap(([, text]) => calledIn(text)));
  expect(called.size).toBeGreaterThan(least);
  for (const user of ['start', 'dispatcher'] as const) expect([...called].filter((name) => !granted(user).has(name))).toEqual([]);
});

test.each(REDIS_USERS)('sms-%s has no command twice, no category, and no command that reaches beyond the prefix', (user) => {
  const commands = commandsOf(user);
  expect(new Set(commands).size).toBe(commands.length);
  const dangerous = 'keys scan flushall flushdb config acl shutdown debug migrate restore swapdb monitor replicaof save bgsave';
  expect(commands.filter((command) => command.startsWith('@') || dangerous.split(' ').includes(command))).toEqual([]);
  expect(aclRules(user, '{x}')).toContain('~{x}:*');
});

test('A user who reads has no command that writes', () => {
  const writes = new Set('set del hset hdel zadd zrem xadd rpush lpush sadd srem incr publish pexpire rename multi bzpopmin'.split(' '));
  expect(commandsOf('reader').filter((command) => writes.has(command))).toEqual([]);
});
