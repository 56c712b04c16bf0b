import type { z } from 'zod';
import { httpConfig } from './http/config.ts';
import type { Provider, ProviderName } from './provider.ts';
import type { ProviderDeps } from './provider-deps.ts';
import { simulatedConfig } from './simulated/config.ts';
import { twilioConfig } from './twilio/config.ts';

/** One line a vendor. Its code is loaded when the first provider of that type is made. */
const VENDORS = {
  twilio: { schema: twilioConfig, load: async () => (await import('./twilio/client.ts')).createTwilioProvider },
  http: { schema: httpConfig, load: async () => (await import('./http/client.ts')).createHttpProvider },
  simulated: { schema: simulatedConfig, load: async () => (await import('./simulated/client.ts')).createSimulatedProvider },
} as const;

export type ProviderType = keyof typeof VENDORS;

export const PROVIDER_TYPES = Object.keys(VENDORS) as readonly ProviderType[];

export type ProviderSchemas = { readonly [Type in ProviderType]: (typeof VENDORS)[Type]['schema'] };

/** Each takes one provider as written in the config, and gives it with defaults, ms and wrapped secrets. */
export const providerConfigSchemas = Object.fromEntries(
  PROVIDER_TYPES.map((type) => [type, VENDORS[type].schema]),
) as unknown as ProviderSchemas;

export type ProviderConfig = z.output<ProviderSchemas[ProviderType]>;

type Create = (name: ProviderName, config: ProviderConfig, deps: ProviderDeps) => Promise<Provider>;

/** Loads the vendor's code and makes one instance. Makes no request. */
export async function createProvider(name: ProviderName, config: ProviderConfig, deps: ProviderDeps): Promise<Provider> {
  // `type` chose both the schema that gave this config and the code that takes it, which a union cannot say.
  const create = (await VENDORS[config.type].load()) as Create;
  return create(name, config, deps);
}
