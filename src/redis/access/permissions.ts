/**
 * Permissions of each Redis user: commands, and channels besides the keys below the prefix. deploy/redis/users.acl and
 * docs/redis.md are generated from this table, tests run with exactly these permissions, and `checkAccess` probes them.
 * A command that a script calls needs permission too.
 */
export type RedisUser = (typeof REDIS_USERS)[number];
export const REDIS_USERS = ['start', 'router', 'dispatcher', 'receiver', 'producer', 'reader'] as const;

/** Commands of every connection: it sets its name, identifies the server and follows a Redis Cluster. */
const CONNECTION = 'ping select info client|setname time cluster|slots cluster|info asking readonly readwrite'.split(' ');

const SCRIPTS = ['eval', 'evalsha'];

/** Reads that producers need too. */
const SIMPLE_READS =
  'get exists hget hgetall hmget hexists hlen lindex llen lpos lrange pttl scard smembers xlen xrange xrevrange xread zcard zrange zrangebyscore zrevrangebyscore zscore'.split(
    ' ',
  );
const READS = [...SIMPLE_READS, ...'client|list hrandfield hscan sismember type xinfo|stream zcount zrevrange zscan'.split(' ')];

const JOB_WRITES =
  'set del decr hdel hincrby hmset hset incr incrby lpop lpush lrem persist pexpire rpush sadd srem xadd zadd zrem zremrangebyscore multi exec'.split(
    ' ',
  );
const ALL_WRITES = [
  ...JOB_WRITES,
  ...'hkeys hsetnx hstrlen lset ltrim rename rpop rpoplpush xtrim zincrby zpopmin zremrangebyrank'.split(' '),
];

const BLOCKING_READS = ['bzpopmin'];
/** Dispatchers coordinate the rate of a provider over channels. */
const CHANNELS = ['publish', 'subscribe', 'unsubscribe'];

const COMMANDS: Readonly<Record<RedisUser, readonly string[]>> = {
  start: [...CONNECTION, ...SCRIPTS, ...READS, ...ALL_WRITES, ...BLOCKING_READS, ...CHANNELS],
  router: [...CONNECTION, ...SCRIPTS, ...READS, ...ALL_WRITES, ...BLOCKING_READS],
  dispatcher: [...CONNECTION, ...SCRIPTS, ...READS, ...ALL_WRITES, ...BLOCKING_READS, ...CHANNELS],
  receiver: [...CONNECTION, ...SCRIPTS, ...READS, ...ALL_WRITES],
  producer: [...CONNECTION, ...SCRIPTS, ...SIMPLE_READS, ...JOB_WRITES],
  reader: [...CONNECTION, ...SCRIPTS, ...READS],
};

/** The commands of a user, in the order of the ACL. */
export function commandsOf(user: RedisUser): readonly string[] {
  return COMMANDS[user];
}

/** Whether the user publishes or subscribes. */
export function usesChannels(user: RedisUser): boolean {
  return COMMANDS[user].includes('publish');
}

/** The rules for `ACL SETUSER`, without name, password and `on`. */
export function aclRules(user: RedisUser, prefix: string): readonly string[] {
  const channels = usesChannels(user) ? [`&${prefix}:*`] : [];
  return ['resetkeys', `~${prefix}:*`, 'resetchannels', ...channels, '-@all', ...COMMANDS[user].map((command) => `+${command}`)];
}
