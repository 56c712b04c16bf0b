import type { Job } from 'bullmq';
import { maskNumbers } from '../../alert/phone.ts';
import { inSpan } from '../../tracing/span.ts';
import { carriedIn } from '../../tracing/traceparent.ts';
import type { JobMove } from './settle.ts';

/**
 * One run of a job, in the trace that the job was put on its queue in, however much later. A run after a delay is the
 * next child of the same send, so that one trace tells of all of them: `sms.job.run` counts them.
 */
export function inJobSpan(queue: string, job: Job, run: () => Promise<JobMove>): Promise<JobMove> {
  const start = {
    kind: 'consumer',
    name: `process ${queue}`,
    from: carriedIn(job.opts.telemetry?.metadata) ?? 'none',
    facts: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue,
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      // Other producers choose their own, and some choose a phone number.
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
