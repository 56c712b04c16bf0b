import { type Job, type JobJson, Worker } from 'bullmq';
import { Unreadable } from '../alert/parse-alert.ts';

/**
 * Stock BullMQ throws on job data that is not JSON before it has a job that it could fail: the job stalls and comes
 * back for ever. This one hands such a job to the processor, which fails it with a reason.
 */
export class ReadableWorker extends Worker {
  protected override createJob(data: JobJson, jobId: string): Job {
    try {
      return super.createJob(data, jobId);
    } catch (error) {
      const job = super.createJob({ ...data, data: '{}' }, jobId);
      job.data = new Unreadable(`the job data is not JSON: ${error instanceof Error ? error.message : String(error)}`);
      return job;
    }
  }
}
