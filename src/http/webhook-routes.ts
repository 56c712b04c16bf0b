import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import type { KnownNames } from '../pipeline/directory.ts';
import type { Producer } from '../queue/producer-port.ts';
import { alertsFromAlertmanager } from './alerts-from-alertmanager.ts';
import { alertsFromGrafana } from './alerts-from-grafana.ts';
import { HttpProblem } from './problem.ts';
import { takeIn } from './webhook-intake.ts';
import { webhookRecipients } from './webhook-recipients.ts';

const READERS = {
  '/v1/webhooks/alertmanager': alertsFromAlertmanager,
  '/v1/webhooks/grafana': alertsFromGrafana,
};

export interface WebhookDeps {
  readonly config: Pick<Config, 'http'> & KnownNames;
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly logger: Logger;
}

/**
 * `POST /v1/webhooks/alertmanager` and `/grafana`.
 *
 * Both senders read a status like this: 2xx, done; 5xx, try again at once, with back-off; anything else, give up until
 * the group is flushed again. So a call is answered 200 when at least one of its alerts is safely in Redis, because a
 * refusal would lose the good ones with the bad; 503 when Redis is away; and 400 when nothing could be taken, because
 * then nothing is lost by it, the sender's own failure metrics tell, and it tries again minutes later, by when the
 * fault may be mended, instead of at its repeat interval.
 */
export function webhookRoutes(app: FastifyInstance, { config, producer, logger }: WebhookDeps): void {
  for (const [url, read] of Object.entries(READERS)) {
    app.post<{ Querystring: { to?: unknown } }>(url, { config: { dropsOnRefusal: true } }, async ({ query, body }) => {
      const to = webhookRecipients(query.to, config);
      if (to.length === 0) {
        throw new HttpProblem('invalid-request', {
          detail: 'Nobody to text: add ?to=group:<name> to the URL, or set webhooks.to in the config.',
        });
      }
      const { truncated, ...intake } = read(body, { to });
      if (truncated > 0) logger.warn({ route: url, truncated }, 'webhook call came without all its alerts: raise the limit of its sender');
      return takeIn(intake, { route: url, producer, logger });
    });
  }
}
