import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../logger.ts';
import type { Webhook } from '../../pipeline/observer.ts';
import type { KnownNames } from '../../pipeline/routing/directory.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import { HttpProblem } from '../server/problem.ts';
import { alertsFromAlertmanager } from './alerts-from-alertmanager.ts';
import { alertsFromGrafana } from './alerts-from-grafana.ts';
import { alertsFromHertzBeat } from './alerts-from-hertzbeat.ts';
import { takeIn, type WebhookCounts, webhookRecipients } from './webhook-intake.ts';

const READERS = {
  alertmanager: alertsFromAlertmanager,
  grafana: alertsFromGrafana,
  hertzbeat: alertsFromHertzBeat,
};

export interface WebhookDeps {
  readonly config: Pick<Config, 'http'> & KnownNames;
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly counts: WebhookCounts;
  readonly now: () => Date;
  readonly logger: Logger;
}

/** In bytes. A group of 1,000 typical Kubernetes alerts takes 1.3 MB. */
export const WEBHOOK_BODY_LIMIT = 16 * 1024 * 1024;

/**
 * Options of all webhook routes. Senders drop a rejected call and send a larger one later: so the size limit is high, and a call
 * that is rejected as a whole is counted.
 */
export function webhookOptions(
  webhook: Webhook,
  counts: WebhookCounts,
): Pick<RouteShorthandOptions, 'bodyLimit' | 'config' | 'onResponse'> {
  return {
    bodyLimit: WEBHOOK_BODY_LIMIT,
    config: { dropsOnRefusal: true, repairsJson: webhook === 'hertzbeat' },
    onResponse: async ({ problem }: FastifyRequest, { statusCode }: FastifyReply) => {
      const refused = statusCode >= 400 && statusCode < 500 && problem?.kind !== 'all-rejected';
      if (refused) counts.refused(webhook, 'call', 1);
    },
  };
}

/**
 * Adds `POST /v1/webhooks/alertmanager`, `/grafana` and `/hertzbeat`.
 *
 * Senders interpret the status like this: 2xx, done; 5xx, retry with back-off; anything else, give up until the group is flushed
 * again. So a call is answered 200 when at least one of its alerts is stored in Redis, because a rejection would lose the
 * valid alerts with the invalid ones; 503 when Redis is down; and 400 when nothing could be accepted, because
 * then nothing is lost, the sender's own failure metrics show it, and the sender tries again minutes later instead of at its
 * repeat interval.
 */
export function webhookRoutes(app: FastifyInstance, { config, producer, counts, now, logger }: WebhookDeps): void {
  for (const [name, read] of Object.entries(READERS)) {
    const webhook = name as keyof typeof READERS;
    const route = `/v1/webhooks/${webhook}`;
    app.post<{ Querystring: Readonly<Record<string, unknown>> }>(route, webhookOptions(webhook, counts), async ({ query, body }) => {
      const to = webhookRecipients(query, config, { now });
      if (to.length === 0) {
        throw new HttpProblem('invalid-request', {
          detail: 'No recipients: add ?to=group:<name> to the URL, or set webhooks.to in the config.',
        });
      }
      const { left, unknownSeverities, ...intake } = read(body, { to, severityWords: config.severityWords });
      counts.unknownSeverities(webhook, unknownSeverities);
      counts.refused(webhook, 'truncated', left.bySender);
      counts.refused(webhook, 'over_limit', left.byUs);
      if (left.bySender > 0) {
        const hint = 'raise max_alerts in the sender, or group by more labels';
        logger.warn({ route, truncated: left.bySender, hint }, 'webhook call was truncated by its sender');
      }
      return takeIn(intake, { webhook, route, producer, counts, logger });
    });
  }
}
