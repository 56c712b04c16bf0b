import { SEVERITIES } from '../../alert/severity.ts';
import type { HttpConfig } from '../../config/config.ts';
import { MESSAGE_STATES } from '../../ledger/history/trace.ts';
import { LIST_LIMIT, LIST_PARAMETERS, LISTED_OUTCOMES, LISTED_REASONS } from '../alerts/list-routes.ts';
import { vendorPaths, webhookPaths } from './openapi-caller-paths.ts';
import {
  ACKNOWLEDGE,
  ALERT,
  body,
  headersOf,
  INTAKE_PROBLEMS,
  json,
  type Operation,
  OTHER_PROBLEMS,
  type Paths,
  POST_PROBLEMS,
  problem,
  problems,
  READ_PROBLEMS,
  RESOLVE,
  type Security,
} from './openapi-parts.ts';
import { componentSchemas, schemaRef } from './openapi-schemas.ts';

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 128 } };

const LIMIT = {
  name: 'limit',
  in: 'query',
  description: 'Default: all that is kept.',
  schema: { type: 'integer', minimum: 1, maximum: 10_000 },
};

/** Of a list; each may be left out. */
function listParameters(states: readonly string[]): Record<string, unknown>[] {
  const described: Readonly<Record<(typeof LIST_PARAMETERS)[number], { readonly description: string; readonly schema: object }>> = {
    state: { description: 'Of a message its state, of an alert its outcome.', schema: { type: 'string', enum: states } },
    severity: { description: 'Exactly this one.', schema: { type: 'string', enum: SEVERITIES } },
    provider: { description: 'Name of a provider that was asked to send it.', schema: { type: 'string' } },
    route: { description: 'Name of its route.', schema: { type: 'string' } },
    contact: { description: 'Name of the contact it is for; never a number.', schema: { type: 'string' } },
    reason: { description: 'Its reason, or what an expired one waited for last.', schema: { type: 'string', enum: LISTED_REASONS } },
    since: { description: 'A time, or how long ago, such as 2h.', schema: { type: 'string' } },
    cursor: { description: 'The `next` of the page before.', schema: { type: 'string' } },
    limit: {
      description: 'How many at most.',
      schema: { type: 'integer', minimum: 1, maximum: LIST_LIMIT.max, default: LIST_LIMIT.default },
    },
  };
  return LIST_PARAMETERS.map((name) => ({ name, in: 'query', ...described[name] }));
}

/** Every route of a receiver, with what it may be sent and may answer. */
function openApiPaths(security: Security): Paths {
  return {
    ...alertPaths(security),
    ...tracePaths(security),
    ...webhookPaths(security),
    ...vendorPaths(),
    ...operationPaths(),
  };
}

function alertPaths(security: Security): Paths {
  return {
    '/v1/alerts': {
      get: {
        operationId: 'listAlerts',
        summary: 'Alerts that have an outcome, newest first',
        description: 'As far back as the journal reaches: about 50,000 steps of alerts and messages. At most 1,000 messages a page.',
        security,
        parameters: listParameters(LISTED_OUTCOMES),
        responses: { 200: json('One page', 'AlertList'), ...problems([400, 401, 503]), ...OTHER_PROBLEMS },
      },
      post: {
        operationId: 'sendAlerts',
        summary: 'Send one alert, or a list of up to 1,000',
        description: 'Good alerts are taken even when others of the list are refused; each gets a verdict.',
        security,
        requestBody: body({ oneOf: [{ $ref: schemaRef('Alert') }, { $ref: schemaRef('Alerts') }] }, ALERT),
        responses: { 202: json('Taken, and safely stored', 'Verdicts', ['Location']), ...INTAKE_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
    '/v1/alerts/resolve': {
      post: {
        operationId: 'resolveAlerts',
        summary: 'Cancel what has not been sent yet for a dedupKey',
        security,
        requestBody: body({ $ref: schemaRef('Resolve') }, RESOLVE),
        responses: { 202: json('Resolved', 'Resolve'), ...POST_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
    '/v1/alerts/{id}/acknowledge': {
      post: {
        operationId: 'acknowledgeAlert',
        summary: 'Take care of an alert: cancel what has not been sent yet for its dedupKey; its repeats stay duplicates',
        description: 'Saying it again is no fault and changes nothing: status tells what the alert was before.',
        security,
        parameters: [ID],
        requestBody: { ...body({ $ref: schemaRef('Acknowledge') }, ACKNOWLEDGE), required: false },
        responses: {
          200: json('It is taken care of, or over', 'Acknowledged'),
          ...POST_PROBLEMS,
          ...problems([404, 409]),
          ...OTHER_PROBLEMS,
        },
      },
    },
  };
}

function tracePaths(security: Security): Paths {
  return {
    '/v1/alerts/{id}': {
      get: {
        operationId: 'getAlert',
        summary: 'What became of an alert and its messages',
        security,
        parameters: [ID],
        responses: { 200: json('The trace', 'AlertTrace'), ...READ_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
    '/v1/messages/{id}': {
      get: {
        operationId: 'getMessage',
        summary: 'What became of one message',
        security,
        parameters: [ID],
        responses: { 200: json('The trace', 'MessageTrace'), ...READ_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
    '/v1/messages': {
      get: {
        operationId: 'listMessages',
        summary: 'Messages, newest first',
        description:
          'Those of state expired, failed, undelivered and unknown, and suppressed ones of severity critical, by when they ended: all of the last 7 days. The rest by when its alert was routed, as far back as the journal reaches: about 50,000 steps of alerts and messages.',
        security,
        parameters: listParameters(MESSAGE_STATES),
        responses: { 200: json('One page', 'MessageList'), ...problems([400, 401, 503]), ...OTHER_PROBLEMS },
      },
    },
    '/v1/simulated/outbox': {
      get: {
        operationId: 'getOutbox',
        summary: 'What the simulated providers "sent", newest first',
        security,
        parameters: [LIMIT],
        responses: { 200: json('Texts', 'Outbox'), ...problems([400]), ...READ_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
  };
}

function operationPaths(): Paths {
  const get = (operationId: string, summary: string, responses: Operation['responses']): Record<string, Operation> => ({
    get: { operationId, summary, security: [], responses: { ...responses, ...OTHER_PROBLEMS } },
  });
  const text = { schema: { type: 'string' } };
  return {
    '/healthz': get('healthz', 'The process answers', { 200: json('Alive', 'Alive') }),
    '/readyz': get('readyz', 'The process can do its work', {
      200: json('Ready', 'Ready'),
      503: { ...problem('Not ready, with reasons', { $ref: schemaRef('NotReady') }), ...headersOf(503) },
    }),
    '/metrics': get('metrics', 'Metrics in the Prometheus text format, or in that of OpenMetrics to whom accepts it', {
      200: { description: 'Metrics', content: { 'text/plain': text, 'application/openmetrics-text': text } },
    }),
    '/openapi.json': get('openapi', 'This document', {
      200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
    }),
  };
}

/** The OpenAPI 3.1 document of a receiver: https://spec.openapis.org/oas/v3.1.1 */
export function createOpenApi({ publicUrl, tokens }: HttpConfig): Record<string, unknown> {
  return {
    openapi: '3.1.1',
    info: {
      title: 'sms-dispatch',
      version: '1',
      description:
        'Takes alerts, sends each as one text a phone, and tells what became of it. Every error is RFC 9457 problem details. What lies below /console is for its own page and may change.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths: openApiPaths(tokens.length > 0 ? [{ bearer: [] }] : []),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'One of http.tokens; needed on /v1/* when there are any.' },
      },
      headers: {
        Allow: { description: 'The methods that are allowed.', schema: { type: 'string' } },
        Location: { description: 'Of a call with one alert: where to read what became of it.', schema: { type: 'string' } },
        'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } },
        'WWW-Authenticate': { description: 'RFC 6750.', schema: { type: 'string' } },
      },
    },
  };
}
