import type { Message } from '../../src/pipeline/message.ts';
import type { DigestDesk } from './digest-desk.ts';

export interface Sent {
  readonly at: number;
  readonly text: string;
}

/** Raises alerts at their times and runs every job when it is due, until nothing is left to do. The desk's clock is moved. */
export async function runForHours(desk: DigestDesk, raised: readonly { readonly atMs: number; readonly over: Partial<Message> }[]) {
  const start = desk.clock.at;
  const messages: Message[] = [];
  const jobs = new Map<string, { message: Message; at: number; rerun: boolean }>();
  const known = new Set<string>();
  const alerts = raised.toSorted((a, b) => a.atMs - b.atMs);
  const step = async (id: string, message: Message, rerun: boolean) => {
    const outcome = await desk.run(message, rerun);
    if (outcome.kind === 'deferred' || outcome.kind === 'retry') jobs.set(id, { message, at: outcome.until.getTime(), rerun: true });
    else jobs.delete(id);
    for (const [digestId, waits] of desk.waiting) {
      if (known.has(digestId)) continue;
      known.add(digestId);
      jobs.set(digestId, { message: waits.message, at: waits.until, rerun: true });
    }
    for (const woken of desk.woken.splice(0)) {
      const job = jobs.get(woken);
      if (job !== undefined) jobs.set(woken, { ...job, at: desk.clock.at });
    }
  };
  for (let next = alerts.shift(); next !== undefined || jobs.size > 0; ) {
    const [id, job] = [...jobs].toSorted(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (next !== undefined && (job === undefined || start + next.atMs <= job.at)) {
      desk.clock.at = Math.max(desk.clock.at, start + next.atMs);
      const message = await desk.admit(desk.message({ overflow: 'digest', ...next.over }));
      messages.push(message);
      await step(message.id, message, false);
      next = alerts.shift();
    } else if (id !== undefined && job !== undefined) {
      desk.clock.at = Math.max(desk.clock.at, job.at);
      await step(id, job.message, job.rerun);
    }
  }
  return messages;
}

/** The most texts in any stretch of so long. */
export function mostWithin(sent: readonly Sent[], ms: number): number {
  const times = sent.map(({ at }) => at).toSorted((a, b) => a - b);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at - from < ms).length));
}
