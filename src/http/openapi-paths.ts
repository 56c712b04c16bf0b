import { vendorPaths, webhookPaths } from './openapi-caller-paths.ts';
import { ACKNOWLEDGE, ALERT, RESOLVE } from './openapi-examples.ts';
import {
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
  type Security,
} from './openapi-parts.ts';
import { schemaRef } from './openapi-schemas.ts';

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 128 } };

const LIMIT = {
  name: 'limit',
  in: 'query',
  description: 'Default: all that is kept.',
  schema: { type: 'integer', minimum: 1, maximum: 10_000 },
};

/** Every route of a receiver, with what it may be sent and may answer. */
export function openApiPaths(security: Security): Paths {
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
