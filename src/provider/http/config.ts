import { z } from 'zod';
import { headersSchema } from '../../http-client/headers.ts';
import { markSecret, Secret } from '../../setting/secret.ts';
import { commonKeys, httpUrl, withTimeoutMs } from '../contract/common-config.ts';
import { PROVIDER_REASONS, type SmsMessage } from '../contract/provider.ts';
import { isJsonPointer } from './json-pointer.ts';

/** Placeholders of a body; `toDigits` is the number without its `+`. */
const PLACEHOLDERS = ['to', 'toDigits', 'text', 'id'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

/** Returns the placeholder names in all strings of a body, without duplicates. */
export function placeholdersIn(body: Json): string[] {
  if (typeof body === 'string') return [...new Set([...body.matchAll(PLACEHOLDER)].map((match) => match[1] as string))];
  if (typeof body !== 'object' || body === null) return [];
  return [...new Set(Object.values(body).flatMap(placeholdersIn))];
}

/**
 * Fills the placeholders of a body. Values replace parts of parsed values, never of text that is parsed again, so no
 * escaping is needed.
 */
export function fillBody(body: Json, message: SmsMessage): Json {
  const values: Record<Placeholder, string> = { to: message.to, toDigits: message.to.slice(1), text: message.text, id: message.id };
  return fill(body, values);
}

function fill(body: Json, values: Readonly<Record<string, string>>): Json {
  if (typeof body === 'string') {
    return body.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] as string) : whole));
  }
  if (Array.isArray(body)) return body.map((item) => fill(item, values));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, fill(value, values)]));
}

/** Encodes a flat body as form fields. */
export function encodeForm(body: Json): string {
  return new URLSearchParams(
    Object.entries(body as Record<string, Json>).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

const pointer = z.string().refine(isJsonPointer, 'must be a JSON Pointer such as /data/id (RFC 6901)');

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' });

/** Excludes `circuit_open`, which is set by our breaker only. */
const vendorReason = z.enum(PROVIDER_REASONS).exclude(['circuit_open']);

/** A body, or parts of one. */
const fields = markSecret(
  z.record(
    z.string(),
    z.unknown().refine((value) => z.json().safeParse(value).success, {
      error: 'must be a JSON value: text, a number, true, false, null, a list or a map',
      abort: true,
    }),
  ) as unknown as z.ZodType<Record<string, Json>>,
);

const RECEIPT_STATES = ['delivered', 'undelivered', 'pending'] as const;

const receipt = z
  .strictObject({
    entries: pointer
      .optional()
      .describe('Pointer to the list of messages, when a call reports several; default: the body itself, object or list'),
    id: pointer.optional().describe("Where the vendor's message id is"),
    reference: pointer.optional().describe('Pointer to our id, which was sent as {id}'),
    status: pointer,
    map: z.record(z.string(), z.enum(RECEIPT_STATES)).describe("The vendor's word → what it means; one that is not here means pending"),
    code: pointer.optional().describe('Pointer to the error code of an undelivered message; only a short code is kept'),
  })
  .refine(({ id, reference }) => id !== undefined || reference !== undefined, 'must contain id or reference, to identify the message');

const DEFAULT_BODY: Record<string, Json> = { to: '{to}', text: '{text}', id: '{id}' };

export const httpConfig = z
  .strictObject({
    type: z.literal('http'),
    ...commonKeys,
    url: markSecret(httpUrl.transform((url) => new Secret(url))),
    method: z.enum(['POST', 'PUT', 'GET']).default('POST').describe('With GET the body is sent in the query'),
    contentType: z.enum(['json', 'form']).default('json'),
    headers: headersSchema.default({}),
    body: fields.default(DEFAULT_BODY).describe('Strings may contain {to} {toDigits} {text} {id}'),
    unicode: fields.default({}).describe('Fields that are added or changed for a text outside GSM-7, such as { coding: 2 }'),
    success: z
      .strictObject({
        status: z
          .array(z.int().refine((status) => (status >= 200 && status <= 299) || status === 409, 'must be 200 to 299, or 409'))
          .min(1)
          .optional()
          .describe('include 409 when the vendor uses it for a message that it accepted before'),
        pointer: pointer.optional(),
        equals: scalar.transform(String).optional(),
      })
      .refine((success) => (success.pointer === undefined) === (success.equals === undefined), 'pointer and equals must be set together')
      .optional(),
    messageId: pointer.optional().describe("Where the vendor's message id is"),
    errors: z.strictObject({ pointer, map: z.record(z.string(), vendorReason) }).optional(),
    receipt: receipt.optional().describe('Format of delivery receipts, which may be JSON, a form, or a query'),
  })
  .superRefine(({ body, unicode, contentType, method, receipt, receiptToken }, ctx) => {
    const isFlat = contentType === 'form' || method === 'GET';
    const problem = (path: string) => (message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    const faults = faultsOfBody(body, isFlat);
    faults.forEach(problem('body'));
    // The changed body must still contain the number and the text.
    const more = faultsOfBody({ ...body, ...unicode }, isFlat).filter((fault) => !faults.includes(fault));
    more.forEach(problem('unicode'));
    if (receipt !== undefined && receiptToken === undefined) {
      problem('receiptToken')('is required with receipt: receipts without it are rejected');
    }
  })
  .transform(({ body, unicode, ...rest }) =>
    withTimeoutMs({ ...rest, body: new Secret(JSON.stringify(body)), unicodeBody: new Secret(JSON.stringify({ ...body, ...unicode })) }),
  );

function faultsOfBody(body: Record<string, Json>, isFlat: boolean): string[] {
  const names = placeholdersIn(body);
  const faults = names
    .filter((name) => !PLACEHOLDERS.some((known) => known === name))
    .map((name) => `contains the unknown placeholder {${name}}: valid are ${PLACEHOLDERS.map((known) => `{${known}}`).join(' ')}`);
  if (!names.includes('to') && !names.includes('toDigits')) faults.push('must contain {to} or {toDigits}, the recipient');
  if (!names.includes('text')) faults.push('must contain {text}, the content');
  if (isFlat && Object.values(body).some((value) => typeof value === 'object')) {
    faults.push('must be flat for a form or a query: text, numbers, true and false only');
  }
  return faults;
}

/**
 * `url` is a secret because its query may contain a key; `body` is the template as JSON text, `unicodeBody` the one for
 * a text outside GSM-7.
 */
export type HttpConfig = z.output<typeof httpConfig>;
