import { dedupKeyOf } from '../../alert/dedup-key.ts';
import { dedupHash, storedDedupKey } from '../../alert/id.ts';
import { AlertError, readAlert } from '../../alert/parse/parse-alert.ts';
import { createHistories } from '../../ledger/history/redis-histories.ts';
import { createJournal } from '../../ledger/journal/journal.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import { createLedger } from '../../ledger/redis-ledger.ts';
import { connectRedis } from '../../redis/connect.ts';
import { createKeys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { ALERT_QUEUE } from '../names.ts';
import { openQueue } from '../open-queue.ts';
import type { Episodes } from './producer-port.ts';

/** Most queued alerts that are read; beyond that an unread key counts as open. */
const WAITING = 1000;
/** Journal entries per page, and most pages. */
const PAGE = 1000;
const PAGES = 10;

export function createEpisodes({ redis: url, prefix }: { readonly redis: string; readonly prefix: string }): Episodes {
  const redis = connectRedis(url, 'interactive');
  const keys = createKeys(prefix);
  const ledger = createLedger(redis, keys);
  const histories = createHistories(redis, keys);
  const journal = createJournal(redis, keys);
  const alerts = openQueue(ALERT_QUEUE, redis, prefix);

  /** Alerts in the journal that were not suppressed, newest first. */
  const routed = async function* (): AsyncGenerator<Routed> {
    let before: string | undefined;
    for (let page = 0; page < PAGES; page++) {
      const entries = await withinDeadline(journal.newest(PAGE, before));
      for (const entry of entries) if (isRouted(entry)) yield entry.alert;
      before = entries.at(-1)?.seq;
      if (before === undefined) return;
    }
  };

  /** Whether the newest alert with this key was not resolved. */
  const wasRaised = async (dedupKey: string): Promise<boolean> => {
    for await (const alert of routed()) {
      if (alert.dedupKey !== dedupKey) continue;
      const history = await withinDeadline(histories.alert(alert.id));
      if (history === undefined) return false;
      return (await withinDeadline(ledger.closedBy(dedupHash(dedupKey), Date.parse(history.receivedAt)))) !== 'resolved';
    }
    return false;
  };

  const waits = async (dedupKey: string): Promise<boolean> => {
    // An unreadable job may have this key.
    const jobs = await withinDeadline(alerts.getJobs(['waiting', 'prioritized', 'delayed', 'active'], 0, WAITING - 1)).catch(
      () => undefined,
    );
    if (jobs === undefined) return true;
    const isOfKey = (data: unknown) => {
      const alert = readAlert(data, { strictNumbers: false });
      return !(alert instanceof AlertError) && alert.status === 'firing' && dedupKeyOf(alert) === dedupKey;
    };
    return jobs.length >= WAITING || jobs.some((job) => isOfKey(job?.data));
  };

  return {
    async isOpen(given) {
      const dedupKey = storedDedupKey(given);
      const hashed = dedupHash(dedupKey);
      return (await withinDeadline(ledger.resolveSubscribers.isOpen(hashed))) || (await waits(dedupKey)) || (await wasRaised(dedupKey));
    },
    async recentKeys() {
      const found = new Set<string>();
      for (const entry of await withinDeadline(journal.newest(PAGE))) {
        if (isRouted(entry) && entry.alert.dedupKey !== null) found.add(entry.alert.dedupKey);
      }
      return [...found];
    },
    async close() {
      await alerts.close();
      redis.disconnect();
    },
  };
}

type Routed = Extract<JournalEntry, { kind: 'alert' }>['alert'];

function isRouted(entry: JournalEntry): entry is Extract<JournalEntry, { kind: 'alert' }> {
  return entry.kind === 'alert' && (entry.alert.outcome === 'routed' || entry.alert.outcome === 'acknowledged');
}
