import { setTimeout as pause } from 'node:timers/promises';
import type Bottleneck from 'bottleneck';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { asUnavailable, RedisUnavailableError } from '../../redis/unavailable.ts';
import { acquirePacerConnection, PrefixedLimiter } from './pacer-connection.ts';

export interface PacerOptions {
  /** Client that is duplicated for two sockets, shared by all pacers of the same client. */
  readonly redis: Redis;
  readonly keys: Keys;
  /** Name of the provider instance; replicas that use the same name share its rate. */
  readonly provider: string;
  /** Jobs started per second, over all replicas; evenly spaced. */
  readonly maxPerSecond?: number | undefined;
  /** Maximum number of concurrent jobs, over all replicas. */
  readonly maxConcurrent?: number | undefined;
  /** Maximum duration of a job, ms. */
  readonly timeoutMs: number;
  /** Slots of a killed process return this long after `timeoutMs`; it must cover other work of a job and a short outage. Default 15 s. */
  readonly marginMs?: number;
  /** Called with errors from which the pacer recovers by itself. */
  readonly onError?: (error: Error) => void;
}

/** Makes callers wait for their turn; never rejects one for lack of capacity. */
export interface Pacer {
  /**
   * Runs `job` when its turn comes and settles as it does. Rejects with the signal's reason, without starting the job,
   * if the signal aborts before that. A later abort is left to the job. An urgent job goes before all others.
   */
  run<T>(signal: AbortSignal, job: () => Promise<T>, urgent?: boolean): Promise<T>;
  /** Rejects waiting callers, gives running jobs a short time, and releases timers and sockets. */
  close(): Promise<void>;
}

/** One percent more than a second, so that slightly late timers never put one job too many into a second. */
const SECOND_MS = 1010;
/** TTL of an unused provider's limiter in Redis; the next job creates it again. */
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

/** Pacing of one provider by bottleneck's clustered limiter; without a limit it does nothing and does not use Redis. */
export function createPacer(options: PacerOptions): Pacer {
  const { redis, maxPerSecond, maxConcurrent, timeoutMs, marginMs = 15_000, onError = () => undefined } = options;
  if (maxPerSecond === undefined && maxConcurrent === undefined) return unpaced;

  const minTime = maxPerSecond === undefined ? 0 : SECOND_MS / maxPerSecond;
  // With both limits, a slot of one is held while the job waits for its turn in the other.
  const expiration = timeoutMs + marginMs + Math.ceil((maxConcurrent ?? 0) * minTime);
  // Turns requested in advance are lost when the process is killed: at most those of a quarter of a second.
  const ahead = maxPerSecond === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(maxPerSecond / 4));

  const { connection, release } = acquirePacerConnection(redis);
  /** Turns are not tied to jobs: the turn of an aborted job goes to the next one in line instead of being wasted. */
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
    // An existing limiter in Redis keeps its settings; this sets those of the current config, for all replicas.
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
      // For a job that has started, bottleneck can only report that it exceeds its expiration.
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
