import type { Journal } from './journal.ts';

/** Of the alerts and messages of which something was heard last, newest first, each once. @param limit entries to look at */
export async function recentIds(journal: Pick<Journal, 'newest'>, limit: number): Promise<string[]> {
  const entries = await journal.newest(limit);
  return [...new Set(entries.flatMap((entry) => (entry.kind === 'alert' ? [entry.alert.id] : [entry.message.id, entry.message.alertId])))];
}
