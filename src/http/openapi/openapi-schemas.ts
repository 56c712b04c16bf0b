import { z } from 'zod';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { alertJsonSchema, type JsonSchema } from '../../alert/json-schema.ts';
import { OUR_REASONS, PROVIDER_REASONS } from '../../alert/reason.ts';
import { SEVERITIES } from '../../alert/severity.ts';
import {
  type AlertHistory,
  type HistoryAttempt,
  type HistoryEvent,
  MESSAGE_STATES,
  type MessageHistory,
} from '../../ledger/history/history.ts';
import type { ListPage } from '../../ledger/lists/lists.ts';
import type { OutboxEntry } from '../../provider/simulated/outbox.ts';
import { acknowledgeSchema } from '../alerts/acknowledge-routes.ts';
import { type AcceptedAlert, MAX_ALERTS, type RejectedAlert, resolveSchema, type Verdicts } from '../alerts/alert-routes.ts';
import { cloudEventSchema } from '../webhooks/cloudevents.ts';

// Each schema is checked against the type that the route sends, so that the compiler reports a difference.

const index = z.int().min(0).describe('Position in the call, from 0.');
const time = z.string().meta({ format: 'date-time' });
const masked = z.string().meta({ description: 'The number, masked.', examples: ['+60*******789'] });
const reason = z.enum([...new Set([...OUR_REASONS, ...PROVIDER_REASONS])]);

const accepted = z.object({
  index,
  id: z.string().regex(ALERT_ID_PATTERN),
  duplicate: z.boolean().describe('An alert with this id had already been accepted; nothing was added.'),
}) satisfies z.ZodType<AcceptedAlert>;

const rejected = z.object({
  index,
  errors: z.array(z.object({ path: z.string().meta({ examples: ['to[2]'] }), message: z.string() })),
}) satisfies z.ZodType<RejectedAlert>;

const verdicts = z.object({ accepted: z.array(accepted), rejected: z.array(rejected) }) satisfies z.ZodType<Verdicts>;

const event = z.object({
  at: time,
  stage: z.string(),
  verdict: z.string(),
  reason: reason.exactOptional(),
  until: time.exactOptional(),
  detail: z.string().exactOptional(),
}) satisfies z.ZodType<HistoryEvent>;

const traceId = z.string().exactOptional().describe('Id in the tracing backend, where tracing is on.');

const attempt = z
  .object({
    provider: z.string(),
    startedAt: time,
    endedAt: time.exactOptional(),
    result: z.enum(['accepted', 'refused', 'unknown']).exactOptional(),
    resolution: z.enum(['confirmed_sent', 'confirmed_not_sent']).exactOptional(),
    reason: reason.exactOptional(),
    code: z.string().exactOptional(),
    status: z.int().exactOptional(),
    simulated: z.literal(true).exactOptional().describe('The provider is simulated.'),
    traceId,
  })
  .describe('One request to a provider; result is absent while it is open.') satisfies z.ZodType<HistoryAttempt>;

const pausedQueue = z.string().exactOptional().describe('The queue that it waits on is paused.');

const messageHistory = z.object({
  id: z.string(),
  alertId: z.string(),
  to: masked,
  contact: z.string().nullable(),
  severity: z.enum(SEVERITIES),
  route: z.string(),
  says: z
    .enum(['resolved', 'acknowledged'])
    .exactOptional()
    .describe('resolved: announces the end of the problem to a phone that received the alert. acknowledged: confirms a reply.'),
  state: z.enum(MESSAGE_STATES),
  reason: reason.nullable(),
  lastReason: reason
    .exactOptional()
    .describe('The last reason why a deferred or expired message waited; where a circuit is open, the reason of the provider.'),
  until: time.nullable().describe('When a deferred message is tried again.'),
  pausedQueue,
  provider: z.string().nullable(),
  providerMessageId: z.string().nullable(),
  simulated: z.literal(true).exactOptional().describe('The provider is simulated: nothing was sent to a phone.'),
  segments: z.int(),
  digest: z.string().exactOptional().describe('Id of the digest message that includes this one.'),
  duplicateOf: z.string().exactOptional().describe('Id of the earlier alert with the same dedup key for this phone.'),
  createdAt: time,
  expiresAt: time,
  attempts: z.array(attempt),
  events: z.array(event),
}) satisfies z.ZodType<MessageHistory>;

const alertHistory = z.object({
  id: z.string(),
  severity: z.string(),
  status: z.string(),
  dedupKey: z.string().nullable(),
  receivedAt: time,
  outcome: z.enum(['pending', 'routed', 'suppressed', 'malformed']),
  reason: reason.nullable(),
  traceId,
  pausedQueue,
  events: z.array(event),
  messages: z.array(messageHistory),
}) satisfies z.ZodType<AlertHistory>;

const next = z
  .string()
  .nullable()
  .describe('Pass it as cursor for the next page; null after the last one. A short page need not be the last.');

const acknowledged = z.object({
  id: z.string(),
  status: z.enum(['acknowledged', 'already_acknowledged', 'already_resolved']),
  cancelled: z.int().min(0).describe('Messages cancelled before they had an outcome; one that is being sent right now may still arrive.'),
});

const sent = z.object({
  at: time,
  provider: z.string(),
  messageId: z.string(),
  to: masked,
  text: z.string(),
}) satisfies z.ZodType<OutboxEntry>;

const problem = z
  .looseObject({
    type: z.string().meta({ examples: ['urn:sms-dispatch:problem:redis-unavailable'] }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
  })
  .describe('RFC 9457 problem details; some kinds have further members.');

const SCHEMAS = {
  Resolve: resolveSchema,
  Acknowledge: acknowledgeSchema,
  Acknowledged: acknowledged,
  Verdicts: verdicts,
  AlertTrace: alertHistory,
  MessageTrace: messageHistory,
  AlertList: z.object({ items: z.array(alertHistory), next }) satisfies z.ZodType<ListPage<AlertHistory>>,
  MessageList: z.object({ items: z.array(messageHistory), next }) satisfies z.ZodType<ListPage<MessageHistory>>,
  Outbox: z.object({ messages: z.array(sent) }),
  Problem: problem,
  AllRejected: z.object({ ...problem.shape, ...verdicts.shape }),
  Ready: z.object({ ready: z.literal(true), reasons: z.array(z.string()) }),
  NotReady: z.object({ ...problem.shape, ready: z.literal(false), reasons: z.array(z.string()) }),
  CloudEvent: cloudEventSchema,
  Alive: z.object({ status: z.literal('ok') }),
};

/** Component schemas of the OpenAPI document, by name. */
export function componentSchemas(): Record<string, JsonSchema> {
  const { $schema, $id, ...alert } = alertJsonSchema();
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: schemaRef });
  return {
    Alert: alert,
    Alerts: { type: 'array', minItems: 1, maxItems: MAX_ALERTS, items: { $ref: schemaRef('Alert') } },
    ...Object.fromEntries(Object.entries(schemas).map(([name, { $schema, $id, ...schema }]) => [name, schema])),
  };
}

export function schemaRef(name: string): string {
  return `#/components/schemas/${name}`;
}
