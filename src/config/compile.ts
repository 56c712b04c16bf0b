import type { CountryCode } from '../alert/phone/phone.ts';
import { parsePhone } from '../alert/phone/phone.ts';
import { severityTable } from '../alert/severity.ts';
import type { QuietHours } from '../policy/quiet-hours.ts';
import type { Rotation } from '../policy/rotation.ts';
import type { Route } from '../policy/route.ts';
import { type TlsFiles, withTlsFiles } from '../redis/connection/tls-files.ts';
import { Secret } from '../setting/secret.ts';
import { alertOverflow } from './check/alert-overflow.ts';
import { unpricedSimulated } from './check/simulated-faults.ts';
import type { Config, Contact } from './config.ts';
import { readLocalTime } from './local-time.ts';
import { DAYS } from './schema/contact-schema.ts';
import type { ParsedConfig } from './schema/schema.ts';
import type { Settings } from './source/env-settings.ts';

/** Compiles a validated file. Settings from outside the file take precedence. */
export function compileConfig(file: ParsedConfig, settings: Settings): Config {
  const { defaultCountry, caps, money } = file;
  return {
    providers: new Map(Object.entries(file.providers)),
    routes: file.routes.map((route, index) => compileRoute(route, index, file)),
    caps: {
      weight: caps.weight,
      perRecipient: compileWindows(caps.perRecipient),
      perSource: compileWindows(caps.perSource),
      perCountry: mapValues(caps.perCountry, compileWindows),
      perHour: caps.perHour === 'off' ? undefined : caps.perHour,
    },
    contacts: mapValues(file.contacts, (contact) => compileContact(contact, defaultCountry)),
    groups: new Map(Object.entries(file.groups)),
    rotations: mapValues(file.rotations, compileRotation),
    countries: file.countries,
    quietHours: hoursOfAll(file),
    channels: new Map(Object.entries(file.channels)),
    events: new Map(Object.entries(file.events)),
    money: money && { ...money, prices: pricesOf(file, money.prices) },
    templates: new Map(Object.entries(file.templates)),
    severityWords: severityTable(file.severityWords),
    defaultLanguage: file.defaultLanguage,
    defaultCountry,
    http: {
      port: settings.port ?? file.http.port,
      host: settings.host ?? file.http.host,
      publicUrl: file.http.publicUrl,
      allowedHosts: file.http.allowedHosts,
      tokens: file.http.tokens,
      console: file.http.console,
      webhookTo: file.webhooks.to,
    },
    replies: file.replies,
    redis: { url: withTls(settings.redisUrl ?? file.redis.url, file.redis.tls), prefix: file.redis.prefix },
    worker: { concurrency: file.worker.concurrency, lockMs: file.worker.lock },
    shutdown: { graceMs: file.shutdown.grace },
    logLevel: settings.logLevel ?? file.logLevel,
    metricsPort: settings.metricsPort ?? file.metrics.port,
  };
}

/** URL for everything that connects to Redis. */
function withTls(url: Secret | undefined, tls: ParsedConfig['redis']['tls']): Secret | undefined {
  return url && tls ? new Secret(withTlsFiles(url.reveal(), dropEmpty(tls))) : url;
}

function dropEmpty(tls: NonNullable<ParsedConfig['redis']['tls']>): TlsFiles {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

/** Sets the price of simulated providers to 0 beside real ones: a trial uses no budget of real messages. */
function pricesOf({ providers }: ParsedConfig, prices: NonNullable<ParsedConfig['money']>['prices']) {
  const free = unpricedSimulated(providers, prices).map((name) => [name, { other: 0 }] as const);
  return new Map<string, Readonly<Record<string, number>>>([...Object.entries(prices), ...free]);
}

type ParsedRoute = ParsedConfig['routes'][number];

function compileRoute(written: ParsedRoute, index: number, file: ParsedConfig): Route {
  const { name, dedupeFor, expiresAfter, caps, quietHours, escalation, allowSimulated: _, ...route } = written;
  const overflow = alertOverflow(route, file);
  const ladder = escalation === undefined ? undefined : file.escalations[escalation];
  return {
    ...route,
    // Otherwise its default depends on the alert: see `policyFor`.
    ...(overflow === 'digest' ? {} : { overflow }),
    name: name ?? `route-${index + 1}`,
    expiresAfterMs: expiresAfter,
    ...(dedupeFor === undefined ? {} : { dedupeForMs: dedupeFor }),
    ...(caps === undefined ? {} : { caps: { perRecipient: compileWindows(caps.perRecipient), perRoute: compileWindows(caps.perRoute) } }),
    ...(quietHours === undefined
      ? {}
      : { quietHours: quietHours === 'off' ? quietHours : compileQuietHours(quietHours, hoursOfAll(file)) }),
    ...(ladder === undefined ? {} : { ladder: ladder.map(({ after, ...step }) => ({ afterMs: after, ...step })) }),
  };
}

function compileWindows(windows: ParsedConfig['caps']['perSource']) {
  return windows.map(({ max, per }) => ({ max, perMs: per }));
}

type ParsedHours = Exclude<ParsedConfig['quietHours'], 'off' | undefined>;

function hoursOfAll({ quietHours }: ParsedConfig): QuietHours | undefined {
  return quietHours === undefined || quietHours === 'off' ? undefined : compileQuietHours(quietHours, undefined);
}

/** Settings that a route omits come from the global quiet hours. */
function compileQuietHours({ from, to, override, timeZone }: ParsedHours, ofAll: QuietHours | undefined): QuietHours {
  return { from, to, override: override ?? ofAll?.override ?? 'critical', timeZone: timeZone ?? ofAll?.timeZone ?? 'UTC' };
}

type ParsedContact = ParsedConfig['contacts'][string];

function compileContact({ phone, quietHours, ...rest }: ParsedContact, country: CountryCode | undefined): Contact {
  const verdict = parsePhone(phone, country);
  if (!verdict.ok) throw new Error('invalid phone number of a contact: the config must be validated before it is compiled');
  return { ...rest, phone: verdict.phone, ...(quietHours === undefined ? {} : { quietHours }) };
}

function compileRotation({ timeZone, shifts, overrides }: ParsedConfig['rotations'][string]): Rotation {
  return {
    timeZone,
    shifts: shifts.map(({ days, ...shift }) => ({ ...shift, days: days.map((day) => DAYS.indexOf(day) + 1) })),
    overrides: overrides.map(({ from, to, contacts }) => ({
      from: readLocalTime(from, timeZone),
      to: readLocalTime(to, timeZone),
      contacts,
    })),
  };
}

function mapValues<A, B>(section: Readonly<Record<string, A>>, compile: (value: A) => B): ReadonlyMap<string, B> {
  return new Map(Object.entries(section).map(([name, value]) => [name, compile(value)]));
}
