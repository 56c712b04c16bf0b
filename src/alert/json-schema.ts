import { z } from 'zod';
import { type AlertInput, alertSchema } from './alert.ts';
import { listSeverityWords, SEVERITIES, SEVERITY_ALIASES } from './severity.ts';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

const DESCRIPTIONS: Readonly<Record<keyof AlertInput, string>> = {
  id: 'Idempotency key: the same id again is the same alert, not a second one.',
  severity: `Any of these words, in any case: ${listSeverityWords()}. The config may define more (severityWords).`,
  status: 'A resolved alert sends nothing; it cancels unsent messages of its dedupKey.',
  to: 'One recipient or a list: phone numbers (best as +<country><number>), contact:<name>, group:<name> (which may hold groups) and rotation:<name> (who is on call at the time). Required unless resolved.',
  text: 'Content of the message. Give either text or template.',
  template: 'A template of the config and values for its placeholders. Give either template or text.',
  purpose: 'Purpose of the message; routes match on it, and only alerts are gated by severity and deduplicated by default.',
  source: 'The system that raised the alert; routes match on it.',
  instance: 'The machine or service that the alert is about; included in the default text.',
  labels: 'Free key and value pairs; routes match on them.',
  dedupKey: 'Identifies the problem. A phone gets one message per key and dedupe window; a resolved alert closes the key.',
  raisedAt: 'Time of the event, ISO 8601 with zone.',
  expiresAt: 'Deadline after which no message is sent, ISO 8601 with zone.',
  remarks: 'Notes for the history of the alert, such as a value that the sender could not interpret.',
};

/**
 * JSON Schema (draft 2020-12) of the alert as a producer writes it: the data of a job on `sms-alerts` and the body of
 * `POST /v1/alerts`. It is derived from {@link alertSchema}; checks that zod runs in code are written out here.
 * Tolerated forms that `tidyAlert` reads, such as null for an absent field, are not recommended and not included.
 * Whether a number without country code, a contact or a template is valid depends on the config, so no schema can
 * express it.
 */
export function alertJsonSchema(): JsonSchema {
  const derived = z.toJSONSchema(alertSchema, { io: 'input', target: 'draft-2020-12' });
  const properties = Object.fromEntries(
    Object.entries(derived.properties ?? {}).map(([name, property]) => [name, describe(name as keyof AlertInput, property)]),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:sms-dispatch:alert',
    title: 'sms-dispatch alert',
    description: 'An alert; each phone gets one message.',
    type: 'object',
    properties,
    required: ['severity'],
    additionalProperties: false,
    not: { required: ['text', 'template'] },
    if: { properties: { status: { const: 'resolved' } }, required: ['status'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema; this object is never awaited
    then: { anyOf: [{ required: ['dedupKey'] }, { required: ['text'] }, { required: ['template'] }] },
    else: { required: ['to'], anyOf: [{ required: ['text'] }, { required: ['template'] }] },
    examples: [
      { id: 'db-1.2026-11-20', severity: 'critical', to: ['group:oncall'], text: 'Database unreachable', instance: 'db-1:5432' },
      { severity: 'info', purpose: 'verification', to: 'contact:alice', template: { name: 'login-code', params: { code: '1234' } } },
      { severity: 'critical', status: 'resolved', dedupKey: 'db-1/unreachable' },
    ],
  };
}

function describe(name: keyof AlertInput, property: z.core.JSONSchema._JSONSchema): JsonSchema {
  const schema: JsonSchema = { ...(property as JsonSchema), description: DESCRIPTIONS[name] };
  if (name === 'severity') return { type: 'string', description: DESCRIPTIONS.severity, anyOf: severityForms() };
  if (name === 'text') return { ...schema, pattern: '\\S' };
  return schema;
}

/** The words for editors to offer, and a pattern for any case with surrounding spaces. */
function severityForms(): JsonSchema[] {
  const words = [...SEVERITIES, ...Object.keys(SEVERITY_ALIASES)];
  const anyCase = words.map((word) => word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`));
  return [{ enum: words }, { pattern: `^\\s*(?:${anyCase.join('|')})\\s*$` }];
}
