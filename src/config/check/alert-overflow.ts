import { type ProviderPlan, providersOf } from '../../policy/provider-order.ts';
import type { Overflow } from '../../policy/route.ts';
import type { ProviderConfig } from '../../provider/registry.ts';
import type { Template } from '../../provider/template/template.ts';

/** Sections of a config that determine which templates messages use. */
interface Registry {
  readonly providers: Readonly<Record<string, ProviderConfig>>;
  readonly templates: Readonly<Record<string, Template>>;
}

/** Whether the operators compare messages of this provider with a registered template (DLT in India). */
export function isRegistered(provider: ProviderConfig | undefined): boolean {
  return provider?.type === 'exotel' && (provider.dltTemplateId !== undefined || provider.dltEntityId !== undefined);
}

/**
 * Returns how alerts of a route are handled when a cap holds them back: as configured, otherwise by a digest. A route
 * whose template is registered with the operators defers them: a digest does not match that template, and the operators would drop it.
 */
export function alertOverflow(
  route: ProviderPlan & { readonly overflow?: Overflow | undefined; readonly template?: string },
  { providers, templates }: Registry,
): Overflow {
  if (route.overflow !== undefined) return route.overflow;
  const registered = route.template !== undefined && templates[route.template]?.exotel !== undefined;
  return registered && providersOf(route).some((name) => providers[name]?.type === 'exotel') ? 'defer' : 'digest';
}
