import type { AskableProvider } from '../src/cli/cli-deps.ts';
import { systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { createProvider, type ProviderConfig } from '../src/provider/registry.ts';

/** Commands send nothing, not even through the simulated provider. */
const refuse = () => Promise.reject(new Error('commands send nothing'));

/** Opens a provider for commands that only query it. Loads the code of that vendor only. */
export function openProvider({ providers, templates }: Config, name: string): Promise<AskableProvider> {
  return createProvider(name, providers.get(name) as ProviderConfig, {
    clock: systemClock,
    templates,
    outbox: { append: refuse, latest: refuse },
  });
}
