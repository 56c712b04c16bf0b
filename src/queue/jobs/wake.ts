import { ErrorCode, type Queue } from 'bullmq';

/** Lets delayed messages run now, so that each finds out for itself what has changed; others are left alone. */
export async function wakeMessages(messages: Queue, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => wake(messages, id)));
}

async function wake(messages: Queue, id: string): Promise<void> {
  const job = await messages.getJob(id);
  try {
    await job?.promote();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== ErrorCode.JobNotInState && code !== ErrorCode.JobNotExist) throw error;
  }
}
