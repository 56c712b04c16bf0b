import type { CountryCode } from '../alert/phone.ts';
import { parsePhone } from '../alert/phone.ts';
import type { Route } from '../pipeline/route.ts';
import type { Config, Contact } from './config.ts';
import type { Settings } from './env-settings.ts';
import type { ParsedConfig } from './schema.ts';

/** Validated → compiled. Settings from outside the file win. */
export function compileConfig(file: ParsedConfig, settings: Settings): Config {
  const { defaultCountry } = file;
  return {
    providers: new Map(Object.entries(file.providers)),
    routes: file.routes.map(compileRoute),
    caps: {
      weight: file.caps.weight,
      perRecipient: file.caps.perRecipient.map(({ max, per }) => ({ max, perMs: per })),
      perHour: file.caps.perHour === 'off' ? undefined : file.caps.perHour,
    },
    contacts: new Map(Object.entries(file.contacts).map(([name, contact]) => [name, compileContact(contact, defaultCountry)])),
    groups: new Map(Object.entries(file.groups)),
    templates: new Map(Object.entries(file.templates)),
    defaultCountry,
    http: {
      port: settings.port ?? file.http.port,
      host: settings.host ?? file.http.host,
      publicUrl: file.http.publicUrl,
      tokens: file.http.tokens,
      webhookTo: file.webhooks.to,
    },
    redis: { url: settings.redisUrl ?? file.redis.url, prefix: file.redis.prefix },
    worker: { concurrency: file.worker.concurrency, lockMs: file.worker.lock },
    shutdown: { graceMs: file.shutdown.grace },
    logLevel: settings.logLevel ?? file.logLevel,
    metricsPort: settings.metricsPort ?? file.metrics.port,
  };
}

function compileRoute({ name, dedupeFor, expiresAfter, ...route }: ParsedConfig['routes'][number], index: number): Route {
  return {
    ...route,
    name: name ?? `route-${index + 1}`,
    expiresAfterMs: expiresAfter,
    ...(dedupeFor === undefined ? {} : { dedupeForMs: dedupeFor }),
  };
}

function compileContact({ phone, consent }: ParsedConfig['contacts'][string], country: CountryCode | undefined): Contact {
  const verdict = parsePhone(phone, country);
  if (!verdict.ok) throw new Error('a contact reached the compiler unchecked');
  return { phone: verdict.phone, consent };
}
