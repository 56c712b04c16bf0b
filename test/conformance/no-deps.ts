import type { ProviderDeps } from '../../src/provider/contract/provider.ts';

/** For adapters that have nothing to do with either. */
export const noDeps: Omit<ProviderDeps, 'clock'> = {
  templates: new Map(),
  outbox: {
    append: () => Promise.reject(new Error('only a simulated provider has an outbox')),
    latest: () => Promise.reject(new Error('only a simulated provider has an outbox')),
  },
};
