import { PROBLEM_TYPE } from '../server/problem.ts';
import { schemaRef } from './openapi-schemas.ts';

/** Example calls. A test sends each of them to a running receiver, which must accept it. */

export const ALERT = {
  id: 'db-1.2026-11-20',
  severity: 'critical',
  to: ['+60123456789'],
  text: 'Database unreachable',
  instance: 'db-1:5432',
};

const { to: _named, id: _own, ...unaddressed } = ALERT;

export const RESOLVE = { dedupKey: 'db-1/unreachable' };

export const ACKNOWLEDGE = { by: 'alice' };

const entry = {
  status: 'firing',
  labels: { alertname: 'HighLatency', instance: 'web-1:443', job: 'api', severity: 'critical' },
  annotations: { summary: 'Latency is high on web-1' },
  startsAt: '2026-11-20T15:38:46.232497503Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
  fingerprint: '3474199f57c8e03d',
};

const call = {
  receiver: 'sms',
  status: 'firing',
  alerts: [entry],
  groupLabels: { alertname: 'HighLatency' },
  commonLabels: entry.labels,
  commonAnnotations: entry.annotations,
  externalURL: 'http://alertmanager:9093',
  version: '4',
  groupKey: '{}:{alertname="HighLatency"}',
  truncatedAlerts: 0,
};

export const ALERTMANAGER = call;

export const GRAFANA = {
  ...call,
  version: '1',
  orgId: 1,
  title: '[FIRING:1] HighLatency',
  state: 'alerting',
  message: 'Latency is high on web-1',
  alerts: [{ ...entry, values: { B: 22.5, C: 1 }, valueString: "[ var='B' labels={instance=web-1:443} value=22.5 ]" }],
};

/** HertzBeat's full group format; the default template of 1.7 and later sends only part of it. */
export const HERTZBEAT = {
  status: 'firing',
  groupLabels: { alertname: 'HighCPUUsage' },
  commonLabels: { alertname: 'HighCPUUsage', severity: 'emergency' },
  commonAnnotations: {},
  alerts: [
    {
      fingerprint: 'alertname:HighCPUUsage,instance:db-1',
      labels: { alertname: 'HighCPUUsage', severity: 'emergency', instance: 'db-1:5432' },
      annotations: {},
      content: 'CPU usage is above 80% on db-1',
      status: 'firing',
      triggerTimes: 1,
      startAt: 1795143600000,
      activeAt: 1795143600000,
      endAt: null,
    },
  ],
};

/** Format of HertzBeat before 1.7. */
export const HERTZBEAT_OLD = {
  alarmId: 76456,
  target: 'available',
  thresholdId: 33455,
  priority: 0,
  content: 'udp_port monitoring availability alert, code is FAIL',
  status: 0,
  times: 1,
  triggerTime: '2026-11-20T03:00:00',
  tags: { app: 'windows', monitorId: '180427708350720', monitorName: 'WINDOWS_192.0.2.12' },
};

export const EVENT = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: 'https://shop.example.com/checkout',
  type: 'com.example.database.unreachable',
  time: '2026-11-20T03:00:00Z',
  data: unaddressed,
};

type Json = Record<string, unknown>;
export type Security = readonly Readonly<Record<string, readonly string[]>>[];

/** https://spec.openapis.org/oas/v3.1.1#operation-object */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Security requirements; empty: no token is needed. */
  readonly security: Security;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
}

/** Path → method → operation. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const PROBLEMS = {
  400: 'The request is not valid; nothing was accepted.',
  401: 'http.tokens is set, and the request has no valid token.',
  403: 'The signature or token of the provider is missing or wrong.',
  404: 'Not found, or its record has expired.',
  405: 'This vendor uses the other method.',
  408: 'The request took too long to arrive.',
  409: 'The alert was malformed, or its status is resolved: there is nothing to acknowledge.',
  413: 'The body is larger than 1 MiB (webhooks: 16 MiB), or there are more than 1,000 alerts.',
  415: 'The content type is not supported, or the body is compressed.',
  503: 'Redis is not available. Retry after Retry-After; a retry with the same id is safe.',
} as const;

/** Status → header of every answer with it. */
const HEADERS: Readonly<Record<number, string>> = { 401: 'WWW-Authenticate', 405: 'Allow', 503: 'Retry-After' };

const JSON_POST = [400, 401, 408, 413, 415, 503] as const;
export const POST_PROBLEMS = problems(JSON_POST);
export const READ_PROBLEMS = problems([401, 404, 503]);
export const VENDOR_PROBLEMS = problems([400, 403, 404, 408, 413, 415, 503]);
export const OTHER_PROBLEMS = { default: problem('Any other error, such as a method that is not allowed.') };

/** Errors of calls that carry several alerts. */
export const INTAKE_PROBLEMS = {
  ...POST_PROBLEMS,
  400: problem('Not valid, or every alert was rejected', { anyOf: [{ $ref: schemaRef('AllRejected') }, { $ref: schemaRef('Problem') }] }),
};

export function problems(statuses: readonly (keyof typeof PROBLEMS)[]): Record<number, Json> {
  return Object.fromEntries(statuses.map((status) => [status, { ...problem(PROBLEMS[status]), ...headersOf(status) }]));
}

export function problem(description: string, schema: Json = { $ref: schemaRef('Problem') }): Json {
  return { description, content: { [PROBLEM_TYPE]: { schema } } };
}

export function headersOf(status: number): Json {
  const name = HEADERS[status];
  return name === undefined ? {} : { headers: { [name]: headerRef(name) } };
}

export function headerRef(name: string): Json {
  return { $ref: `#/components/headers/${name}` };
}

/** Describes a JSON answer by the name of its component schema. */
export function json(description: string, schema: string, headers: readonly string[] = []): Json {
  return {
    description,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers.map((name) => [name, headerRef(name)])) }),
    content: { 'application/json': { schema: { $ref: schemaRef(schema) } } },
  };
}

/** Describes a JSON body with a valid example. */
export function body(schema: Json, example: unknown): Json {
  return { required: true, content: { 'application/json': { schema, example } } };
}
