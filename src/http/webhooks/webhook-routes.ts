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

/** In bytes. A group of 1,000 usual alerts of Kubernetes takes 1.3 MB. */
export const WEBHOOK_BODY_LIMIT = 16 * 1024 * 1024;

/**
 * What all routes of webhooks have. Their senders give up a call that is refused, and send a larger one after it: so they may
 * send much, and a call that is refused as a whole is counted.
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
 * `POST /v1/webhooks/alertmanager`, `/grafana` and `/hertzbeat`.
 *
 * Senders read a status like this: 2xx, done; 5xx, try again immediately, with back-off; anything else, give up until
 * the group is flushed again. So a call is answered 200 when at least one of its alerts is safely in Redis, because a
 * refusal would lose the good ones with the bad; 503 when Redis is away; and 400 when nothing could be taken, because
 * then nothing is lost by it, the sender's own failure metrics tell, and it tries again minutes later, by when the
 * fault may be corrected, instead of at its repeat interval.
 */
export function webhookRoutes(app: FastifyInstance, { config, producer, counts, now, logger }: WebhookDeps): void {
  for (const [name, read] of Object.entries(READERS)) {
    const webhook = name as keyof typeof READERS;
    const route = `/v1/webhooks/${webhook}`;
    app.post<{ Querystring: Readonly<Record<string, unknown>> }>(route, webhookOptions(webhook, counts), async ({ query, body }) => {
      const to = webhookRecipients(query, config, { now });
      if (to.length === 0) {
        throw new HttpProblem('invalid-request', {
          detail: 'Nobody to text: add ?to=group:<name> to the URL, or set webhooks.to in the config.',
        });
      }
      const { left, unknownSeverities, ...intake } = read(body, { to, severityWords: config.severityWords });
      counts.unknownSeverities(webhook, unknownSeverities);
      counts.refused(webhook, 'truncated', left.bySender);
      counts.refused(webhook, 'over_limit', left.byUs);
      if (left.bySender > 0) {
        const hint = 'raise max_alerts of its sender, or group by more labels';
        logger.warn({ route, truncated: left.bySender, hint }, 'webhook call came without all its alerts');
      }
      return takeIn(intake, { webhook, route, producer, counts, logger });
    });
  }
}
