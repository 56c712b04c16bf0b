import type { Redis } from '../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS } from '../redis/keys.ts';
import type { Seen } from './records.ts';

/** An alert whose job has just been added to its queue. */
export interface AcceptedAlert {
  readonly id: string;
  readonly summary: Seen;
  /** Job data, used to add the job again if Redis loses it. */
  readonly job: unknown;
}

/** The ledger's first entry for an alert, written by its producer. Every method rejects when Redis fails. */
export interface Acceptance {
  /**
   * Stores the ids and lists the alerts as pending, in one round trip. Must be called after the jobs were added: an id
   * stored without its job would be a lost alert. The pending entry is due immediately, because the job exists.
   * @returns for each alert whether its id was already known
   */
  remember(alerts: readonly AcceptedAlert[]): Promise<boolean[]>;
  /** Whether the alert ended because its data was malformed. */
  wasMalformed(alertId: string): Promise<boolean>;
  /** Whether a router has recorded an outcome of the alert. */
  isRouted(alertId: string): Promise<boolean>;
}

export function createAcceptance(redis: Redis, keys: Keys): Acceptance {
  return {
    async remember(alerts) {
      const answers = await redis
        .pipeline([
          ...alerts.map(({ id, summary }) => ['set', keys.seen(id), JSON.stringify(summary), 'PX', LEDGER_TTL_MS, 'NX']),
          ...alerts.map(({ id, job }) => ['set', keys.pendingJob(id), JSON.stringify(job), 'PX', LEDGER_TTL_MS, 'NX']),
          ['zadd', keys.pendingAlerts(), 'NX', ...alerts.flatMap(({ id }) => [0, id])],
          ['pexpire', keys.pendingAlerts(), LEDGER_TTL_MS],
        ])
        .exec();
      return (answers ?? []).slice(0, alerts.length).map(([error, answer]) => {
        if (error !== null) throw error;
        return answer === null;
      });
    },
    wasMalformed: async (alertId) => (await redis.hget(keys.alert(alertId), 'outcome')) === 'malformed',
    isRouted: async (alertId) => (await redis.exists(keys.alert(alertId))) === 1,
  };
}
