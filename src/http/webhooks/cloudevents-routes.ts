import type { FastifyInstance } from 'fastify';
import { showValue } from '../../alert/parse/describe-issues.ts';
import { MAX_ALERTS } from '../alerts/alert-routes.ts';
import { HttpProblem } from '../server/problem.ts';
import { type CarriedEvents, carriedEvents, placeIssue, readCloudEvent } from './cloudevents.ts';
import { type Intake, takeIn, webhookRecipients } from './webhook-intake.ts';
import { type WebhookDeps, webhookOptions } from './webhook-routes.ts';

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection */
function handshake(app: FastifyInstance): void {
  app.options(ROUTE, { config: { openToAll: true } }, async ({ headers }, reply) => {
    reply.header('allow', 'POST, OPTIONS');
    const origin = headers['webhook-request-origin'];
    if (origin === undefined) return reply.code(204).send();
    if (typeof origin !== 'string' || !ORIGIN.test(origin)) {
      throw new HttpProblem('invalid-request', { detail: `WebHook-Request-Origin must be a host name, got ${showValue(origin)}.` });
    }
    // Granted to every sender, because each delivery needs a token, or is local; a callback URL is never called.
    return reply.code(200).header('webhook-allowed-origin', origin).header('webhook-allowed-rate', '*').send();
  });
}

const ORIGIN = /^(?:https?:\/\/)?[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?$/;

const ROUTE = '/v1/webhooks/cloudevents';

/**
 * Adds `POST /v1/webhooks/cloudevents`: CloudEvents 1.0, single or in batches, each with an alert as its data. Answers like
 * `POST /v1/alerts`. A caller with `Prefer: reply`, as Knative brokers, gets no body: it expects an event in it and
 * fails the delivery otherwise.
 * https://github.com/knative/specs/blob/main/specs/eventing/data-plane.md
 */
export function cloudEventRoutes(app: FastifyInstance, { config, producer, counts, now, logger }: WebhookDeps): void {
  handshake(app);
  app.post<{ Querystring: Readonly<Record<string, unknown>> }>(
    ROUTE,
    webhookOptions('cloudevents', counts),
    async ({ query, headers, body }, reply) => {
      const to = webhookRecipients(query, config, { now });
      const carried = carriedEvents(headers, body);
      if (carried.events.length > MAX_ALERTS) {
        throw new HttpProblem('too-many-alerts', { detail: `${carried.events.length} events; send at most ${MAX_ALERTS} in one batch.` });
      }
      const verdicts = await takeIn(readAll(carried, to), {
        webhook: 'cloudevents',
        route: ROUTE,
        producer: inData(producer),
        counts,
        logger,
      });
      if (carried.mode !== 'batched') reply.header('location', `/v1/alerts/${verdicts.accepted[0]?.id}`);
      reply.code(202);
      return /\breply\b/i.test(String(headers.prefer ?? '')) ? reply.send() : reply.send(verdicts);
    },
  );
}

function readAll({ mode, events }: CarriedEvents, to: readonly string[]): Intake {
  const read = events.map((event, index) => ({ index, ...readCloudEvent(event, { to }) }));
  return {
    alerts: read.flatMap((event) => (event.ok ? [{ index: event.index, alert: event.alert }] : [])),
    rejected: read.flatMap((event) =>
      event.ok ? [] : [{ index: event.index, reason: 'invalid' as const, errors: event.issues.map((issue) => placeIssue(issue, mode)) }],
    ),
  };
}

/** Prefixes the paths of the producer's issues with their place in the event. */
function inData(producer: WebhookDeps['producer']): WebhookDeps['producer'] {
  return {
    enqueueMany: async (alerts) =>
      (await producer.enqueueMany(alerts)).map((result) =>
        result.ok ? result : { ...result, issues: result.issues.map(({ path, message }) => ({ path: dataPath(path), message })) },
      ),
  };
}

function dataPath(path: string): string {
  return path === '' ? 'data' : `data.${path}`;
}
