import { z } from 'zod';
import { formatPath } from '../alert/parse-alert.ts';
import { HttpProblem } from './problem.ts';

/** What both formats have around their alerts. Unknown members are let through: senders add some in every version. */
const envelopeSchema = z.object({
  receiver: z.string().catch(''),
  alerts: z.array(z.unknown(), { error: 'not a list of alerts' }),
  truncatedAlerts: z.number().catch(0),
  orgId: z.union([z.number(), z.string()]).optional().catch(undefined),
});

export type WebhookEnvelope = z.output<typeof envelopeSchema>;

/** @throws {HttpProblem} `invalid-request` when there is no list of alerts, as with a payload template of one's own. */
export function parseEnvelope(payload: unknown, sender: string): WebhookEnvelope {
  const parsed = envelopeSchema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new HttpProblem('invalid-request', {
    detail: `This is not the webhook payload of ${sender}; anything else goes to POST /v1/alerts.`,
    members: { errors: parsed.error.issues.map(({ path, message }) => ({ path: formatPath(path), message })) },
  });
}
