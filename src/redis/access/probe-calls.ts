import type { Keys } from '../keys.ts';
import { commandsOf, type RedisUser, usesChannels } from './permissions.ts';

/** A call that probes one permission. */
export interface ProbeCall {
  /** The permission: a command, a key family such as `{sms}:message:*`, or the channels. */
  readonly permission: { readonly kind: 'command' | 'keys' | 'channels'; readonly name: string };
  readonly call: readonly string[];
}

/** An id that no alert, message, phone or queue can have. */
const NO_ID = '(probe)';
const KEEP_MS = '10000';

/** Arguments of each command, in call order: later calls read and remove what earlier ones write. */
function argumentsOf(prefix: string): Readonly<Record<string, readonly string[]>> {
  const at = (name: string) => `${prefix}:probe:${name}`;
  const [text, other, count, hash, list, set, sorted, stream, none] = [
    ...['text', 'other', 'count', 'hash', 'list', 'set', 'sorted', 'stream', 'none'].map(at),
  ] as [string, string, string, string, string, string, string, string, string];
  return {
    // The first write: a full or read-only Redis rejects it.
    set: [text, '1', 'PX', KEEP_MS],
    get: [text],
    exists: [text],
    pexpire: [text, KEEP_MS],
    pttl: [text],
    type: [text],
    persist: [none],
    rename: [text, other],
    incr: [count],
    incrby: [count, '1'],
    decr: [count],
    hset: [hash, 'a', '1'],
    hmset: [hash, 'a', '1'],
    hsetnx: [hash, 'a', '1'],
    hincrby: [hash, 'a', '1'],
    hget: [hash, 'a'],
    hgetall: [hash],
    hmget: [hash, 'a'],
    hexists: [hash, 'a'],
    hlen: [hash],
    hkeys: [hash],
    hstrlen: [hash, 'a'],
    hrandfield: [hash],
    hscan: [hash, '0'],
    hdel: [hash, 'a'],
    lpush: [list, 'a'],
    rpush: [list, 'b'],
    lset: [list, '0', 'a'],
    lindex: [list, '0'],
    llen: [list],
    lpos: [list, 'a'],
    lrange: [list, '0', '1'],
    ltrim: [list, '0', '9'],
    rpoplpush: [list, list],
    lrem: [list, '0', 'c'],
    lpop: [list],
    rpop: [list],
    sadd: [set, 'a'],
    scard: [set],
    sismember: [set, 'a'],
    smembers: [set],
    srem: [set, 'a'],
    zadd: [sorted, '1', 'a'],
    zincrby: [sorted, '1', 'a'],
    zscore: [sorted, 'a'],
    zcard: [sorted],
    zcount: [sorted, '0', '9'],
    zrange: [sorted, '0', '1'],
    zrangebyscore: [sorted, '0', '9'],
    zrevrange: [sorted, '0', '1'],
    zrevrangebyscore: [sorted, '9', '0'],
    zscan: [sorted, '0'],
    zpopmin: [sorted],
    zrem: [none, 'a'],
    zremrangebyrank: [none, '0', '0'],
    zremrangebyscore: [none, '0', '0'],
    xadd: [stream, '*', 'a', '1'],
    xlen: [stream],
    xrange: [stream, '-', '+'],
    xrevrange: [stream, '+', '-'],
    xread: ['COUNT', '1', 'STREAMS', stream, '0'],
    'xinfo|stream': [stream],
    xtrim: [stream, 'MAXLEN', '9'],
    time: [],
    del: [text, other, count, hash, list, set, sorted, stream],
  };
}

/** The calls that probe the permissions of `user`, one per permission; together they leave no keys. */
export function probeCalls(user: RedisUser, keys: Keys, queues: readonly string[]): ProbeCall[] {
  const granted = new Set(commandsOf(user));
  const commands = Object.entries(argumentsOf(keys.prefix)).flatMap(([name, args]): ProbeCall[] =>
    granted.has(name) ? [{ permission: { kind: 'command', name }, call: [...name.split('|'), ...args] }] : [],
  );
  const removes = granted.has('del') ? 'del' : 'exists';
  const families: ProbeCall[] = [
    ...queues.map((queue) => ({ permission: keysLike(`${keys.prefix}:${queue}:*`), call: [removes, `${keys.prefix}:${queue}:${NO_ID}`] })),
    ...Object.values(keys).flatMap((keyOf: unknown): ProbeCall[] => {
      if (typeof keyOf !== 'function') return [];
      const key = String(keyOf(NO_ID, NO_ID));
      // Queue keys are covered above.
      if (key.startsWith(`${keys.prefix}:${NO_ID}`)) return [];
      // A singleton key holds live data, so it is only read.
      if (keyOf.length === 0) return [{ permission: keysLike(key), call: ['exists', key] }];
      return [
        {
          permission: keysLike(
            `${key
              .split(':')
              .slice(0, keys.prefix.split(':').length + 1)
              .join(':')}:*`,
          ),
          call: [removes, key],
        },
      ];
    }),
  ];
  const channel = `${keys.prefix}:probe`;
  const channels: ProbeCall[] = usesChannels(user)
    ? [{ permission: { kind: 'channels', name: `${keys.prefix}:*` }, call: ['publish', channel, ''] }]
    : [];
  return [...commands, ...families, ...channels];
}

function keysLike(name: string): ProbeCall['permission'] {
  return { kind: 'keys', name };
}
