import { LOOKUP_QUEUE, QUEUES } from '../../src/queue/names.ts';
import { metrics } from '../support/system.ts';
import { until } from '../support/until.ts';

/** A look-up that waits for its time is no text that does. */
const TEXTED = QUEUES.filter((queue) => queue !== LOOKUP_QUEUE);
const UNDER_WAY = ['waiting', 'prioritized', 'active'];

/**
 * Waits until no queue has work that could be done now: twice in a row, because one scrape reads the queues one after
 * the other and a job may step from one to the next in between. Deferred jobs may stay when `deferred` says how many.
 */
export async function rest(url: string, { deferred = 0, deadlineMs = 30_000 } = {}): Promise<void> {
  let quiet = 0;
  await until(
    async () => {
      const scrape = await metrics(url);
      const jobs = (state: string, queues: readonly string[] = QUEUES) =>
        queues.map((queue) => scrape.get(`sms_queue_jobs{queue="${queue}",state="${state}"}`) ?? Number.NaN);
      const busy = UNDER_WAY.flatMap((state) => jobs(state)).reduce((sum, count) => sum + count, 0);
      const delayed = jobs('delayed', TEXTED).reduce((sum, count) => sum + count, 0);
      quiet = busy === 0 && delayed === deferred ? quiet + 1 : 0;
      if (quiet < 2) throw new Error(`${busy} job(s) under way, ${delayed} delayed`);
      return true;
    },
    deadlineMs,
    50,
  );
}
