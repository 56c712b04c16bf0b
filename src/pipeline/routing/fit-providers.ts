import type { Config } from '../../config/config.ts';
import { orderProviders, type ProviderPlan, providersOf } from '../../policy/provider-order.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { Message } from '../message.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { type Stage, unconcerned } from '../stage.ts';

/** Route name for alerts that match no route. */
export const NO_ROUTE = 'none';

type Providers = Pick<Config, 'providers'>;

export function isSimulated({ providers }: Providers, name: ProviderName): boolean {
  return providers.get(name)?.type === 'simulated';
}

/** Whether all these providers are simulated, so that no phone gets the message. */
export function isSimulatedOnly(config: Providers, names: readonly ProviderName[]): boolean {
  return names.length > 0 && names.every((name) => isSimulated(config, name));
}

/** Every provider in the order of the file; only real ones, when there are any. */
export function anyProvider(config: Providers): ProviderPlan {
  const names = [...config.providers.keys()];
  const real = names.filter((name) => !isSimulated(config, name));
  return { providers: real.length > 0 ? real : names };
}

/** Returns per route, and for unmatched alerts, whether its providers are all simulated. */
export function simulatedRoutes({ providers, routes }: Pick<Config, 'providers' | 'routes'>): Map<string, boolean> {
  const plans = [...routes, { name: NO_ROUTE, ...anyProvider({ providers }) }];
  return new Map(plans.map((plan) => [plan.name, isSimulatedOnly({ providers }, providersOf(plan))]));
}

/**
 * Updates the providers of a message from an earlier config: when none of its providers is left, it uses those of its
 * route, or all providers without that route, so that it is not lost because of a renamed provider. A message for
 * simulated providers is never sent by real ones, and one for real providers never by simulated ones alone: `undefined`
 * when no provider of its kind is left.
 */
export function fitProviders(message: Message, config: Pick<Config, 'providers' | 'routes'>): Message | undefined {
  const { id, to, simulated = false, route } = message;
  const usable = (names: readonly ProviderName[]): ProviderName[] => {
    const known = names.filter((name) => config.providers.has(name));
    if (simulated) return known.filter((name) => isSimulated(config, name));
    return isSimulatedOnly(config, known) ? [] : known;
  };
  const own = usable(message.providers);
  if (own.length > 0) return simulated ? { ...message, providers: own } : message;
  const plan = config.routes.find(({ name }) => name === route) ?? anyProvider(config);
  const providers = usable(orderProviders(plan, to, id));
  return providers.length === 0 ? undefined : { ...message, providers };
}

/** Ends a message without a provider of its kind; a replay by an operator overrides that. */
export function createProviderGate(config: Pick<Config, 'providers' | 'routes'>): Stage<MessageSubject> {
  return {
    name: 'provider-gate',
    exec(subject) {
      const { message } = subject;
      const fitting = fitProviders(message, config);
      if (fitting === undefined) return { kind: 'stranded', detail: message.simulated ? WAS_SIMULATED : WAS_REAL };
      subject.message = fitting;
      return unconcerned;
    },
  };
}

const WAS_SIMULATED = 'raised while its route had only simulated providers; the route now has real ones';
const WAS_REAL = 'raised for real providers; the route now has only simulated ones';
