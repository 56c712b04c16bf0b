import type { Outbox } from '../../src/provider/simulated/outbox.ts';

/** For adapters that have nothing to do with it. */
export const noOutbox: Outbox = {
  append: () => Promise.reject(new Error('only a simulated provider has an outbox')),
  latest: () => Promise.reject(new Error('only a simulated provider has an outbox')),
};
