import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type AlertInput, alertSchema } from '../../src/alert/alert.ts';
import { alertJsonSchema } from '../../src/alert/json-schema.ts';
import { SEVERITIES, SEVERITY_ALIASES } from '../../src/alert/severity.ts';

// The times carry a pattern of their own, so `format` stays the annotation that the draft makes it.
const validate = new Ajv2020({ allowUnionTypes: true, validateFormats: false }).compile(alertJsonSchema());

const alert = { severity: 'critical', to: '+60123456789', text: 'Disk full' };
const { to: _to, ...withoutTo } = alert;
const { text: _text, ...withoutText } = alert;

const CASES: readonly (readonly [name: string, valid: boolean, data: unknown])[] = [
  ['the least', true, alert],
  [
    'everything',
    true,
    {
      ...withoutText,
      id: 'order-42.paid_A',
      status: 'firing',
      to: ['+60123456789', 'contact:alice', 'group:oncall'],
      template: { name: 'login-code', params: { code: '1234', minutes: 5, urgent: true } },
      purpose: 'verification',
      source: 'checkout',
      instance: 'db-1:5432',
      labels: { team: 'payments' },
      dedupKey: 'db-1/unreachable',
      raisedAt: '2026-11-20T03:00:00Z',
      expiresAt: '2026-11-20T11:30:00.123456789+08:00',
    } satisfies AlertInput,
  ],
  ...[...SEVERITIES, ...Object.keys(SEVERITY_ALIASES), 'CRITICAL', ' Warn '].map(
    (severity) => [`severity "${severity}"`, true, { ...alert, severity }] as const,
  ),
  ['a template without params', true, { ...withoutText, template: { name: 'hello' } }],
  ['resolved by key', true, { severity: 'critical', status: 'resolved', dedupKey: 'k' }],
  ['resolved by text', true, { severity: 'critical', status: 'resolved', text: 'Disk full' }],
  ['resolved by template', true, { severity: 'critical', status: 'resolved', template: { name: 'hello' } }],
  ['1,000 recipients', true, { ...alert, to: Array(1000).fill('+60123456789') }],
  ['the longest text', true, { ...alert, text: 'x'.repeat(1600) }],
  ['nothing', false, {}],
  ['a string', false, 'Disk full'],
  ['a list', false, [alert]],
  ['null', false, null],
  ['no severity', false, { to: alert.to, text: alert.text }],
  ['an unknown severity', false, { ...alert, severity: 'scary' }],
  ['a severity with more behind it', false, { ...alert, severity: 'critical!' }],
  ['a number as severity', false, { ...alert, severity: 1 }],
  ['no recipient', false, withoutTo],
  ['an empty recipient', false, { ...alert, to: '' }],
  ['an empty list of recipients', false, { ...alert, to: [] }],
  ['a number as recipient', false, { ...alert, to: [60123456789] }],
  ['1,001 recipients', false, { ...alert, to: Array(1001).fill('+60123456789') }],
  ['neither text nor template', false, withoutText],
  ['text and template', false, { ...alert, template: { name: 'hello' } }],
  ['text and template when resolved', false, { ...alert, status: 'resolved', template: { name: 'hello' } }],
  ['an empty text', false, { ...alert, text: '' }],
  ['a blank text', false, { ...alert, text: ' \n\t' }],
  ['too long a text', false, { ...alert, text: 'x'.repeat(1601) }],
  ['a template without a name', false, { ...withoutText, template: { params: {} } }],
  ['a template with an unknown key', false, { ...withoutText, template: { name: 'hello', parms: {} } }],
  ['an unknown key', false, { ...alert, recipient: 'x' }],
  ['an unknown status', false, { ...alert, status: 'pending' }],
  ['resolved with nothing to resolve', false, { severity: 'critical', status: 'resolved' }],
  ['an id with a space', false, { ...alert, id: 'order 42' }],
  ['an empty id', false, { ...alert, id: '' }],
  ['an id of 129 characters', false, { ...alert, id: 'x'.repeat(129) }],
  ['an unknown purpose', false, { ...alert, purpose: 'marketing' }],
  ['a label that is no text', false, { ...alert, labels: { replicas: 3 } }],
  ['an empty source', false, { ...alert, source: '' }],
  ['an empty instance', false, { ...alert, instance: '' }],
  ['an empty dedupKey', false, { ...alert, dedupKey: '' }],
  ['a time without zone', false, { ...alert, raisedAt: '2026-11-20T03:00:00' }],
  ['a day that is none', false, { ...alert, expiresAt: '2026-02-30T03:00:00Z' }],
  ['a number as time', false, { ...alert, raisedAt: 1_795_000_000 }],
];

describe('the JSON Schema and the zod schema agree on', () => {
  test.each(CASES)('%s: valid %s', (_name, valid, data) => {
    expect({ zod: alertSchema.safeParse(data).success, jsonSchema: validate(data) }).toEqual({ zod: valid, jsonSchema: valid });
  });
});

test('every property has a description, and the examples are valid', () => {
  const { properties = {}, examples = [] } = alertJsonSchema();
  expect(Object.keys(properties).sort()).toEqual(Object.keys(alertSchema.shape).sort());
  for (const [name, property] of Object.entries(properties)) expect(property, name).toHaveProperty('description');
  for (const example of examples) expect(alertSchema.safeParse(example).error).toBeUndefined();
});
