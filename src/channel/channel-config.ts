import { z } from 'zod';
import { secretSchema } from '../config/secret.ts';
import { headersSchema } from '../provider/http/headers.ts';

/** `fetch` and SMTP servers are given addresses that hold a secret. */
export const webAddress = secretSchema.refine(
  (secret) => URL.canParse(secret.reveal()) && /^https?:$/.test(new URL(secret.reveal()).protocol),
  {
    error: 'must be an address that begins with https:// or http://',
  },
);
const mailServer = secretSchema.refine((secret) => URL.canParse(secret.reveal()) && /^smtps?:$/.test(new URL(secret.reveal()).protocol), {
  error: 'must be an address such as smtps://user:password@mail.example.com:465',
});

const CHANNEL_SCHEMAS = [
  z.strictObject({ type: z.literal('slack'), url: webAddress }),
  z.strictObject({ type: z.literal('mattermost'), url: webAddress }),
  z.strictObject({ type: z.literal('rocketchat'), url: webAddress }),
  z.strictObject({ type: z.literal('discord'), url: webAddress }),
  /** Any other: a POST of JSON. */
  z.strictObject({ type: z.literal('webhook'), url: webAddress, headers: headersSchema.default({}) }),
  z.strictObject({
    type: z.literal('email'),
    smtp: mailServer,
    from: z.string().min(1),
    /** Addresses, `contact:<name>` and `group:<name>`; left out: those of the alert's recipients who have one. */
    to: z.array(z.string().min(1)).default([]),
  }),
] as const;

/** Who else is told of an alert than by text. */
export const channelSchema = z.discriminatedUnion('type', CHANNEL_SCHEMAS);
export type ChannelConfig = z.output<typeof channelSchema>;
