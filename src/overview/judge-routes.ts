import type { HealthFinding } from './finding.ts';
import type { RouteLane } from './lanes.ts';
import type { Overview } from './overview.ts';
import { MIN_REQUESTS, type ProviderDown, type ProviderHealth } from './provider-health.ts';

/** Number of recent requests with unknown outcome that a provider may have without a finding. */
const UNKNOWN_REQUESTS = 2;

type Down = ProviderHealth & { readonly down: ProviderDown };

/** Judges whether each route can send, and which provider prevents it. */
export function judgeRoutes({ routes, providers }: Pick<Overview, 'routes' | 'providers'>): HealthFinding[] {
  const down = new Map(providers.flatMap((provider) => (isDown(provider) ? [[provider.provider, provider] as const] : [])));
  const stopped = routes.filter((lane) => lane.providers.length > 0 && lane.providers.every((name) => down.has(name)));
  const named = new Set(stopped.flatMap((lane) => lane.providers));
  const idle = [...down.values()].filter(({ provider }) => !named.has(provider));
  return [
    ...routes.filter((lane) => lane.providers.length === 0).map(unreachable),
    ...stopped.map((lane) =>
      routeDown(
        lane,
        lane.providers.flatMap((name) => down.get(name) ?? []),
      ),
    ),
    ...idle.map((provider) => providerDown(provider, routes, down)),
    ...providers.filter((provider) => !down.has(provider.provider)).flatMap(judgeAnswers),
    ...simulatedRoutes(routes),
  ];
}

function isDown(provider: ProviderHealth): provider is Down {
  return provider.down !== null;
}

function unreachable({ route }: RouteLane): HealthFinding {
  return {
    level: 'critical',
    kind: 'route_unreachable',
    route,
    text: `Route ${route} reaches no phone: none of its providers may send to a country that the config allows.`,
    hint: 'Correct `countries` of the config and of its providers, then',
    command: 'sms-dispatch config check',
  };
}

/** Reports a route without usable providers. A refused account needs an operator, so it is named before a temporary fault. */
function routeDown(lane: RouteLane, all: readonly Down[]): HealthFinding {
  const worst = all.find(({ down }) => isAccount(down.reason)) ?? (all[0] as Down);
  const causes = all.map(({ provider, down }) => `${provider} ${causeWords(down)}`).join('; ');
  return {
    level: 'critical',
    kind: 'route_down',
    route: lane.route,
    ...causeOf(worst),
    text: `Route ${lane.route} sends nothing${toWords(lane)}: ${causes}.`,
    ...nextStep(worst),
  };
}

function providerDown(provider: Down, routes: readonly RouteLane[], down: ReadonlyMap<string, unknown>): HealthFinding {
  const lanes = routes.filter((lane) => lane.providers.includes(provider.provider));
  const others = [...new Set(lanes.flatMap((lane) => lane.providers.filter((name) => !down.has(name))))];
  const rest = others.length === 0 ? 'no route needs it' : `its routes use ${others.join(', ')}`;
  return {
    level: 'warning',
    kind: 'provider_down',
    ...causeOf(provider),
    text: `Provider ${provider.provider} ${causeWords(provider.down)}; ${rest}.`,
    ...nextStep(provider),
  };
}

/** Judges the recent answers of a provider that is in use. */
function judgeAnswers({ provider, accepted, refused, unknown, last }: ProviderHealth): HealthFinding[] {
  const hint = "See the vendor's status page and its view of our account";
  const command = `sms-dispatch providers check ${provider}`;
  if (last.requests >= MIN_REQUESTS && last.accepted === 0) {
    const reason = last.reason ?? 'unknown_outcome';
    const code = last.code === null ? {} : { code: last.code };
    const text = `Provider ${provider} accepted none of its last ${last.requests} requests: ${reasonWords(reason, last.code)}.`;
    return [{ level: 'warning', kind: 'provider_refusing', provider, reason, ...code, text, hint, command }];
  }
  if (unknown <= UNKNOWN_REQUESTS) return [];
  const text = `Of ${accepted + refused + unknown} requests to ${provider} ${unknown} ended without a readable answer.`;
  return [{ level: 'warning', kind: 'provider_silent', provider, reason: 'unknown_outcome', text, hint, command }];
}

function simulatedRoutes(routes: readonly RouteLane[]): HealthFinding[] {
  const names = [...new Set(routes.filter(({ simulated, providers }) => simulated && providers.length > 0).map(({ route }) => route))];
  const rest = new Set(routes.filter(({ simulated }) => !simulated).map(({ route }) => route));
  return names.map((route) => ({
    level: 'warning',
    kind: 'route_simulated',
    route,
    text: `Route ${route} is simulated${rest.has(route) ? ' for some countries' : ''}: nothing is sent to phones.`,
    hint: 'Give it a real provider in the config, then',
    command: 'sms-dispatch config check',
  }));
}

export function isAccount(reason: string): boolean {
  return reason === 'auth' || reason === 'balance';
}

function causeOf({ provider, down }: Down): Pick<HealthFinding, 'provider' | 'reason' | 'code'> {
  return { provider, reason: down.reason, ...(down.code === null ? {} : { code: down.code }) };
}

const BY: Readonly<Record<ProviderDown['by'], string>> = {
  circuit: 'is not used',
  paused: 'asked for a pause',
  refusing: 'accepts nothing',
};

/** Describes the cause: `is not used since 03:04 UTC: auth (20003)`. */
function causeWords({ by, reason, code, since, until }: ProviderDown): string {
  const from = since === null ? '' : ` since ${since.slice(11, 16)} UTC`;
  const to = until === null ? '' : ` until ${until.slice(0, 16).replace('T', ' ')} UTC`;
  return `${BY[by]}${from}${to}: ${reasonWords(reason, code)}`;
}

function reasonWords(reason: string, code: string | null): string {
  return code === null ? reason : `${reason} (${code})`;
}

function toWords({ countries }: RouteLane): string {
  if (countries === null) return '';
  const shown = countries.slice(0, 5).map((code) => `+${code}`);
  return ` to ${shown.join(', ')}${countries.length > shown.length ? ` and ${countries.length - shown.length} more countries` : ''}`;
}

function nextStep({ provider, down: { reason, by } }: Down): Pick<HealthFinding, 'hint' | 'command'> {
  const command = `sms-dispatch providers check ${provider}`;
  if (reason === 'auth') return { hint: 'Correct its credentials or its account at the vendor, then', command };
  if (reason === 'balance') return { hint: "Top up its account in the vendor's console, then", command };
  if (by === 'paused') return { hint: "It is retried automatically; see the vendor's limits for our account, then", command };
  return { hint: "It is retried automatically; see the vendor's status page, then", command };
}
