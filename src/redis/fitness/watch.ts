import { ConnectionLost, connectRedis, PrimaryReplaced, redactUrl } from '../connect.ts';
import { classifyTrouble } from './trouble.ts';

/** What an operator is told. */
export interface RedisWatchLog {
  /** Redis does not serve, or now for another reason than before. */
  onTrouble(trouble: { readonly problem: string; readonly remedy: string; readonly said: string }): void;
  onWell(recovered: { readonly afterMs: number }): void;
  /** Connections to a server that is no longer the primary were dropped; once a failover. */
  onReplaced(failover: { readonly server: string }): void;
}

export interface RedisWatch {
  /** Takes every fault of every connection; tells each trouble once, from its first sign to the recovery. */
  hear(error: Error): void;
  close(): void;
}

export interface RedisWatchOptions extends RedisWatchLog {
  readonly url: string;
  /** Written to, with a TTL, to find out whether Redis takes writes again. */
  readonly key: string;
  readonly everyMs?: number;
}

/** Redis takes this many writes in a row before it counts as well: one that is full to the brim takes some. */
const ENOUGH = 2;
/** A client that is led back to the old server within this time has met no second failover. */
const SAME_FAILOVER_MS = 60_000;

/**
 * Turns what many connections report into two lines an outage: Redis does not serve and why, and it serves again. While
 * there is trouble, and only then, it tries a write now and then.
 */
export function createRedisWatch({ url, key, everyMs = 500, onTrouble, onWell, onReplaced }: RedisWatchOptions): RedisWatch {
  const where = redactUrl(url);
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let taken = 0;
  const told = new Set<string>();

  const tell = (error: Error) => {
    const trouble = classifyTrouble(error);
    const kind = trouble?.kind ?? 'away';
    // A lost connection is how most troubles begin and end: it says nothing new.
    if (told.has(kind) || (kind === 'away' && told.size > 0)) return;
    told.add(kind);
    const { problem, remedy } = trouble ?? {
      problem: 'cannot be reached',
      remedy: 'start it, or mend the way to it; nothing is lost meanwhile, and all goes on by itself',
    };
    onTrouble({ problem: `Redis at ${where} ${problem}`, remedy, said: error.message });
  };

  const replacedAt = new Map<string, number>();
  const tellReplaced = ({ server }: PrimaryReplaced) => {
    const last = replacedAt.get(server) ?? Number.NEGATIVE_INFINITY;
    replacedAt.set(server, performance.now());
    if (performance.now() - last > SAME_FAILOVER_MS) onReplaced({ server });
  };

  const probe = async (suspicion: Error) => {
    const refusal = await tryWrite(url, key);
    if (closed || since === undefined) return;
    taken = refusal === undefined ? taken + 1 : 0;
    // How a connection was lost says less than why there is no other, unless there is.
    if (refusal !== undefined || (told.size === 0 && !(suspicion instanceof ConnectionLost))) tell(refusal ?? suspicion);
    if (taken < ENOUGH) {
      timer = setTimeout(() => void probe(suspicion), everyMs);
      return;
    }
    if (told.size > 0) onWell({ afterMs: Math.round(performance.now() - since) });
    since = undefined;
    told.clear();
  };

  return {
    hear(error) {
      if (closed) return;
      if (error instanceof PrimaryReplaced) tellReplaced(error);
      if (classifyTrouble(error) !== undefined) tell(error);
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

/** What Redis has against a write now, if anything. */
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
