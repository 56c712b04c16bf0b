import type { Message } from '../../src/pipeline/message.ts';
import type { DigestHarness } from './digest-harness.ts';

export interface Sent {
  readonly at: number;
  readonly text: string;
}

/** Raises alerts at their times and runs every job when it is due, until nothing is left to do. The harness's clock is moved. */
export async function runForHours(harness: DigestHarness, raised: readonly { readonly atMs: number; readonly over: Partial<Message> }[]) {
  const start = harness.clock.at;
  const messages: Message[] = [];
  const jobs = new Map<string, { message: Message; at: number; rerun: boolean }>();
  const known = new Set<string>();
  const alerts = raised.toSorted((a, b) => a.atMs - b.atMs);
  const step = async (id: string, message: Message, rerun: boolean) => {
    const outcome = await harness.run(message, rerun);
    if (outcome.kind === 'deferred' || outcome.kind === 'retry') jobs.set(id, { message, at: outcome.until.getTime(), rerun: true });
    else jobs.delete(id);
    for (const [digestId, waits] of harness.waiting) {
      if (known.has(digestId)) continue;
      known.add(digestId);
      jobs.set(digestId, { message: waits.message, at: waits.until, rerun: true });
    }
    for (const woken of harness.woken.splice(0)) {
      const job = jobs.get(woken);
      if (job !== undefined) jobs.set(woken, { ...job, at: harness.clock.at });
    }
  };
  for (let next = alerts.shift(); next !== undefined || jobs.size > 0; ) {
    const [id, job] = [...jobs].toSorted(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (next !== undefined && (job === undefined || start + next.atMs <= job.at)) {
      harness.clock.at = Math.max(harness.clock.at, start + next.atMs);
      const message = await harness.admit(harness.message({ overflow: 'digest', ...next.over }));
      messages.push(message);
      await step(message.id, message, false);
      next = alerts.shift();
    } else if (id !== undefined && job !== undefined) {
      harness.clock.at = Math.max(harness.clock.at, job.at);
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
