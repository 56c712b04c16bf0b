import { createBoundedRead } from './bounded-read.ts';
import type { Instruments } from './register.ts';
import { QUEUE_STATES, type SOURCE_NAMES, type Sources } from './sources.ts';

export interface ClusterGauges {
  /** Reads the sources and sets the gauges. A source without an answer is counted, and its gauges are emptied: no figure is better than an old one. */
  refresh(): Promise<void>;
}

type Gauges = Pick<Instruments, 'inFlight' | 'queueJobs' | 'queueOldest' | 'scrapeErrors'>;

export function createClusterGauges(gauges: Gauges, sources: Sources, boundMs: number): ClusterGauges {
  const readInFlight = createBoundedRead(() => sources.inFlight(), boundMs);
  const readQueues = createBoundedRead(() => sources.queues(), boundMs);
  const failed = (source: (typeof SOURCE_NAMES)[number]) => gauges.scrapeErrors.inc({ source });

  return {
    refresh: async () => {
      const [inFlight, queues] = await Promise.all([readInFlight(), readQueues()]);

      gauges.inFlight.remove();
      if (inFlight === undefined) failed('in_flight');
      else gauges.inFlight.set(inFlight);

      gauges.queueJobs.reset();
      gauges.queueOldest.reset();
      if (queues === undefined) failed('queues');
      for (const { queue, counts, oldestAgeSeconds } of queues ?? []) {
        for (const state of QUEUE_STATES) gauges.queueJobs.set({ queue, state }, counts[state]);
        gauges.queueOldest.set({ queue }, oldestAgeSeconds);
      }
    },
  };
}
