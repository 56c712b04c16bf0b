import { type BulkJobOptions, type Job, type JobsOptions, Queue, type QueueOptions } from 'bullmq';
import type { Clock } from '../clock.ts';
import { carryTrace } from '../tracing/carry.ts';
import { inSpan, type SpanStart } from '../tracing/span.ts';
import { backendBy } from './worker/redis-time-backend.ts';

interface BulkJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: BulkJobOptions;
}

/**
 * A queue whose jobs take the trace along that they are put on it in. BullMQ's own telemetry would do so too, and would
 * besides record each idle poll and each renewal of locks as a trace of its own, job ids that foreign producers choose,
 * and the words of errors. Jobs are stamped by the given clock.
 */
export class TracedQueue extends Queue {
  readonly #clock: Clock;

  constructor(name: string, options: QueueOptions, clock: Clock) {
    super(name, options, backendBy(clock));
    this.#clock = clock;
  }

  override add(name: string, data: unknown, opts?: JobsOptions): Promise<Job> {
    return inSpan(sending(this.name), () => super.add(name, data, { timestamp: this.#now(), ...opts, ...carryTrace() }));
  }

  override addBulk(jobs: BulkJob[]): Promise<Job[]> {
    return inSpan(sending(this.name, jobs.length), () => {
      const carried = carryTrace();
      const timestamp = this.#now();
      return super.addBulk(jobs.map(({ name, data, opts }) => ({ name, data, opts: { timestamp, ...opts, ...carried } })));
    });
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

/** https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
function sending(queue: string, count?: number): SpanStart {
  return {
    kind: 'producer',
    name: `send ${queue}`,
    facts: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue,
      'messaging.operation.type': 'send',
      'messaging.operation.name': count === undefined ? 'add' : 'addBulk',
      'messaging.batch.message_count': count,
    },
  };
}
