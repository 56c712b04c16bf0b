import type { z } from 'zod';
import { alibabaConfig, alibabaTemplates } from './alibaba/config.ts';
import { awsSmsVoiceConfig, doubtOfRegion, snsConfig } from './aws/shared/config.ts';
import type { Provider, ProviderDeps, ProviderName } from './contract/provider.ts';
import type { InboundReader, InboundReaderDeps, ReceiptReader, ReceiptReaderDeps } from './contract/receipt-reader.ts';
import { exotelConfig } from './exotel/config.ts';
import { httpConfig } from './http/config.ts';
import { simulatedConfig } from './simulated/config.ts';
import { smslocalConfig } from './smslocal/config.ts';
import type { TemplateBook } from './template/fill-template.ts';
import { tencentConfig, tencentTemplates } from './tencent/config.ts';
import { twilioConfig } from './twilio/config.ts';
import { unismsConfig, unismsTemplates } from './unisms/config.ts';

/**
 * One line per vendor. The client is loaded when the first provider of its type is created, the readers of receipts and
 * inbound messages when the receiver starts; a vendor without a reader sends none. `templates`: the vendor sends
 * approved templates only.
 */
const VENDORS = {
  twilio: {
    schema: twilioConfig,
    load: async () => (await import('./twilio/client.ts')).createTwilioProvider,
    receipts: async () => (await import('./twilio/receipt.ts')).createTwilioReceiptReader,
    inbound: async () => (await import('./twilio/receipt.ts')).createTwilioInboundReader,
  },
  sns: { schema: snsConfig, load: async () => (await import('./aws/sns/client.ts')).createSnsProvider },
  'aws-sms-voice': { schema: awsSmsVoiceConfig, load: async () => (await import('./aws/sms-voice/client.ts')).createAwsSmsVoiceProvider },
  tencent: {
    schema: tencentConfig,
    load: async () => (await import('./tencent/client.ts')).createTencentProvider,
    receipts: async () => (await import('./tencent/receipt.ts')).createTencentReceiptReader,
    templates: tencentTemplates,
  },
  alibaba: {
    schema: alibabaConfig,
    load: async () => (await import('./alibaba/client.ts')).createAlibabaProvider,
    receipts: async () => (await import('./alibaba/receipt.ts')).createAlibabaReceiptReader,
    templates: alibabaTemplates,
  },
  unisms: {
    schema: unismsConfig,
    load: async () => (await import('./unisms/client.ts')).createUnismsProvider,
    receipts: async () => (await import('./unisms/receipt.ts')).createUnismsReceiptReader,
    templates: unismsTemplates,
  },
  smslocal: {
    schema: smslocalConfig,
    load: async () => (await import('./smslocal/client.ts')).createSmslocalProvider,
    receipts: async () => (await import('./smslocal/receipt.ts')).createSmslocalReceiptReader,
  },
  exotel: {
    schema: exotelConfig,
    load: async () => (await import('./exotel/client.ts')).createExotelProvider,
    receipts: async () => (await import('./exotel/receipt.ts')).createExotelReceiptReader,
  },
  http: {
    schema: httpConfig,
    load: async () => (await import('./http/client.ts')).createHttpProvider,
    receipts: async () => (await import('./http/receipt.ts')).createHttpReceiptReader,
  },
  simulated: { schema: simulatedConfig, load: async () => (await import('./simulated/client.ts')).createSimulatedProvider },
} as const;

export type ProviderType = keyof typeof VENDORS;

export const PROVIDER_TYPES = Object.keys(VENDORS) as readonly ProviderType[];

export type ProviderSchemas = { readonly [Type in ProviderType]: (typeof VENDORS)[Type]['schema'] };

/** Schema per provider type; the output has defaults, ms and wrapped secrets. */
export const providerConfigSchemas = Object.fromEntries(
  PROVIDER_TYPES.map((type) => [type, VENDORS[type].schema]),
) as unknown as ProviderSchemas;

export type ProviderConfig = z.output<ProviderSchemas[ProviderType]>;

type Create = (name: ProviderName, config: ProviderConfig, deps: ProviderDeps) => Promise<Provider>;

/** Loads the vendor's code and creates one instance. Makes no request. */
export async function createProvider(name: ProviderName, config: ProviderConfig, deps: ProviderDeps): Promise<Provider> {
  // `type` selected both the schema of this config and the code that uses it, which a union type cannot express.
  const create = (await VENDORS[config.type].load()) as Create;
  return create(name, config, deps);
}

type CreateReader = (config: ProviderConfig, deps: ReceiptReaderDeps) => ReceiptReader;

/** Returns the reader of a provider's delivery receipts; `undefined` for a vendor that sends none. Loads no vendor SDK. */
export async function createReceiptReader(config: ProviderConfig, deps: ReceiptReaderDeps): Promise<ReceiptReader | undefined> {
  const vendor = VENDORS[config.type];
  if (!('receipts' in vendor)) return undefined;
  const create = (await vendor.receipts()) as CreateReader;
  return create(config, deps);
}

type CreateInboundReader = (config: ProviderConfig, deps: InboundReaderDeps) => InboundReader;

/** Returns the reader of a provider's inbound messages; `undefined` when the vendor is not supported. Loads no vendor SDK. */
export async function createInboundReader(config: ProviderConfig, deps: InboundReaderDeps): Promise<InboundReader | undefined> {
  const vendor = VENDORS[config.type];
  if (!('inbound' in vendor)) return undefined;
  const create = (await vendor.inbound()) as CreateInboundReader;
  return create(config, deps);
}

/** Returns how a vendor maps our templates; `undefined` when it sends free text. */
export function templateBookOf(config: ProviderConfig): TemplateBook | undefined {
  const vendor = VENDORS[config.type];
  return 'templates' in vendor ? (vendor.templates as (config: ProviderConfig) => TemplateBook)(config) : undefined;
}

/** Returns why the region of a provider may not send SMS; `undefined` when no problem is known. */
export function regionDoubt(config: ProviderConfig): string | undefined {
  return config.type === 'sns' || config.type === 'aws-sms-voice' ? doubtOfRegion(config.region) : undefined;
}
