import { z } from 'zod';
import { type AlertInput, alertSchema } from './alert.ts';
import { listSeverityWords, SEVERITIES, SEVERITY_ALIASES } from './severity.ts';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

const DESCRIPTIONS: Readonly<Record<keyof AlertInput, string>> = {
  id: 'Idempotency key: the same id again is the same alert, not a second one.',
  severity: `Any of these words, in any case: ${listSeverityWords()}. The config may know more of them (severityWords).`,
  status: 'A resolved alert sends nothing; it cancels what is still on its way for its dedupKey.',
  to: 'One recipient or a list: phone numbers (best as +<country><number>), contact:<name>, group:<name> (which may hold groups) and rotation:<name> (who is on call at the time). Needed unless resolved.',
  text: 'What to say. Either this or template.',
  template: 'A template of the config and what fills its placeholders. Either this or text.',
  purpose: 'What the text is for; routes match on it, and only alerts are gated by severity and deduplicated by default.',
  source: 'The system that raised it; routes match on it.',
  instance: 'The machine or service that it is about; the default text names it.',
  labels: 'Free key and value pairs; routes match on them.',
  dedupKey: 'What this alert is about. Alerts of one key are texted to a phone once per dedupe window, and a resolved one ends the key.',
  raisedAt: 'When it happened, ISO 8601 with zone.',
  expiresAt: 'After this a text is worthless and is not sent any more, ISO 8601 with zone.',
  remarks: 'What the history of the alert should mention first, such as a value that the sender could not make sense of.',
};

/**
 * JSON Schema (draft 2020-12) of the alert as a producer writes it: the data of a job on `sms-alerts` and the body of
 * `POST /v1/alerts`. It is derived from {@link alertSchema}; what zod checks in code is written out here. What
 * `tidyAlert` reads besides, such as null for a field left out, is no form to recommend, so it is not in here. Only the
 * config can tell whether a number without country code, a contact or a template is known, so no schema says it.
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
    description: 'An alert that becomes one text a phone.',
    type: 'object',
    properties,
    required: ['severity'],
    additionalProperties: false,
    not: { required: ['text', 'template'] },
    if: { properties: { status: { const: 'resolved' } }, required: ['status'] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nothing awaits this object
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

/** The words as editors should offer them, and the same in any case with spaces around. */
function severityForms(): JsonSchema[] {
  const words = [...SEVERITIES, ...Object.keys(SEVERITY_ALIASES)];
  const anyCase = words.map((word) => word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`));
  return [{ enum: words }, { pattern: `^\\s*(?:${anyCase.join('|')})\\s*$` }];
}
