import { describe, expect, it } from 'vitest';
import { asUnavailable, RedisUnavailableError, withinDeadline } from '../../src/redis/unavailable.ts';

function failure(message: string, extra: object = {}): Error {
  return Object.assign(new Error(message), extra);
}

describe('asUnavailable', () => {
  it.each([
    ['a refused connection', failure('connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' })],
    ['a name that does not resolve', failure('getaddrinfo ENOTFOUND redis', { code: 'ENOTFOUND' })],
    ['a certificate that is not trusted', failure('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
    ['a lost connection', failure('Connection is closed.')],
    ['a pipeline cut in two', failure('Command aborted due to connection close')],
    ['no answer', failure('Command timed out')],
    ['no connection', failure('Reached the max retries per request limit', { name: 'MaxRetriesPerRequestError' })],
    ['a server that reads its files', failure('LOADING Redis is loading the dataset in memory')],
    ['a replica', failure("READONLY You can't write against a read only replica.")],
    ['a full memory', failure("OOM command not allowed when used memory > 'maxmemory'.")],
    [
      'a full memory met by a script, before Redis 7',
      failure('ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed'),
    ],
    ['a full disk', failure('MISCONF Errors writing to the AOF file: No space left on device')],
    ['a wrong password', failure('WRONGPASS invalid username-password pair or user is disabled.')],
    ['too many clients', failure('ERR max number of clients reached')],
    ['a slot that has moved', failure('MOVED 13018 127.0.0.1:7001')],
    ['a slot that is moving', failure('ASK 13018 127.0.0.1:7001')],
    ['keys on both sides of a move', failure('TRYAGAIN Multiple keys request during rehashing of slot')],
    ['a script that the new owner of a slot does not have', failure('NOSCRIPT No matching script. Please use EVAL.')],
    [
      'a script that meets a key on the other side of a move',
      failure('ERR Script attempted to access a non local key in a cluster node script: f_1, on @user_script:1.'),
    ],
    ['a slot without an owner', failure('CLUSTERDOWN Hash slot not served')],
    ['a cluster that has too few nodes', failure('CLUSTERDOWN The cluster is down')],
    ['redirections without an end', failure('Too many Cluster redirections. Last error: ReplyError: TRYAGAIN')],
    ['too few replicas', failure('NOREPLICAS Not enough good replicas to write.')],
    ['a transaction of which a call was refused', failure('EXECABORT Transaction discarded because of previous errors.')],
    ['a state that servers of today do not have', failure('REDIRECT 127.0.0.1:7001', { name: 'ReplyError' })],
  ])('knows %s', (_, error) => {
    expect(asUnavailable(error)).toBeInstanceOf(RedisUnavailableError);
    expect(asUnavailable(error)).toMatchObject({ cause: error });
  });

  it.each([
    failure('WRONGTYPE Operation against a key holding the wrong kind of value'),
    failure('WRONGTYPE Operation against a key holding the wrong kind of value', { name: 'ReplyError' }),
    failure("CROSSSLOT Keys in request don't hash to the same slot", { name: 'ReplyError' }),
    failure("ERR unknown command 'XYZ'", { name: 'ReplyError' }),
    failure("ERR value is not an integer or out of range: 'OOM'"),
    failure('EACCES: permission denied', { code: 'EACCES' }),
    new TypeError('x is not a function'),
    'a string',
    undefined,
  ])('leaves anything else as it came: %s', (error) => {
    expect(asUnavailable(error)).toBe(error);
  });

  it('drops the arguments of the failed command, which a logger would print', () => {
    const error = failure('Command aborted due to connection close', { command: { name: 'set', args: ['+12025550123'] } });
    expect(asUnavailable(error)).toMatchObject({ cause: expect.not.objectContaining({ command: expect.anything() }) });
  });
});

describe('withinDeadline', () => {
  it('passes on what comes in time, and leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    expect(await withinDeadline(Promise.resolve('done'), 60_000)).toBe('done');
    expect(timers()).toBe(before);
  });

  it('makes silence unavailable', async () => {
    await expect(withinDeadline(new Promise(() => undefined), 30)).rejects.toThrow('Redis is not available: no answer within 30 ms');
  });

  it('passes on an error that has nothing to do with Redis being away', async () => {
    await expect(withinDeadline(Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
  });
});
