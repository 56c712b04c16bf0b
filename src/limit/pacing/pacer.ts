import { setTimeout as pause } from 'node:timers/promises';
import type Bottleneck from 'bottleneck';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { asUnavailable, RedisUnavailableError } from '../../redis/unavailable.ts';
import { acquirePacerConnection, PrefixedLimiter } from './pacer-connection.ts';

export interface PacerOptions {
  /** Duplicated for two sockets of our own, which all pacers made with the same client share. */
  readonly redis: Redis;
  readonly keys: Keys;
  /** Name of the provider instance; replicas that use the same name share its pace. */
  readonly provider: string;
  /** Jobs begun in one second, all replicas together; evenly spaced. */
  readonly maxPerSecond?: number | undefined;
  /** Jobs running at once, all replicas together. */
  readonly maxConcurrent?: number | undefined;
  /** Longest that a job takes, ms. */
  readonly timeoutMs: number;
  /** A killed process' slots return so long after `timeoutMs`; what else a job does, and an outage meanwhile, fits in. Default 15 s. */
  readonly marginMs?: number;
  /** Hears of faults that the pacer gets over by itself. */
  readonly onError?: (error: Error) => void;
}

/** Makes callers wait for their turn; never refuses one. */
export interface Pacer {
  /**
   * Runs `job` when its turn comes and settles as it does. Rejects with the signal's reason, and never starts the job,
   * when the signal aborts before that. What happens to the signal later is the job's own business. An urgent job goes
   * before all that are not.
   */
  run<T>(signal: AbortSignal, job: () => Promise<T>, urgent?: boolean): Promise<T>;
  /** Rejects whoever still waits, gives running jobs a moment, and lets go of timers and sockets. */
  close(): Promise<void>;
}

/** A hundredth more than a second, so that timers that are a little late never squeeze one job too many into one. */
const SECOND_MS = 1010;
/** Redis forgets the pace of a provider that nobody has used for so long; the next job brings it back. */
const KEYS_TTL_MS = 3_600_000;
const REST_MS = 500;
const CLOSE_GRACE_MS = 2000;

const unpaced: Pacer = {
  async run(signal, job) {
    signal.throwIfAborted();
    return job();
  },
  close: async () => undefined,
};

interface Waiter {
  start(): Promise<void>;
  fail(reason: unknown): void;
}

/** Pacing of one provider by bottleneck's clustered limiter; without a limit there is none and nothing touches Redis. */
export function createPacer(options: PacerOptions): Pacer {
  const { redis, maxPerSecond, maxConcurrent, timeoutMs, marginMs = 15_000, onError = () => undefined } = options;
  if (maxPerSecond === undefined && maxConcurrent === undefined) return unpaced;

  const minTime = maxPerSecond === undefined ? 0 : SECOND_MS / maxPerSecond;
  // With both limits a slot of the one is held while its turn in the other comes.
  const expiration = timeoutMs + marginMs + Math.ceil((maxConcurrent ?? 0) * minTime);
  // Turns asked for ahead of time are lost when the process is killed: a quarter of a second's worth at most.
  const ahead = maxPerSecond === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(maxPerSecond / 4));

  const { connection, release } = acquirePacerConnection(redis);
  /** Turns are not tied to jobs: one whose job was given up goes to the next in line instead of being wasted. */
  const line = { urgent: new Set<Waiter>(), rest: new Set<Waiter>() };
  const turns = new Set<Promise<void>>();
  let asked = 0;
  let rest: NodeJS.Timeout | undefined;
  let closed = false;
  let limiter: Promise<Bottleneck> | undefined;
  let opened: Bottleneck | undefined;

  const open = async (): Promise<Bottleneck> => {
    opened = new PrefixedLimiter({
      id: options.keys.limiter(`pace:${options.provider}`),
      connection,
      datastore: 'ioredis',
      maxConcurrent: maxConcurrent ?? null,
      minTime,
      timeout: Math.max(KEYS_TTL_MS, 2 * expiration),
    });
    opened.on('error', onError);
    await opened.ready();
    // A limiter that Redis knows already keeps its settings; the ones of this config hold from now on, for all.
    return opened.updateSettings({ maxConcurrent: maxConcurrent ?? null, minTime });
  };
  const ready = () => {
    limiter ??= open().catch((error: unknown) => {
      limiter = undefined;
      void opened?.disconnect();
      throw error;
    });
    return limiter;
  };

  const first = (): Waiter | undefined => {
    const [urgent] = line.urgent;
    const [other] = line.rest;
    return urgent ?? other;
  };
  const leave = (waiter: Waiter) => line.urgent.delete(waiter) || line.rest.delete(waiter);

  const takeTurn = async (): Promise<void> => {
    let granted = false;
    const begin = async () => {
      granted = true;
      asked -= 1;
      const next = first();
      if (next !== undefined) leave(next);
      ask();
      await next?.start();
    };
    try {
      const turn = await ready();
      await turn.schedule({ expiration }, begin);
    } catch (error) {
      // Of a job that has begun, bottleneck can only report that it takes too long.
      if (granted || closed) return;
      asked -= 1;
      recover(error);
    }
  };

  const recover = (error: unknown) => {
    const known = asUnavailable(error);
    if (known instanceof RedisUnavailableError) {
      onError(known);
      rest ??= setTimeout(() => {
        rest = undefined;
        ask();
      }, REST_MS);
      return;
    }
    first()?.fail(known);
    ask();
  };

  const ask = () => {
    while (!closed && rest === undefined && asked < Math.min(line.urgent.size + line.rest.size, ahead)) {
      asked += 1;
      const turn = takeTurn().finally(() => turns.delete(turn));
      turns.add(turn);
    }
  };

  ready().catch(onError);

  return {
    run: <T>(signal: AbortSignal, job: () => Promise<T>, urgent = false) =>
      new Promise<T>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (closed) return reject(new Error(`the pacer of ${options.provider} is closed`));
        const giveUp = () => waiter.fail(signal.reason);
        const waiter: Waiter = {
          async start() {
            signal.removeEventListener('abort', giveUp);
            await (async () => job())().then(resolve, reject);
          },
          fail(reason) {
            signal.removeEventListener('abort', giveUp);
            leave(waiter);
            reject(reason);
          },
        };
        signal.addEventListener('abort', giveUp, { once: true });
        (urgent ? line.urgent : line.rest).add(waiter);
        ask();
      }),
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(rest);
      for (const waiter of [...line.urgent, ...line.rest]) waiter.fail(new Error(`the pacer of ${options.provider} is closed`));
      const grace = new AbortController();
      await Promise.race([Promise.allSettled(turns), pause(CLOSE_GRACE_MS, undefined, { signal: grace.signal })]);
      grace.abort();
      opened?.stop({ dropWaitingJobs: true }).catch(() => undefined);
      await opened?.disconnect();
      await release();
    },
  };
}
