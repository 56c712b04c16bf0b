import type { HttpConfig } from '../config/config.ts';
import { componentSchemas, schemaRef } from './openapi-schemas.ts';
import { PROBLEM_TYPE } from './problem.ts';

const PROBLEMS = {
  400: 'The request is not valid; nothing was taken.',
  401: 'http.tokens is set, and none of them was sent.',
  403: 'It cannot have come from its provider: wrong signature or token.',
  404: 'There is no such thing, or it is past its time.',
  409: 'The alert was malformed, or tells itself that something is resolved: there is nothing to acknowledge.',
  408: 'The request took too long to arrive.',
  413: 'The body is larger than 1 MiB, or there are more than 1,000 alerts.',
  415: 'The body is not application/json.',
  503: 'Redis is away. Send it again after Retry-After; the same id again is safe.',
} as const;

const POST_PROBLEMS = [400, 401, 408, 413, 415, 503] as const;
const READ_PROBLEMS = [401, 404, 503] as const;

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 128 } };

const PROVIDER = { name: 'provider', in: 'path', required: true, description: 'A key of providers.', schema: { type: 'string' } };

/** The OpenAPI 3.1 document of a receiver: https://spec.openapis.org/oas/v3.1.1 */
export function createOpenApi({ publicUrl, tokens }: HttpConfig): Record<string, unknown> {
  return {
    openapi: '3.1.1',
    info: {
      title: 'sms-dispatch',
      version: '1',
      description: 'Takes alerts, sends each as one text a phone, and tells what became of it. Every error is RFC 9457 problem details.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths: paths(tokens.length > 0 ? [{ bearer: [] }] : []),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'One of http.tokens; needed on /v1/* when there are any.' },
      },
      headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
    },
  };
}

type Security = readonly Record<string, readonly string[]>[];

function paths(security: Security): Record<string, unknown> {
  return {
    '/v1/alerts': {
      post: {
        operationId: 'sendAlerts',
        summary: 'Send one alert, or a list of up to 1,000',
        description: 'Good alerts are taken even when others of the list are refused; each gets a verdict.',
        security,
        requestBody: body({ oneOf: [{ $ref: schemaRef('Alert') }, { $ref: schemaRef('Alerts') }] }),
        responses: {
          202: json('Taken, and safely stored', 'Verdicts'),
          ...problems(POST_PROBLEMS),
          400: problem('Not valid, or every alert was refused', {
            anyOf: [{ $ref: schemaRef('AllRejected') }, { $ref: schemaRef('Problem') }],
          }),
        },
      },
    },
    '/v1/alerts/resolve': {
      post: {
        operationId: 'resolveAlerts',
        summary: 'Cancel what has not been sent yet for a dedupKey',
        security,
        requestBody: body({ $ref: schemaRef('Resolve') }),
        responses: { 202: json('Resolved', 'Resolve'), ...problems(POST_PROBLEMS) },
      },
    },
    '/v1/alerts/{id}/acknowledge': {
      post: {
        operationId: 'acknowledgeAlert',
        summary: 'Take care of an alert: cancel what has not been sent yet for its dedupKey; its repeats stay duplicates',
        description: 'Saying it again is no fault and changes nothing: status tells what the alert was before.',
        security,
        parameters: [ID],
        requestBody: { ...body({ $ref: schemaRef('Acknowledge') }), required: false },
        responses: { 200: json('It is taken care of, or over', 'Acknowledged'), ...problems([...POST_PROBLEMS, 404, 409]) },
      },
    },
    '/v1/alerts/{id}': {
      get: {
        operationId: 'getAlert',
        summary: 'What became of an alert and its messages',
        security,
        parameters: [ID],
        responses: { 200: json('The trace', 'AlertTrace'), ...problems(READ_PROBLEMS) },
      },
    },
    '/v1/messages/{id}': {
      get: {
        operationId: 'getMessage',
        summary: 'What became of one message',
        security,
        parameters: [ID],
        responses: { 200: json('The trace', 'MessageTrace'), ...problems(READ_PROBLEMS) },
      },
    },
    '/v1/webhooks/alertmanager': { post: webhook('Alertmanager', security) },
    '/v1/webhooks/grafana': { post: webhook('Grafana', security) },
    '/v1/inbound/{provider}': { post: inbound() },
    '/v1/receipts/{provider}': { get: receipts('get'), post: receipts('post') },
    '/v1/simulated/outbox': {
      get: {
        operationId: 'getOutbox',
        summary: 'What the simulated providers "sent", newest first',
        security,
        parameters: [
          {
            name: 'limit',
            in: 'query',
            description: 'Default: all that is kept.',
            schema: { type: 'integer', minimum: 1, maximum: 10_000 },
          },
        ],
        responses: { 200: json('Texts', 'Outbox'), ...problems([400, ...READ_PROBLEMS]) },
      },
    },
    '/healthz': { get: { operationId: 'healthz', summary: 'The process answers', responses: { 200: json('Alive', 'Alive') } } },
    '/readyz': {
      get: {
        operationId: 'readyz',
        summary: 'The process can do its work',
        responses: { 200: json('Ready', 'Ready'), 503: problem('Not ready, with reasons') },
      },
    },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'Metrics in the Prometheus text format',
        responses: { 200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } } },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'openapi',
        summary: 'This document',
        responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
      },
    },
  };
}

function webhook(sender: string, security: Security): Record<string, unknown> {
  return {
    operationId: `webhook${sender}`,
    summary: `The webhook payload of ${sender}: each of its alerts becomes one alert, resolved ones resolve`,
    description: 'Repeats and copies of an alert are taken as the same alert. 400 only when not one alert could be taken.',
    security,
    parameters: [
      {
        name: 'to',
        in: 'query',
        description: 'Recipients: phone numbers, contact:<name>, group:<name>, rotation:<name>. Default: webhooks.to of the config.',
        style: 'form',
        explode: true,
        schema: { type: 'array', items: { type: 'string' } },
      },
    ],
    requestBody: body({ type: 'object', required: ['alerts'], properties: { alerts: { type: 'array', items: { type: 'object' } } } }),
    responses: { 200: json('Taken, and safely stored', 'Verdicts'), ...problems(POST_PROBLEMS) },
  };
}

/** Vendors each have their own form; they prove themselves by a signature or by `?token=`. */
function receipts(method: 'get' | 'post'): Record<string, unknown> {
  const anything = { schema: {} };
  return {
    operationId: `${method}Receipts`,
    summary: "A provider's delivery receipts, in its own form",
    description: 'Verified, queued, and answered as the vendor expects. Which method a vendor uses is its own choice; the other is 405.',
    security: [],
    parameters: [PROVIDER],
    ...(method === 'get'
      ? {}
      : {
          requestBody: {
            content: { 'application/x-www-form-urlencoded': anything, 'application/json': anything, 'text/plain': anything },
          },
        }),
    responses: {
      200: { description: 'Taken, and safely stored', content: { 'application/json': { schema: { type: 'object' } } } },
      ...problems([400, 403, 404, 408, 413, 503]),
    },
  };
}

function inbound(): Record<string, unknown> {
  return {
    operationId: 'postInbound',
    summary: 'A text from a phone to a number of yours, in the form of its provider',
    description: 'Verified, queued, and answered as the vendor expects. STOP and START opt the phone out and in; the rest is an answer.',
    security: [],
    parameters: [PROVIDER],
    requestBody: { content: { 'application/x-www-form-urlencoded': { schema: {} } } },
    responses: {
      200: { description: 'Taken, and safely stored', content: { 'text/xml': { schema: { type: 'string' } } } },
      ...problems([400, 403, 404, 408, 413, 503]),
    },
  };
}

function body(schema: Record<string, unknown>): Record<string, unknown> {
  return { required: true, content: { 'application/json': { schema } } };
}

function json(description: string, schema: string): Record<string, unknown> {
  return { description, content: { 'application/json': { schema: { $ref: schemaRef(schema) } } } };
}

function problem(description: string, schema: Record<string, unknown> = { $ref: schemaRef('Problem') }): Record<string, unknown> {
  return { description, content: { [PROBLEM_TYPE]: { schema } } };
}

function problems(statuses: readonly (keyof typeof PROBLEMS)[]): Record<number, unknown> {
  const retryAfter = { headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } };
  return Object.fromEntries(statuses.map((status) => [status, { ...problem(PROBLEMS[status]), ...(status === 503 ? retryAfter : {}) }]));
}
