import type { FastifyInstance } from 'fastify';
import { AlertError, parseAlert } from '../alert/parse-alert.ts';
import { maskNumbers } from '../alert/phone.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { directoryOf, type KnownNames } from '../pipeline/directory.ts';
import type { Producer } from '../queue/producer-port.ts';
import { alertsFromAlertmanager } from './alerts-from-alertmanager.ts';
import { alertsFromGrafana } from './alerts-from-grafana.ts';
import { HttpProblem } from './problem.ts';
import { type RejectedAlert, summarise, toVerdicts, type Verdicts } from './verdicts.ts';

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
      const to = recipients(query.to, config);
      const { alerts, rejected, truncated } = read(body, { to });
      const results = alerts.length === 0 ? [] : await producer.enqueueMany(alerts.map(({ alert }) => alert));
      const verdicts = toVerdicts(
        results,
        alerts.map(({ index }) => index),
      );
      const answer: Verdicts = { accepted: verdicts.accepted, rejected: inOrder([...rejected, ...verdicts.rejected]) };
      if (truncated > 0) logger.warn({ route: url, truncated }, 'webhook call came without all its alerts: raise the limit of its sender');
      if (answer.rejected.length > 0) {
        logger.error({ route: url, accepted: answer.accepted.length, rejected: printable(answer.rejected) }, 'webhook alerts refused');
        if (answer.accepted.length === 0) throw new HttpProblem('all-rejected', { detail: summarise(answer), members: { ...answer } });
      }
      return answer;
    });
  }
}

/** From the query, else from the config; checked once, so that a slip in the sender's URL is told for what it is. */
function recipients(query: unknown, config: WebhookDeps['config']): readonly string[] {
  // A plus sign that was not escaped arrives as a space.
  const asked = [query].flat().flatMap((entry) => (typeof entry === 'string' && entry !== '' ? [entry.replace(/^ /, '+')] : []));
  const to = asked.length > 0 ? asked : config.http.webhookTo;
  if (to.length === 0) {
    throw new HttpProblem('invalid-request', {
      detail: 'Nobody to text: add ?to=group:<name> to the URL, or set webhooks.to in the config.',
    });
  }
  try {
    parseAlert({ severity: 'critical', text: 'recipients only', to }, directoryOf(config, systemClock));
    return to;
  } catch (error) {
    if (!(error instanceof AlertError)) throw error;
    throw new HttpProblem('invalid-request', { detail: `Recipients: ${error.message}`, members: { errors: error.issues } });
  }
}

function inOrder(rejected: readonly RejectedAlert[]): readonly RejectedAlert[] {
  return rejected.toSorted((a, b) => a.index - b.index);
}

function printable(rejected: readonly RejectedAlert[]): { index: number; errors: string[] }[] {
  return rejected.map(({ index, errors }) => ({ index, errors: errors.map(({ path, message }) => maskNumbers(`${path}: ${message}`)) }));
}
