import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { type CountryCode, isSupportedCountry } from '../../alert/phone/phone.ts';
import { channelSchema } from '../../channel/channel-config.ts';
import { eventWebhookSchema } from '../../channel/event-webhook-config.ts';
import { BUDGET_PERIODS, MICRO } from '../../limit/budget/money.ts';
import { type ProviderConfig, providerConfigSchemas } from '../../provider/registry.ts';
import { parseRedisUrl } from '../../redis/connection/redis-url.ts';
import { durationBetween } from '../../setting/duration.ts';
import { markSecret, Secret, secretSchema } from '../../setting/secret.ts';
import { capsSchema } from './caps-schema.ts';
import { contactSchema, groupSchema, languageTag, rotationSchema } from './contact-schema.ts';
import { quietHoursSchema } from './quiet-hours-schema.ts';
import { routeSchema } from './route-schema.ts';
import { severityWordsSchema } from './severity-schema.ts';
import { templateSchema } from './template-schema.ts';

const step = z
  .strictObject({
    after: durationBetween('0', '1d').default(0),
    /** Checked against the known channels with the whole file. */
    channels: z.array(z.string().min(1)).default([]),
    sms: z.boolean().default(false),
  })
  .refine(({ channels, sms }) => sms || channels.length > 0, {
    error: 'notifies no channel or phone',
    params: { hint: 'set channels: [ … ] or sms: true' },
  });

/** Steps in order of elapsed time. */
const ladderSchema = z
  .array(step)
  .min(1, 'must have at least one step')
  .superRefine((steps, ctx) => {
    for (const [index, { after }] of steps.entries()) {
      const before = steps[index - 1];
      if (before === undefined || before.after <= after) continue;
      ctx.addIssue({
        code: 'custom',
        path: [index, 'after'],
        message: 'is earlier than the step before it',
        params: { hint: 'put the steps in order' },
      });
    }
    const texts = steps.flatMap(({ sms }, index) => (sms ? [index] : []));
    if (texts.length < 2) return;
    ctx.addIssue({
      code: 'custom',
      path: [texts[1] as number, 'sms'],
      message: 'a second step with sms: true would send the same messages again',
      params: { hint: 'keep sms: true on one step' },
    });
  });

/** An amount such as 0.0079. Output in micro-units. */
const amount = z
  .number({ error: 'must be a number such as 0.05' })
  .min(0, 'must be 0 or more')
  .max(1_000_000_000)
  .transform((sum) => Math.round(sum * MICRO));

/** Prices of one segment, by calling code. */
const prices = z.record(z.string(), amount).superRefine((byCode, ctx) => {
  for (const code of Object.keys(byCode)) {
    if (code === 'other' || /^[1-9]\d{0,2}$/.test(code)) continue;
    ctx.addIssue({
      code: 'custom',
      path: [code],
      message: 'not a calling code: one to three digits, such as 86, or other',
      params: { hideValue: true },
    });
  }
});

const budget = z
  .strictObject({ soft: amount.exactOptional(), hard: amount })
  .refine(({ soft, hard }) => soft === undefined || soft <= hard, {
    path: ['soft'],
    error: 'must not exceed hard',
    params: { hint: 'between soft and hard only criticals are sent' },
  })
  .transform(({ soft, hard }) => ({ soft: soft ?? hard, hard }));

const moneySchema = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters (ISO 4217), such as USD'),
  prices: z.record(z.string(), prices).default({}),
  budgets: z.partialRecord(z.enum(BUDGET_PERIODS), budget).default({}),
});

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const WHOLE_PORT = 'must be a port: a whole number from 0 (any free one) to 65535';
export const portSchema = z
  .int({ error: ({ code }) => (code === 'invalid_type' ? WHOLE_PORT : undefined) })
  .min(0, WHOLE_PORT)
  .max(65_535, WHOLE_PORT);

/** The address to listen on, without the port. */
export const hostSchema = z.string().refine((host) => isIP(host) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host), {
  error: 'must be a host name or an IP address; the port has its own setting',
});

const pemFile = z
  .string()
  .refine(isAbsolute, { error: 'must be the absolute path of a PEM file', params: { hint: 'such as /etc/sms-dispatch/ca.pem' } });

/** Paths of PEM files, and the name in the server's certificate. */
const redisTlsSchema = z.strictObject({
  ca: pemFile.optional(),
  cert: pemFile.optional(),
  key: pemFile.optional(),
  servername: z.string().min(1).optional(),
});

/** URL that may contain a password. */
export const redisUrlSchema = markSecret(
  z.string().transform((url, ctx) => {
    try {
      parseRedisUrl(url);
      return new Secret(url);
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  }),
);

export const logLevelSchema = z.string().toLowerCase().pipe(z.enum(LOG_LEVELS));

const publicUrl = z
  .string()
  .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !/[?#@]/.test(url), {
    error: 'must be the http(s) address under which providers reach the receiver, such as https://sms.example.com',
  })
  .transform((url) => url.replace(/\/+$/, ''));

const country = z
  .string()
  .toUpperCase()
  .refine(isSupportedCountry, { error: 'must be a country code of two letters (ISO 3166), such as MY' })
  .transform((code) => code as CountryCode);

/** Names in it are checked with the whole file: see `cross-check.ts`. */
const recipient = z.string().min(1);

type ProviderSchema = z.ZodType<ProviderConfig> & z.core.$ZodTypeDiscriminable;

/** Keys of every provider type; `type` selects one. */
const providerSchema = z.discriminatedUnion(
  'type',
  Object.values(providerConfigSchemas) as unknown as [ProviderSchema, ...ProviderSchema[]],
);

/**
 * Schema of the whole file. References between sections, and phone numbers, which need `defaultCountry`, are checked
 * afterwards.
 */
export const configSchema = z.strictObject({
  providers: z
    .record(z.string(), providerSchema)
    .refine((providers) => Object.keys(providers).length > 0, { error: 'must name at least one provider' }),
  routes: z.array(routeSchema).min(1, 'must have at least one route'),
  caps: capsSchema,
  contacts: z.record(z.string(), contactSchema).default({}),
  groups: z.record(z.string(), groupSchema).default({}),
  rotations: z.record(z.string(), rotationSchema).default({}),
  /** Files beside this one with more contacts, groups and rotations. */
  contactFiles: z.array(z.string().min(1)).default([]),
  /** Calling codes to which messages may be sent; absent: all. */
  countries: z
    .array(z.string().regex(/^[1-9]\d{0,2}$/, 'not a calling code: one to three digits, such as 60'))
    .min(1)
    .optional(),
  quietHours: quietHoursSchema.optional(),
  channels: z.record(z.string(), channelSchema).default({}),
  events: z.record(z.string(), eventWebhookSchema).default({}),
  escalations: z.record(z.string(), ladderSchema).default({}),
  money: moneySchema.optional(),
  templates: z.record(z.string(), templateSchema).default({}),
  severityWords: severityWordsSchema,
  defaultLanguage: languageTag.default('en'),
  webhooks: z.strictObject({ to: z.array(recipient).default([]) }).prefault({}),
  defaultCountry: country.optional(),
  http: z
    .strictObject({
      port: portSchema.default(8080),
      host: hostSchema.default('127.0.0.1'),
      publicUrl: publicUrl.optional(),
      allowedHosts: z.array(hostSchema).default([]),
      tokens: z.array(secretSchema).default([]),
      console: z.boolean().default(false),
    })
    .prefault({}),
  replies: z.strictObject({ confirm: z.boolean().default(false) }).prefault({}),
  metrics: z.strictObject({ port: portSchema.default(0) }).prefault({}),
  redis: z
    .strictObject({
      url: redisUrlSchema.optional(),
      tls: redisTlsSchema.optional(),
      prefix: z
        .string()
        .regex(/^[A-Za-z0-9_.:{}-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ : - and, for a Redis Cluster, { }')
        .default('{sms}'),
    })
    .prefault({}),
  worker: z
    .strictObject({ concurrency: z.int().min(1).max(1000).default(50), lock: durationBetween('1s', '10m').default(10_000) })
    .prefault({}),
  shutdown: z.strictObject({ grace: durationBetween('0', '1h').default(25_000) }).prefault({}),
  logLevel: logLevelSchema.default('info'),
});

export type ParsedConfig = z.output<typeof configSchema>;
