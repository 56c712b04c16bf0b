import type { Redis } from 'ioredis';

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
