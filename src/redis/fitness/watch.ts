import { ConnectionLost, connectRedis, PrimaryReplaced, redactUrl } from '../connect.ts';
import { classifyTrouble } from './trouble.ts';

/** Events of the watch, for the log. */
export interface RedisWatchLog {
  /** Redis became unavailable, or the reason changed. */
  onTrouble(trouble: { readonly problem: string; readonly hint: string; readonly said: string }): void;
  onRecovered(recovered: { readonly afterMs: number }): void;
  /** Connections to a former primary were closed; once per failover. */
  onReplaced(failover: { readonly server: string }): void;
}

export interface RedisWatch {
  /** Receives every connection error; reports each problem once until recovery. */
  onError(error: Error): void;
  close(): void;
}

export interface RedisWatchOptions extends RedisWatchLog {
  readonly url: string;
  /** Written with a TTL to check whether Redis accepts writes. */
  readonly key: string;
  readonly everyMs?: number;
}

/** Consecutive successful writes before Redis counts as recovered: a full one still accepts some. */
const ENOUGH = 2;
/** A client redirected to the old server within this time does not count as a second failover. */
const SAME_FAILOVER_MS = 60_000;

/**
 * Reduces the errors of many connections to two events per outage: Redis unavailable, with the reason, and recovered. During an outage
 * it tries a write periodically.
 */
export function createRedisWatch({ url, key, everyMs = 500, onTrouble, onRecovered, onReplaced }: RedisWatchOptions): RedisWatch {
  const where = redactUrl(url);
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let taken = 0;
  const reported = new Set<string>();

  const report = (error: Error) => {
    const trouble = classifyTrouble(error);
    const kind = trouble?.kind ?? 'away';
    // A lost connection is part of most problems, so it adds no information.
    if (reported.has(kind) || (kind === 'away' && reported.size > 0)) return;
    reported.add(kind);
    const { problem, hint } = trouble ?? {
      problem: 'cannot be reached',
      hint: 'start Redis or restore the network; nothing is lost, and processing resumes by itself',
    };
    onTrouble({ problem: `Redis at ${where} ${problem}`, hint, said: error.message });
  };

  const replacedAt = new Map<string, number>();
  const reportReplaced = ({ server }: PrimaryReplaced) => {
    const last = replacedAt.get(server) ?? Number.NEGATIVE_INFINITY;
    replacedAt.set(server, performance.now());
    if (performance.now() - last > SAME_FAILOVER_MS) onReplaced({ server });
  };

  const probe = async (suspicion: Error) => {
    const refusal = await tryWrite(url, key);
    if (closed || since === undefined) return;
    taken = refusal === undefined ? taken + 1 : 0;
    // The error of a new connection says more than how the last one was lost.
    if (refusal !== undefined || (reported.size === 0 && !(suspicion instanceof ConnectionLost))) report(refusal ?? suspicion);
    if (taken < ENOUGH) {
      timer = setTimeout(() => void probe(suspicion), everyMs);
      return;
    }
    if (reported.size > 0) onRecovered({ afterMs: Math.round(performance.now() - since) });
    since = undefined;
    reported.clear();
  };

  return {
    onError(error) {
      if (closed) return;
      if (error instanceof PrimaryReplaced) reportReplaced(error);
      if (classifyTrouble(error) !== undefined) report(error);
      if (since !== undefined) return;
      since = performance.now();
      taken = 0;
      void probe(error);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The error of a test write, if any. */
export async function tryWrite(url: string, key: string): Promise<Error | undefined> {
  let fault: Error | undefined;
  const redis = connectRedis(url, 'probe', (error) => {
    fault = error;
  });
  try {
    await redis.set(key, '1', 'PX', 1000);
    return undefined;
  } catch (error) {
    return fault ?? (error as Error);
  } finally {
    redis.disconnect();
  }
}
