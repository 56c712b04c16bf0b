import type { Config } from '../../config/config.ts';
import { createPacer } from '../../limit/pacing/pacer.ts';
import { type CircuitChange, type ProviderPause, withBreaker } from '../../provider/breaker/with-breaker.ts';
import { withSpans } from '../../provider/breaker/with-spans.ts';
import type { ProviderDeps } from '../../provider/contract/provider.ts';
import { createProvider } from '../../provider/registry.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { keepSpan } from '../../tracing/span.ts';
import type { SendTarget } from './send-target.ts';

export interface OpenTargets {
  readonly targets: ReadonlyMap<string, SendTarget>;
  close(): Promise<void>;
}

/** Creates every configured provider with breaker and pacing. Makes no request. */
export async function openTargets(
  providers: Config['providers'],
  redis: Redis,
  keys: Keys,
  deps: ProviderDeps & {
    readonly onPacerError: (error: Error, provider: string) => void;
    readonly onCircuit: (change: CircuitChange, provider: string) => void;
    readonly onPause?: (pause: ProviderPause, provider: string) => void;
    /** Receives exceptions of `onCircuit` and `onPause`. */
    readonly onObserverError: (error: unknown) => void;
  },
): Promise<OpenTargets> {
  const opened = await Promise.all(
    [...providers].map(async ([name, config]) => {
      const { maxPerSecond, maxConcurrent, timeoutMs, countries, pollAfterMs } = config;
      const onChange = (change: CircuitChange) => deps.onCircuit(change, name);
      const bare = withSpans(await createProvider(name, config, deps), config.type);
      const { clock, onObserverError } = deps;
      const onPause = (pause: ProviderPause) => deps.onPause?.(pause, name);
      const provider = withBreaker(bare, { clock, timeoutMs, onChange, onPause, onObserverError });
      const onError = (error: Error) => deps.onPacerError(error, name);
      const pacer = createPacer({ redis, keys, provider: name, maxPerSecond, maxConcurrent, timeoutMs, onError });
      const target: SendTarget = {
        provider,
        timeoutMs,
        countries,
        pollAfterMs,
        ...(config.type === 'simulated' ? { simulated: true } : {}),
        ...(maxPerSecond === undefined && maxConcurrent === undefined ? {} : { paced: true }),
        pace: (signal, job, urgent) => pacer.run(signal, keepSpan(job), urgent),
      };
      return { name, target, close: () => Promise.all([provider.close(), pacer.close()]) };
    }),
  );
  return {
    targets: new Map(opened.map(({ name, target }) => [name, target])),
    close: async () => void (await Promise.all(opened.map(({ close }) => close()))),
  };
}
