import type { Config } from '../../config/config.ts';
import { orderProviders, type ProviderPlan, providersOf } from '../../policy/provider-order.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { Message } from '../message.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { type Stage, unconcerned } from '../stage.ts';

/** What an alert takes that no route matches. */
export const NO_ROUTE = 'none';

type Providers = Pick<Config, 'providers'>;

export function isSimulated({ providers }: Providers, name: ProviderName): boolean {
  return providers.get(name)?.type === 'simulated';
}

/** Whether a text by this order reaches no phone, whichever provider takes it. */
export function isSimulatedOnly(config: Providers, names: readonly ProviderName[]): boolean {
  return names.length > 0 && names.every((name) => isSimulated(config, name));
}

/** Every provider, in the order of the file: the real ones alone, where there are any. */
export function anyProvider(config: Providers): ProviderPlan {
  const names = [...config.providers.keys()];
  const real = names.filter((name) => !isSimulated(config, name));
  return { providers: real.length > 0 ? real : names };
}

/** Of each route, and of alerts that none matches, whether its texts reach no phone. */
export function simulatedRoutes({ providers, routes }: Pick<Config, 'providers' | 'routes'>): Map<string, boolean> {
  const plans = [...routes, { name: NO_ROUTE, ...anyProvider({ providers }) }];
  return new Map(plans.map((plan) => [plan.name, isSimulatedOnly({ providers }, providersOf(plan))]));
}

/**
 * A message that was made by another config, which an operator may have replaced while it waited: where none of its
 * providers is left it takes those that its route has now, and without that route all that there are. It is not to be
 * lost over a name.
 * What was made for simulated providers never goes to a real one, which would text a phone with what a trial left, and what
 * was made for real ones never goes to simulated ones alone: `undefined` where no other is left.
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

/** Ends what has no provider of its kind any more; an operator who replays it insists. */
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

const WAS_SIMULATED = 'raised while its route had simulated providers alone; the route has real ones now';
const WAS_REAL = 'raised for real providers; the route has simulated ones alone now';
