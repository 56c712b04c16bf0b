import { SEVERITIES } from '../../alert/severity.ts';
import type { HttpConfig } from '../../config/config.ts';
import { MESSAGE_STATES } from '../../ledger/history/history.ts';
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
  description: 'Default: everything stored.',
  schema: { type: 'integer', minimum: 1, maximum: 10_000 },
};

/** Query parameters of a list; each is optional. */
function listParameters(states: readonly string[]): Record<string, unknown>[] {
  const described: Readonly<Record<(typeof LIST_PARAMETERS)[number], { readonly description: string; readonly schema: object }>> = {
    state: { description: 'The state of a message, or the outcome of an alert.', schema: { type: 'string', enum: states } },
    severity: { description: 'Exactly this severity.', schema: { type: 'string', enum: SEVERITIES } },
    provider: { description: 'Name of a provider with an attempt.', schema: { type: 'string' } },
    route: { description: 'Name of the route.', schema: { type: 'string' } },
    contact: { description: 'Name of the recipient contact; phone numbers are not supported.', schema: { type: 'string' } },
    reason: { description: 'The reason, or the last reason why an expired one waited.', schema: { type: 'string', enum: LISTED_REASONS } },
    since: { description: 'A time, or an age such as 2h.', schema: { type: 'string' } },
    cursor: { description: '`next` of the previous page.', schema: { type: 'string' } },
    limit: {
      description: 'Maximum number of items.',
      schema: { type: 'integer', minimum: 1, maximum: LIST_LIMIT.max, default: LIST_LIMIT.default },
    },
  };
  return LIST_PARAMETERS.map((name) => ({ name, in: 'query', ...described[name] }));
}

/** Every route of a receiver, with its requests and responses. */
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
        description: 'Covers the journal: about 50,000 steps of alerts and messages. At most 1,000 messages per page.',
        security,
        parameters: listParameters(LISTED_OUTCOMES),
        responses: { 200: json('One page', 'AlertList'), ...problems([400, 401, 503]), ...OTHER_PROBLEMS },
      },
      post: {
        operationId: 'sendAlerts',
        summary: 'Send one alert, or a list of up to 1,000',
        description: 'Valid alerts are accepted even when others of the list are rejected; each gets a verdict.',
        security,
        requestBody: body({ oneOf: [{ $ref: schemaRef('Alert') }, { $ref: schemaRef('Alerts') }] }, ALERT),
        responses: { 202: json('Accepted and stored', 'Verdicts', ['Location']), ...INTAKE_PROBLEMS, ...OTHER_PROBLEMS },
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
        summary: 'Acknowledge an alert: cancel what has not been sent yet for its dedupKey; its repeats stay duplicates',
        description: 'Idempotent: a repeat succeeds and changes nothing; status shows the earlier state of the alert.',
        security,
        parameters: [ID],
        requestBody: { ...body({ $ref: schemaRef('Acknowledge') }, ACKNOWLEDGE), required: false },
        responses: {
          200: json('Acknowledged now, or already acknowledged or resolved', 'Acknowledged'),
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
        summary: 'Get the outcome of an alert and its messages',
        security,
        parameters: [ID],
        responses: { 200: json('The history', 'AlertTrace'), ...READ_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
    '/v1/messages/{id}': {
      get: {
        operationId: 'getMessage',
        summary: 'Get the outcome of one message',
        security,
        parameters: [ID],
        responses: { 200: json('The history', 'MessageTrace'), ...READ_PROBLEMS, ...OTHER_PROBLEMS },
      },
    },
    '/v1/messages': {
      get: {
        operationId: 'listMessages',
        summary: 'Messages, newest first',
        description:
          'Messages in state expired, failed, undelivered and unknown, and suppressed ones of severity critical, are listed by the time they ended: all of the last 7 days. Others are listed by the time their alert was routed, within the journal: about 50,000 steps of alerts and messages.',
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
        responses: { 200: json('Messages', 'Outbox'), ...problems([400]), ...READ_PROBLEMS, ...OTHER_PROBLEMS },
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
    '/metrics': get('metrics', 'Metrics in the Prometheus text format, or in OpenMetrics where the client accepts it', {
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
        'Accepts alerts, sends each as one SMS per phone, and reports the outcome. Every error is RFC 9457 problem details. Paths below /console belong to the console page and may change.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths: openApiPaths(tokens.length > 0 ? [{ bearer: [] }] : []),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'One of http.tokens; required on /v1/* when there are any.' },
      },
      headers: {
        Allow: { description: 'The methods that are allowed.', schema: { type: 'string' } },
        Location: { description: 'For a call with one alert: URL of its history.', schema: { type: 'string' } },
        'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } },
        'WWW-Authenticate': { description: 'RFC 6750.', schema: { type: 'string' } },
      },
    },
  };
}
