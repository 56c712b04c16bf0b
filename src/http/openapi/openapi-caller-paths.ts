import {
  ALERTMANAGER,
  body,
  EVENT,
  GRAFANA,
  HERTZBEAT,
  headerRef,
  INTAKE_PROBLEMS,
  json,
  type Operation,
  OTHER_PROBLEMS,
  type Paths,
  problems,
  type Security,
  VENDOR_PROBLEMS,
} from './openapi-parts.ts';
import { schemaRef } from './openapi-schemas.ts';

const PROVIDER = { name: 'provider', in: 'path', required: true, description: 'A key of providers.', schema: { type: 'string' } };

const TO = {
  name: 'to',
  in: 'query',
  description: 'Recipients: phone numbers, contact:<name>, group:<name>, rotation:<name>. Default: webhooks.to of the config.',
  style: 'form',
  explode: true,
  schema: { type: 'array', items: { type: 'string' } },
};

/** Headers that carry the attributes of an event in binary mode. */
const CE_HEADERS = Object.entries(EVENT)
  .filter(([name]) => name !== 'data')
  .map(([name, value]) => ({ name: `ce-${name}`, in: 'header', schema: { type: 'string' }, example: value }));

const ANYTHING = { schema: {} };

/** Paths that monitoring systems call. */
export function webhookPaths(security: Security): Paths {
  return {
    '/v1/webhooks/alertmanager': { post: webhook('Alertmanager', ALERTMANAGER, security) },
    '/v1/webhooks/grafana': { post: webhook('Grafana', GRAFANA, security) },
    '/v1/webhooks/hertzbeat': { post: webhook('HertzBeat', HERTZBEAT, security) },
    '/v1/webhooks/cloudevents': { post: cloudEvents(security), options: handshake() },
  };
}

/** Paths that providers call. */
export function vendorPaths(): Paths {
  return {
    '/v1/inbound/{provider}': { post: inbound() },
    '/v1/receipts/{provider}': { get: receipts('get'), post: receipts('post') },
  };
}

function webhook(sender: string, example: object, security: Security): Operation {
  return {
    operationId: `webhook${sender}`,
    summary: `Accept the webhook payload of ${sender}: each of its alerts becomes one alert; resolved ones resolve`,
    description:
      'Repeats and copies of an alert count as the same alert. An unreadable optional field is left out; rejected lists what was not accepted. 400 only when no alert was accepted. At most 16 MiB; beyond 2,000 alerts the rest is rejected.',
    security,
    parameters: [TO],
    requestBody: body(
      sender === 'HertzBeat' ? { type: 'object' } : { type: 'object', required: ['alerts'], properties: { alerts: { type: 'array' } } },
      example,
    ),
    responses: { 200: json('Accepted and stored', 'Verdicts'), ...INTAKE_PROBLEMS, ...OTHER_PROBLEMS },
  };
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md */
function cloudEvents(security: Security): Operation {
  const event = { $ref: schemaRef('CloudEvent') };
  return {
    operationId: 'webhookCloudEvents',
    summary: 'Accept CloudEvents 1.0 with an alert as data: one event, a batch of up to 1,000, or one with its attributes in headers',
    description:
      'The same source and id again is the same alert, unless data has its own id. The ce-* headers belong to application/json. A request with `Prefer: reply` gets an empty response body.',
    security,
    parameters: [TO, ...CE_HEADERS],
    requestBody: {
      required: true,
      content: {
        'application/cloudevents+json': { schema: event, example: EVENT },
        'application/cloudevents-batch+json': { schema: { type: 'array', maxItems: 1000, items: event }, example: [EVENT] },
        'application/json': { schema: { type: 'object', description: 'The alert.' }, example: EVENT.data },
      },
    },
    responses: { 202: json('Accepted and stored', 'Verdicts', ['Location']), ...INTAKE_PROBLEMS, ...OTHER_PROBLEMS },
  };
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection */
function handshake(): Operation {
  const header = { schema: { type: 'string' } };
  return {
    operationId: 'webhookCloudEventsHandshake',
    summary: 'Ask whether a sender may deliver events; granted to every origin at any rate, because each delivery needs a token',
    security: [],
    parameters: [
      {
        name: 'WebHook-Request-Origin',
        in: 'header',
        description: 'The host name of the sender.',
        schema: { type: 'string' },
        example: 'events.example.com',
      },
      { name: 'WebHook-Request-Rate', in: 'header', description: 'Events per minute; ignored.', schema: { type: 'string' } },
    ],
    responses: {
      200: {
        description: 'Granted',
        headers: { Allow: headerRef('Allow'), 'WebHook-Allowed-Origin': header, 'WebHook-Allowed-Rate': header },
      },
      204: { description: 'The request has no WebHook-Request-Origin', headers: { Allow: headerRef('Allow') } },
      ...problems([400]),
      ...OTHER_PROBLEMS,
    },
  };
}

/** Receipts: each vendor has its own format, and authenticates by a signature or by `?token=`. */
function receipts(method: 'get' | 'post'): Operation {
  const content = { 'application/x-www-form-urlencoded': ANYTHING, 'application/json': ANYTHING, 'text/plain': ANYTHING };
  return {
    operationId: `${method}Receipts`,
    summary: "Accept a provider's delivery receipts, in its own format",
    description: 'Verified, queued, and answered as the vendor expects. Each vendor uses one method; the other answers 405.',
    security: [],
    parameters: [PROVIDER],
    ...(method === 'get' ? {} : { requestBody: { content } }),
    responses: {
      200: { description: 'Accepted and stored', content: { 'application/json': { schema: { type: 'object' } } } },
      ...(method === 'get' ? problems([400, 403, 404, 503]) : VENDOR_PROBLEMS),
      ...problems([405]),
      ...OTHER_PROBLEMS,
    },
  };
}

function inbound(): Operation {
  return {
    operationId: 'postInbound',
    summary: 'Accept an inbound message to one of your numbers, in the format of its provider',
    description: 'Verified, queued, and answered as the vendor expects. STOP and START opt the phone out and in; other texts are replies.',
    security: [],
    parameters: [PROVIDER],
    requestBody: { content: { 'application/x-www-form-urlencoded': ANYTHING } },
    responses: {
      200: { description: 'Accepted and stored', content: { 'text/xml': { schema: { type: 'string' } } } },
      ...VENDOR_PROBLEMS,
      ...OTHER_PROBLEMS,
    },
  };
}
