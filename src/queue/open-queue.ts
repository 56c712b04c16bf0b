import type { BulkJobOptions, Job, JobsOptions, Queue, QueueOptions } from 'bullmq';
import type { Clock } from '../clock.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { inSpan, type SpanStart } from '../tracing/span.ts';
import { carryTrace } from '../tracing/traceparent.ts';
import { bullmq } from './bullmq.ts';
import { QUEUE_OPTIONS } from './names.ts';
import { backendBy } from './worker/guarded-scripts.ts';

interface BulkJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: BulkJobOptions;
}

/**
 * A queue whose jobs carry the current trace context. BullMQ's own telemetry does so too, but
 * also records each idle poll and lock renewal as a trace, job ids that foreign producers choose,
 * and error texts. Job timestamps come from the given clock.
 */
class TracedQueue extends bullmq.Queue {
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

/**
 * A queue on one of our connections. Errors reach the caller; BullMQ also emits an 'error'
 * event, which would end the process without a listener.
 */
export function openQueue(name: string, connection: Redis, prefix: string, onError: (error: Error) => void = () => undefined): Queue {
  const queue = new TracedQueue(name, { connection, prefix, ...QUEUE_OPTIONS }, clockOf(connection));
  queue.on('error', onError);
  return queue;
}

/** A queue for reading. Unlike BullMQ's own, opening it writes nothing, so a read-only Redis user can open it. */
export function openQueueToRead(name: string, connection: Redis, prefix: string): Queue {
  const queue = new TracedQueue(name, { connection, prefix, ...QUEUE_OPTIONS, skipMetasUpdate: true }, clockOf(connection));
  queue.on('error', () => undefined);
  return queue;
}
