import { z } from 'zod';
import { hash } from '../../alert/id.ts';
import { epochMs } from '../../alert/parse/read-moment.ts';
import { SEVERITIES } from '../../alert/severity.ts';
import { fillTemplate } from '../../alert/text.ts';
import type { Notice } from '../../channel/channel.ts';
import type { Config } from '../../config/config.ts';
import { type AlertSubject, deadlineOf } from '../routing/alert-stages.ts';
import type { Recipient } from '../routing/recipients.ts';

/** One escalation step for one channel, as it waits on the queue `sms-notices`. Times are ms since the epoch. */
export const waitingNoticeSchema = z.object({
  id: z.string(),
  alertId: z.string(),
  /** Replaces the dedup key in Redis key names. */
  dedupHash: z.string(),
  channel: z.string(),
  severity: z.enum(SEVERITIES),
  route: z.string(),
  text: z.string(),
  source: z.string().optional(),
  instance: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  receivedAt: epochMs,
  /** When its step is due. */
  dueAt: epochMs,
  /** Deadline for retries. */
  expiresAt: epochMs,
  step: z.int(),
  steps: z.int(),
  contacts: z.array(z.string()),
  progress: z.object({ remaining: z.array(z.string()), refused: z.array(z.string()), accepted: z.int() }).optional(),
});

export type WaitingNotice = z.output<typeof waitingNoticeSchema> & Notice;

/** How long a notice is retried: older news is not worth sending. */
export const NOTICE_LIFE_MS = 3_600_000;

/** Composes the channel notices of an alert in the order of its steps; the ids are the same for every run of the alert. */
export function composeNotices(
  { id, alert, policy, dedupHash, receivedAt, replayedAt = receivedAt }: AlertSubject,
  recipients: readonly Recipient[],
  templates: Config['templates'],
): WaitingNotice[] {
  const { ladder = [], expiresAfterMs, route } = policy;
  const { severity, source, instance, labels } = alert;
  const shared = {
    alertId: id,
    dedupHash,
    severity,
    route,
    text: textOf(alert, templates),
    ...(source === undefined ? {} : { source }),
    ...(instance === undefined ? {} : { instance }),
    labels,
    receivedAt,
    steps: ladder.length,
    contacts: recipients.flatMap(({ contact }) => contact ?? []),
  };
  return ladder.flatMap(({ afterMs, channels }, index) =>
    [...new Set(channels)].map((channel) => ({
      ...shared,
      id: `n-${hash('notice', id, String(index), channel)}`,
      channel,
      step: index + 1,
      dueAt: replayedAt + afterMs,
      expiresAt: deadlineOf(alert, replayedAt, afterMs + Math.min(expiresAfterMs, NOTICE_LIFE_MS), receivedAt),
    })),
  );
}

/** Text for channels. A login code is for its recipient only. */
function textOf({ purpose, text, template }: AlertSubject['alert'], templates: Config['templates']): string {
  if (purpose === 'verification') return 'verification message (content hidden)';
  return text ?? fillTemplate(templates.get(template?.name ?? '')?.text ?? '', template?.params ?? {});
}

/** Restarts the deadline of a notice that an operator replayed. */
export function prolong(notice: WaitingNotice, now: number): WaitingNotice {
  return { ...notice, expiresAt: Math.max(notice.expiresAt, now + NOTICE_LIFE_MS) };
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/** Delay after a number of failed tries: doubled each time up to five minutes, with 50 % jitter. */
export function pauseMs(tries: number, random: number): number {
  return Math.round(Math.min(FIRST_PAUSE_MS * 2 ** (Math.max(1, tries) - 1), LONGEST_PAUSE_MS) * (0.5 + random));
}
