import { z } from 'zod';
import { headersSchema } from '../http-client/headers.ts';
import { markSecret, Secret } from '../setting/secret.ts';
import { oneAuthorization, webAddress } from './channel-config.ts';

/** All that an outgoing webhook can be told; on the wire each has `sms.` before it. */
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

/** What is told where nothing is said: every end, and no step on the way to one. */
const ENDS = EVENT_TYPES.filter((type) => type !== 'alert.routed' && type !== 'message.deferred');

const BAD_SECRET = 'must be a secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64';
const HOW = 'make one: echo "whsec_$(openssl rand -base64 32)"';

/**
 * One or several, with commas between them or as a list: while a secret is changed, every one of them signs.
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

/** Who is told what became of alerts and messages. */
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
        if (ours.test(name)) ctx.addIssue({ code: 'custom', path: [name], message: 'must not be given: it comes with every event' });
      }
    }),
  })
  .superRefine(oneAuthorization);
export type EventWebhook = z.output<typeof eventWebhookSchema>;
