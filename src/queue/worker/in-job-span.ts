import type { Job } from 'bullmq';
import { maskNumbers } from '../../alert/phone/phone.ts';
import { inSpan, isTracing } from '../../tracing/span.ts';
import { carriedIn } from '../../tracing/traceparent.ts';
import type { JobMove } from './settle.ts';

/**
 * Wraps one run of a job in a span of the trace in which the job was added. A run after a delay is the
 * next child of the same span, so one trace shows all runs; `sms.job.run` numbers them.
 */
export function inJobSpan(queue: string, job: Job, run: () => Promise<JobMove>): Promise<JobMove> {
  if (!isTracing()) return run();
  const start = {
    kind: 'consumer',
    name: `process ${queue}`,
    from: carriedIn(job.opts.telemetry?.metadata) ?? 'none',
    facts: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue,
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      // Other producers choose their own job ids, and some use a phone number.
      'messaging.message.id': maskNumbers(String(job.id)),
      'sms.job.run': job.attemptsStarted,
    },
  } as const;
  return inSpan(start, async (note) => {
    const move = await run();
    note({ 'sms.job.move': move.kind, 'error.type': move.kind === 'failed' ? 'dead' : undefined });
    return move;
  });
}
