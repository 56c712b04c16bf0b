import { setTimeout as pause } from 'node:timers/promises';
import type { ParsedAlert } from '../../alert/alert.ts';
import type { Redis } from '../../redis/connect.ts';
import { CONFIRMED_KEPT_MS, createRecent } from '../../redis/failover/recent.ts';
import { watchServer } from '../../redis/failover/server-change.ts';

/** An alert as it was put on the queue. */
export interface Accepted {
  readonly id: string;
  readonly alert: ParsedAlert;
  readonly receivedAt: number;
}

/** Alerts of the last minute, which a failover may lose although Redis confirmed them. */
export interface KeptAlerts {
  add(alerts: readonly Accepted[]): void;
  /** Looks whether another server takes the writes. */
  look(): void;
  close(): void;
}

export interface KeepAlertsDeps {
  readonly redis: Redis;
  /** One that the connection writes. */
  readonly key: string;
  readonly isRouted: (alertId: string) => Promise<boolean>;
  /** Adds alerts again; those whose job is there stay as they are. */
  readonly again: (lost: readonly Accepted[]) => Promise<unknown>;
  /** Between the looks after a failover. */
  readonly pausesMs?: readonly number[];
}

const PAGE = 200;
/** The second look finds what the old server confirmed after the first one. */
const PAUSES_MS = [0, 3_000];
const RETRY_MS = 1_000;
const RETRIES = 60;

/** Adds alerts again that another server does not know when it takes over the writes. */
export function keepAlerts({ redis, key, isRouted, again, pausesMs = PAUSES_MS }: KeepAlertsDeps): KeptAlerts {
  const recent = createRecent<Accepted>({ keepMs: CONFIRMED_KEPT_MS });
  let closed = false;

  const addMissing = async (): Promise<void> => {
    const alerts = recent.values();
    for (let from = 0; from < alerts.length; from += PAGE) {
      const page = alerts.slice(from, from + PAGE);
      const routed = await Promise.all(page.map(({ id }) => isRouted(id)));
      const missing = page.filter((_, index) => !routed[index]);
      if (missing.length > 0) await again(missing);
    }
  };
  /** A connection of a producer fails while Redis is away, so that the look is repeated. */
  const restore = async (): Promise<void> => {
    for (const wait of pausesMs) {
      await pause(wait, undefined, { ref: false });
      for (let retry = 0; retry < RETRIES && !closed; retry += 1) {
        try {
          await addMissing();
          break;
        } catch {
          await pause(RETRY_MS, undefined, { ref: false });
        }
      }
    }
  };
  const server = watchServer(redis, key, () => void restore());
  return {
    add(alerts) {
      for (const alert of alerts) recent.set(alert.id, alert);
    },
    look: server.look,
    close() {
      closed = true;
      server.close();
    },
  };
}
