import { type BulkJobOptions, type Job, type JobsOptions, Queue } from 'bullmq';
import { carryTrace } from '../tracing/carry.ts';
import { inSpan, type SpanStart } from '../tracing/span.ts';

interface BulkJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: BulkJobOptions;
}

/**
 * A queue whose jobs take the trace along that they are put on it in. BullMQ's own telemetry would do so too, and would
 * besides record each idle poll and each renewal of locks as a trace of its own, job ids that foreign producers choose,
 * and the words of errors.
 */
export class TracedQueue extends Queue {
  override add(name: string, data: unknown, opts?: JobsOptions): Promise<Job> {
    return inSpan(sending(this.name), () => super.add(name, data, { ...opts, ...carryTrace() }));
  }

  override addBulk(jobs: BulkJob[]): Promise<Job[]> {
    return inSpan(sending(this.name, jobs.length), () => {
      const carried = carryTrace();
      return super.addBulk(jobs.map(({ name, data, opts }) => ({ name, data, opts: { ...opts, ...carried } })));
    });
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
