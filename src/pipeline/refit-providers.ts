import type { Config } from '../config/config.ts';
import type { Message } from './message.ts';
import { orderProviders } from './provider-order.ts';

/**
 * A message that was made by another config, which an operator may have replaced while it waited: where none of its
 * providers is left it takes those that its route has now, and without that route all that there are. It is not to be
 * lost over a name.
 */
export function refitProviders(message: Message, { providers, routes }: Pick<Config, 'providers' | 'routes'>): Message {
  if (message.providers.some((name) => providers.has(name))) return message;
  const plan = routes.find(({ name }) => name === message.route) ?? { providers: [...providers.keys()] };
  return { ...message, providers: orderProviders(plan, message.to, message.id) };
}
