import type { AskableProvider } from '../src/cli/cli-deps.ts';
import { systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { createProvider, type ProviderConfig } from '../src/provider/registry.ts';

/** Nothing is sent by a command, not even in simulation. */
const refuse = () => Promise.reject(new Error('commands send nothing'));

/** A provider for commands that ask. Loads that vendor's code alone. */
export function openProvider({ providers, templates }: Config, name: string): Promise<AskableProvider> {
  return createProvider(name, providers.get(name) as ProviderConfig, {
    clock: systemClock,
    templates,
    outbox: { append: refuse, latest: refuse },
  });
}
