import { z } from 'zod';
import { headersSchema } from '../../http-client/headers.ts';
import { markSecret, Secret } from '../../setting/secret.ts';
import { commonKeys, httpUrl, withTimeoutMs } from '../contract/common-config.ts';
import { PROVIDER_REASONS, type SmsMessage } from '../contract/provider.ts';
import { isJsonPointer } from './json-pointer.ts';

/** `toDigits` is the number without its `+`. */
const PLACEHOLDERS = ['to', 'toDigits', 'text', 'id'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

/** The names in braces in every string of a body, each once. */
export function placeholdersIn(body: Json): string[] {
  if (typeof body === 'string') return [...new Set([...body.matchAll(PLACEHOLDER)].map((match) => match[1] as string))];
  if (typeof body !== 'object' || body === null) return [];
  return [...new Set(Object.values(body).flatMap(placeholdersIn))];
}

/** A body with its placeholders filled. Values go into values, never into text that is parsed again, so nothing needs escaping. */
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

/** A flat body as form fields. */
export function encodeForm(body: Json): string {
  return new URLSearchParams(
    Object.entries(body as Record<string, Json>).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

const pointer = z.string().refine(isJsonPointer, 'must be a JSON Pointer such as /data/id (RFC 6901)');

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' });

/** `circuit_open` is a word of our own, which no vendor says. */
const vendorReason = z.enum(PROVIDER_REASONS).exclude(['circuit_open']);

/** A body, or parts of one. */
const fields = markSecret(
  z.record(
    z.string(),
    z.unknown().refine((value) => z.json().safeParse(value).success, {
      error: 'must be what JSON can hold: text, a number, true, false, null, a list or a map',
      abort: true,
    }),
  ) as unknown as z.ZodType<Record<string, Json>>,
);

const RECEIPT_STATES = ['delivered', 'undelivered', 'pending'] as const;

const receipt = z
  .strictObject({
    entries: pointer
      .optional()
      .describe('Where the list of texts is, when a call reports on several; left out: the call itself, object or list'),
    id: pointer.optional().describe("Where the vendor's message id is"),
    reference: pointer.optional().describe('Where our id is, which the vendor got as {id}'),
    status: pointer,
    map: z.record(z.string(), z.enum(RECEIPT_STATES)).describe("The vendor's word → what it means; one that is not here means pending"),
    code: pointer.optional().describe('Where the vendor says why a text did not arrive; only a short code is kept'),
  })
  .refine(
    ({ id, reference }) => id !== undefined || reference !== undefined,
    'must hold id or reference: nothing else tells which text it is about',
  );

const DEFAULT_BODY: Record<string, Json> = { to: '{to}', text: '{text}', id: '{id}' };

export const httpConfig = z
  .strictObject({
    type: z.literal('http'),
    ...commonKeys,
    url: markSecret(httpUrl.transform((url) => new Secret(url))),
    method: z.enum(['POST', 'PUT', 'GET']).default('POST').describe('With GET the body goes into the query'),
    contentType: z.enum(['json', 'form']).default('json'),
    headers: headersSchema.default({}),
    body: fields.default(DEFAULT_BODY).describe('Its strings may hold {to} {toDigits} {text} {id}'),
    unicode: fields
      .default({})
      .describe('Fields that a text beyond GSM-7 adds to the body, or changes there, for vendors that must be told, such as { coding: 2 }'),
    success: z
      .strictObject({
        status: z
          .array(z.int().refine((status) => (status >= 200 && status <= 299) || status === 409, 'must be 200 to 299, or 409'))
          .min(1)
          .optional()
          .describe('409 where the vendor answers so to a text that it has taken before'),
        pointer: pointer.optional(),
        equals: scalar.transform(String).optional(),
      })
      .refine((success) => (success.pointer === undefined) === (success.equals === undefined), 'pointer and equals must be given together')
      .optional(),
    messageId: pointer.optional().describe("Where the vendor's message id is"),
    errors: z.strictObject({ pointer, map: z.record(z.string(), vendorReason) }).optional(),
    receipt: receipt.optional().describe('How to read delivery receipts; they may be JSON, a form, or a query'),
  })
  .superRefine(({ body, unicode, contentType, method, receipt, receiptToken }, ctx) => {
    const isFlat = contentType === 'form' || method === 'GET';
    const problem = (path: string) => (message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    const faults = faultsOfBody(body, isFlat);
    faults.forEach(problem('body'));
    // What it changes must not lose the number or the text.
    const more = faultsOfBody({ ...body, ...unicode }, isFlat).filter((fault) => !faults.includes(fault));
    more.forEach(problem('unicode'));
    if (receipt !== undefined && receiptToken === undefined) {
      problem('receiptToken')('must be given with receipt: receipts without it are turned away');
    }
  })
  .transform(({ body, unicode, ...rest }) =>
    withTimeoutMs({ ...rest, body: new Secret(JSON.stringify(body)), unicodeBody: new Secret(JSON.stringify({ ...body, ...unicode })) }),
  );

function faultsOfBody(body: Record<string, Json>, isFlat: boolean): string[] {
  const names = placeholdersIn(body);
  const faults = names
    .filter((name) => !PLACEHOLDERS.some((known) => known === name))
    .map((name) => `holds the unknown placeholder {${name}}: there are ${PLACEHOLDERS.map((known) => `{${known}}`).join(' ')}`);
  if (!names.includes('to') && !names.includes('toDigits'))
    faults.push('must hold {to} or {toDigits}: the vendor has to learn whom to text');
  if (!names.includes('text')) faults.push('must hold {text}: the vendor has to learn what to say');
  if (isFlat && Object.values(body).some((value) => typeof value === 'object')) {
    faults.push('must be flat for a form or a query: text, numbers, true and false only');
  }
  return faults;
}

/**
 * `url` is a secret because its query may hold a key; `body` is the template as JSON text, `unicodeBody` that of a text
 * beyond GSM-7.
 */
export type HttpConfig = z.output<typeof httpConfig>;
