import type { Config } from '../../config/config.ts';
import { MICRO } from '../../limit/budget/money.ts';
import type { Window } from '../../limit/caps/rate-cap.ts';
import { describeStep } from '../../policy/escalation.ts';
import { type ProviderChoice, type ProviderPlan, providersOf, shares } from '../../policy/provider-order.ts';
import type { QuietHours } from '../../policy/quiet-hours.ts';
import type { Matcher, Route } from '../../policy/route.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatDuration } from '../../text/format-time.ts';

/** Content of a config as plain data without secrets and phone numbers. */
export type ConfigSummary = ReturnType<typeof summariseConfig>;

export function summariseConfig({ providers, routes, caps, quietHours, contacts, groups, templates, ...config }: Config) {
  return {
    providers: [...providers].map(([name, { type }]) => ({ name, type })),
    routes: routes.map(({ name, match, minSeverity, expiresAfterMs, providers, countries, caps, quietHours, ladder }) => ({
      name,
      match: plainMatch(match),
      minSeverity: minSeverity ?? null,
      expiresAfterMs,
      providers,
      ...(countries === undefined ? {} : { countries }),
      ...(caps === undefined ? {} : { caps }),
      ...(quietHours === undefined ? {} : { quietHours }),
      ...(ladder === undefined ? {} : { ladder }),
    })),
    caps: {
      weight: caps.weight,
      perRecipient: caps.perRecipient,
      perSource: caps.perSource ?? [],
      perCountry: Object.fromEntries(caps.perCountry ?? []),
      perHour: caps.perHour ?? null,
    },
    quietHours: quietHours ?? null,
    contacts: contacts.size,
    contactsWithConsent: [...contacts.values()].filter(({ consent }) => consent).length,
    groups: [...groups.keys()],
    rotations: [...config.rotations.keys()],
    countries: config.countries ?? null,
    budgets: Object.entries(config.money?.budgets ?? {}).map(([period, { soft, hard }]) => ({
      period,
      soft: soft / MICRO,
      hard: hard / MICRO,
      currency: config.money?.currency ?? '',
    })),
    templates: [...templates.keys()],
    events: [...config.events].map(([name, { types }]) => ({ name, types })),
    console: config.http.console,
  };
}

export function formatConfigSummary({ providers, routes, caps, quietHours, ...rest }: ConfigSummary): string {
  const used = new Set(routes.flatMap(providersOf));
  const unit = caps.weight === 'segments' ? ' segments' : '';
  const ladder = (windows: readonly Window[]) =>
    windows.map(({ max, perMs }) => `${max}${unit} per ${formatDuration(perMs)}`).join(' and ');
  const more = [
    ['each source', caps.perSource] as const,
    ...Object.entries(caps.perCountry).map(([code, windows]) => [`+${code}`, windows] as const),
    ...routes.flatMap(({ name, caps }) => [
      [`each phone on ${name}`, caps?.perRecipient ?? []] as const,
      [name, caps?.perRoute ?? []] as const,
    ]),
  ].filter(([, windows]) => windows.length > 0);
  const { perHour } = caps;
  return formatTable([
    ...section('providers', providers, ({ name, type }) => `${name} (${type})${used.has(name) ? '' : ', used by no route'}`),
    ...section(
      'routes',
      routes,
      ({ name, match, minSeverity, expiresAfterMs, ladder, ...plan }) =>
        `${name}: ${formatMatch(match)}, ${minSeverity ?? 'critical (alerts), info (others)'} and up, ${ladder === undefined ? '' : `${ladder.map(describeStep).join('; ')}; `}${ladder?.every(({ sms }) => !sms) ? 'sends no messages' : `within ${formatDuration(expiresAfterMs)}, by ${formatPlan(plan)}`}`,
    ),
    ['caps', `each phone: ${ladder(caps.perRecipient) || 'off'}`],
    ...more.map(([whose, windows]) => ['', `${whose}: ${ladder(windows)}`]),
    [
      '',
      `all phones: ${perHour === undefined || perHour === null ? 'off' : `${perHour.max}${unit} per 1h, ${perHour.criticalReserve} of them reserved for criticals`}`,
    ],
    ...(quietHours === null ? [] : [['quiet hours', formatHours(quietHours)]]),
    ['contacts', `${rest.contacts}, ${rest.contactsWithConsent} with consent`],
    ['groups', rest.groups.join(', ') || 'none'],
    ...(rest.rotations.length === 0 ? [] : [['rotations', rest.rotations.join(', ')]]),
    ...(rest.countries === null ? [] : [['countries', rest.countries.map((code) => `+${code}`).join(', ')]]),
    ...rest.budgets.map(({ period, soft, hard, currency }, index) => [
      index === 0 ? 'budgets' : '',
      `${period}: ${hard} ${currency}${soft < hard ? `, above ${soft} criticals only` : ''}`,
    ]),
    ['templates', rest.templates.join(', ') || 'none'],
    ...rest.events.map(({ name, types }, index) => [index === 0 ? 'events' : '', `${name}: ${types.join(', ')}`]),
    ...(rest.console ? [['console', 'on']] : []),
  ]);
}

/** Describes quiet hours, such as `22:00 to 07:00 Europe/Berlin, except critical and above`. */
export function formatHours({ from, to, timeZone, override }: QuietHours): string {
  const [begin, end] = [from, to].map((minute) => `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`);
  return `${begin} to ${end} ${timeZone}, except ${override} and above`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function section<T>(title: string, items: readonly T[], line: (item: T) => string): string[][] {
  return items.length === 0 ? [[title, 'none']] : items.map((item, index) => [index === 0 ? title : '', line(item)]);
}

/** Returns `severity`, `purpose`, `source` and each label as one flat record. */
function plainMatch({ labels, ...rest }: Route['match']): Record<string, string | readonly string[]> {
  const all = [...Object.entries(rest), ...Object.entries(labels ?? {}).map(([name, matcher]) => [`labels.${name}`, matcher] as const)];
  return Object.fromEntries(all.filter(([, matcher]) => matcher !== undefined).map(([key, matcher]) => [key, plainMatcher(matcher)]));
}

export function plainMatcher(matcher: Matcher): string | readonly string[] {
  return matcher instanceof RegExp ? String(matcher) : matcher;
}

function formatMatch(match: Record<string, string | readonly string[]>): string {
  const parts = Object.entries(match).map(([key, value]) => `${key} ${typeof value === 'string' ? value : value.join(' or ')}`);
  return parts.join(', ') || 'everything';
}

/** Describes the order of providers, such as `twilio-main (3) or sns (1), then exotel; +86 by tencent-cn`. */
export function formatPlan({ providers, countries = {} }: ProviderPlan): string {
  return [formatOrder(providers), ...Object.entries(countries).map(([code, own]) => `+${code} by ${formatOrder(own)}`)].join('; ');
}

function formatOrder(choices: readonly ProviderChoice[]): string {
  const word = (choice: ProviderChoice) => (typeof choice === 'string' ? choice : `${choice.name} (${choice.weight})`);
  return shares(choices)
    .map((share) => share.map(word).join(' or '))
    .join(', then ');
}
