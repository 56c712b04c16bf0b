/** What was confirmed lately, by its key, so that it can be compared with what another server holds after a failover. */
export interface Recent<T> {
  set(key: string, value: T): void;
  get(key: string): T | undefined;
  delete(key: string): void;
  values(): T[];
}

export interface RecentLimits {
  readonly keepMs: number;
  /** Monotonic time in ms, default `performance.now()`. */
  readonly now?: () => number;
}

/** With more, the oldest are forgotten first. */
const MOST = 20_000;

/** Longer than a server that was replaced goes on confirming writes. */
export const CONFIRMED_KEPT_MS = 60_000;

export function createRecent<T>({ keepMs, now = () => performance.now() }: RecentLimits): Recent<T> {
  /** The oldest first. */
  const entries = new Map<string, { readonly value: T; readonly at: number }>();
  const forgetOld = (): void => {
    for (const [key, { at }] of entries) {
      if (entries.size <= MOST && now() - at <= keepMs) return;
      entries.delete(key);
    }
  };
  return {
    set(key, value) {
      entries.delete(key);
      entries.set(key, { value, at: now() });
      forgetOld();
    },
    get(key) {
      forgetOld();
      return entries.get(key)?.value;
    },
    delete: (key) => void entries.delete(key),
    values() {
      forgetOld();
      return [...entries.values()].map(({ value }) => value);
    },
  };
}
