import type { Cluster, Redis } from 'ioredis';

/**
 * Fails what waits for a connection. ioredis does it by itself when a connection breaks; not while it finds none, through
 * Sentinels or in a cluster.
 */
export function flushCalls(redis: Redis | Cluster, reason = new Error('Connection is closed.')): void {
  (redis as unknown as Flushing).flushQueue(reason);
}

/**
 * Whatever fails while there is a reason for it, fails for that reason; ioredis would only say that there is no connection.
 * @param reasonOf `undefined` where ioredis' own error says all there is to say
 */
export function explainFlushes(redis: Redis, reasonOf: () => Error | undefined): void {
  const flushing = redis as unknown as Flushing;
  const flush = flushing.flushQueue.bind(redis);
  flushing.flushQueue = (error, ...rest) => flush(reasonOf() ?? error, ...rest);
}

interface Flushing {
  flushQueue(error: Error, ...rest: unknown[]): void;
}

/**
 * Sends the commands of one turn of the event loop as one packet. ioredis writes each by itself, and a write is a system
 * call here and a read there; with fifty jobs at once this halves what a small command costs both sides. Unlike
 * ioredis' own auto-pipelining it changes nothing about a command but when it leaves.
 */
export function gatherWrites(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis;
    const write = stream.write;
    let gathering = false;
    const uncork = () => {
      gathering = false;
      stream.uncork();
    };
    stream.write = function gatheringWrite(this: typeof stream, ...args: Parameters<typeof write>) {
      if (!gathering) {
        gathering = true;
        stream.cork();
        process.nextTick(uncork);
      }
      return write.apply(this, args);
    } as typeof write;
  });
}

/**
 * ioredis hangs the failed command with all its arguments on the error, and loggers print what hangs on errors: phone
 * numbers, texts, and of a failed log-in the password, which some servers repeat in the message as well.
 */
export function forgetArguments(error: Error, ...secrets: readonly string[]): void {
  if ('command' in error) delete error.command;
  for (const secret of secrets) {
    if (!error.message.includes(secret)) continue;
    error.stack = error.stack?.replaceAll(secret, '***') ?? '';
    error.message = error.message.replaceAll(secret, '***');
  }
}
