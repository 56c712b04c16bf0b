import { z } from 'zod';
import { headersSchema } from '../http-client/headers.ts';
import { markSecret, Secret } from '../setting/secret.ts';
import { oneAuthorization, webAddress } from './channel-config.ts';

/** Event types of outgoing webhooks, sent with the prefix `sms.`. */
export const EVENT_TYPES = [
  'alert.routed',
  'alert.suppressed',
  'alert.malformed',
  'alert.acknowledged',
  'message.deferred',
  'message.accepted',
  'message.delivered',
  'message.undelivered',
  'message.unknown',
  'message.suppressed',
  'message.expired',
  'message.cancelled',
  'message.failed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Default events: every outcome, but no intermediate step. */
const ENDS = EVENT_TYPES.filter((type) => type !== 'alert.routed' && type !== 'message.deferred');

const BAD_SECRET = 'must be a Standard Webhooks secret: whsec_ and 24 to 64 bytes in base64';
const HOW = 'generate one: echo "whsec_$(openssl rand -base64 32)"';

/**
 * One secret or several, separated by commas or as a list: during a rotation, every one of them signs.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
const signingSecrets = markSecret(
  z.union([z.string(), z.array(z.string()).min(1)], { error: `${BAD_SECRET}; ${HOW}` }).transform((written, ctx): readonly Secret[] => {
    const secrets = [written].flat().flatMap((part) => part.split(',').map((secret) => secret.trim()));
    if (!secrets.every(isSigningSecret)) ctx.addIssue({ code: 'custom', message: BAD_SECRET, params: { hint: HOW } });
    return secrets.map((secret) => new Secret(secret));
  }),
);

function isSigningSecret(secret: string): boolean {
  const bytes = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (bytes === undefined || bytes.length % 4 !== 0) return false;
  const { length } = Buffer.from(bytes, 'base64');
  return length >= 24 && length <= 64;
}

const ours = /^(webhook-(id|timestamp|signature)|content-type)$/;

/** An outgoing webhook that receives the outcomes of alerts and messages. */
export const eventWebhookSchema = z
  .strictObject({
    url: webAddress,
    secret: signingSecrets,
    types: z
      .array(z.enum(EVENT_TYPES))
      .min(1)
      .default([...ENDS]),
    headers: headersSchema.default({}).superRefine((headers, ctx) => {
      for (const name of Object.keys(headers)) {
        if (ours.test(name)) ctx.addIssue({ code: 'custom', path: [name], message: 'must not be set: every event has it' });
      }
    }),
  })
  .superRefine(oneAuthorization);
export type EventWebhook = z.output<typeof eventWebhookSchema>;
