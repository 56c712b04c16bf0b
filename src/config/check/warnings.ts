import { parsePhone } from '../../alert/phone/phone.ts';
import { providersOf, shares } from '../../policy/provider-order.ts';
import { regionDoubt, templateBookOf } from '../../provider/registry.ts';
import { listNames } from '../../text/suggest.ts';
import type { ConfigFinding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';
import type { Section } from '../source/raw-file.ts';
import { locate, type YamlSource } from '../source/yaml-source.ts';
import { addressWarnings } from './address-warnings.ts';
import { moneyWarnings } from './money-warnings.ts';
import { overflowWarnings } from './overflow-warnings.ts';
import { simulatedWarnings } from './simulated-faults.ts';

/** A Redis failover or fork, or a CPU shortage, takes seconds. */
const SHORTEST_LOCK_MS = 5_000;

/**
 * The duration of a run does not depend on the lock, which is renewed at a quarter or half of its time. A lost lock cannot
 * cause a second message: an attempt is protected by its lease in the ledger, which is the timeout of its provider plus a
 * margin. Two relations remain that have a cost:
 * - A lock that expires during a normal delay hands work over from a healthy worker. Its run is aborted, the message
 *   waits for the lease to end, and a stall is counted.
 * - If the timeout of a provider exceeds the grace period, a normal restart aborts its calls, each an unknown outcome.
 *   A grace period of 0 is deliberate and gives no warning.
 */
function timingWarnings({ worker, shutdown, providers }: ParsedConfig): ConfigFinding[] {
  const short: ConfigFinding[] =
    worker.lock >= SHORTEST_LOCK_MS
      ? []
      : [
          {
            path: ['worker', 'lock'],
            message: 'a short Redis outage makes other workers take over work of a healthy worker',
            hint: `at least ${SHORTEST_LOCK_MS / 1000}s`,
          },
        ];
  const cutOff = Object.entries(providers).flatMap(([name, { timeoutMs }]): ConfigFinding[] => {
    if (timeoutMs <= shutdown.grace || shutdown.grace === 0) return [];
    const message = `longer than shutdown.grace (${shutdown.grace / 1000}s): a restart aborts slow calls, with unknown outcome`;
    return [{ path: ['providers', name, 'timeout'], message, hint: `shutdown: { grace: ${Math.ceil(timeoutMs / 1000) + 5}s }` }];
  });
  return [...short, ...cutOff];
}

/** Returns warnings: settings that are allowed and probably not intended. */
export function warningsFor(file: ParsedConfig, source: YamlSource): ConfigFinding[] {
  const { contacts, defaultCountry, routes } = file;
  const about = Object.entries(contacts).flatMap(([name, { phone }]): ConfigFinding[] => {
    const path = ['contacts', name];
    const verdict = parsePhone(phone, defaultCountry);
    const doubt = verdict.ok && verdict.warning !== undefined ? [{ path: [...path, 'phone'], message: verdict.warning }] : [];
    const silent = locate(source, [...path, 'consent']).node === undefined;
    return silent
      ? [...doubt, { path, message: 'receives no messages: consent is not given', hint: 'consent: true', hideValue: true }]
      : doubt;
  });
  const catchAll = routes.findIndex(({ match }) => Object.keys(match).length === 0);
  const dead = catchAll === -1 ? [] : routes.slice(catchAll + 1);
  return [
    ...about,
    ...dead.map((_, index) => ({
      path: ['routes', catchAll + 1 + index],
      message: `is never used: routes[${catchAll}] before it matches every alert`,
      hint: 'the first matching route wins: put the general route last',
      hideValue: true,
    })),
    ...lonelyWeights(file),
    ...simulatedWarnings(file as unknown as Section),
    ...unmappedTemplates(file),
    ...lostReceipts(file),
    ...shortTokens(file),
    ...regionsWithoutSms(file),
    ...timingWarnings(file),
    ...overflowWarnings(file),
    ...moneyWarnings(file),
    ...addressWarnings(file),
    ...timeZoneWarnings(file),
  ];
}

/** Warns of a weight without a second one: weights divide messages between neighbours, so one alone has no effect. */
function lonelyWeights({ routes }: ParsedConfig): ConfigFinding[] {
  return routes.flatMap((route, index) => {
    const lists = [
      { path: ['routes', index, 'providers'], choices: route.providers },
      ...Object.entries(route.countries ?? {}).map(([code, choices]) => ({ path: ['routes', index, 'countries', code], choices })),
    ];
    return lists.flatMap(({ path, choices }) =>
      shares(choices)
        .filter((share) => share.length === 1)
        .flatMap(([choice]): ConfigFinding[] => {
          if (choice === undefined || typeof choice === 'string') return [];
          return [
            {
              path: [...path, choices.indexOf(choice), 'weight'],
              message: 'has no effect: no adjacent provider has a weight',
              hint: 'weights divide messages between adjacent providers; remove it for a failover provider',
            },
          ];
        }),
    );
  });
}

/** Warns where text from one of our templates is sent inside a vendor template with other wording. */
function unmappedTemplates({ providers, routes, templates }: ParsedConfig): ConfigFinding[] {
  const vendors = Object.entries(providers).flatMap(([provider, config]) => {
    const book = templateBookOf(config);
    return book === undefined ? [] : [{ provider, type: config.type, book }];
  });
  return Object.entries(templates).flatMap(([name, template]) =>
    vendors
      .filter(({ book }) => book.find(template) === undefined)
      .flatMap(({ provider, type }): ConfigFinding[] => {
        const through = routes.flatMap((route, index) => (providersOf(route).includes(provider) ? [nameOf(route, index)] : []));
        if (through.length === 0) return [];
        return [
          {
            path: ['templates', name],
            message: `has no "${type}": through ${provider} (route ${listNames(through)}) its text is inserted into the default template of that provider`,
            hint: `have it approved by the vendor, then set ${type}: { … }`,
            hideValue: true,
          },
        ];
      }),
  );
}

/** Name of a route without a name, as the compiler sets it. */
function nameOf({ name }: ParsedConfig['routes'][number], index: number): string {
  return name ?? `route-${index + 1}`;
}

function regionsWithoutSms({ providers }: ParsedConfig): ConfigFinding[] {
  return Object.entries(providers).flatMap(([name, config]): ConfigFinding[] => {
    const message = regionDoubt(config);
    if (message === undefined) return [];
    const hint = 'see https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html ; eu-west-1 and us-east-1 send SMS';
    return [{ path: ['providers', name, 'region'], message, hint }];
  });
}

/** Shorter tokens can be guessed: a correct token is never locked out, whatever the number of failed logins. */
const SHORTEST_SAFE_TOKEN = 16;

function shortTokens({ http: { tokens } }: ParsedConfig): ConfigFinding[] {
  return tokens.flatMap((token, index): ConfigFinding[] =>
    token.reveal().length >= SHORTEST_SAFE_TOKEN
      ? []
      : [
          {
            path: ['http', 'tokens', index],
            message: `can be guessed: fewer than ${SHORTEST_SAFE_TOKEN} characters`,
            hint: 'create one with: openssl rand -hex 24',
            hideValue: true,
          },
        ],
  );
}

/** Twilio signs the URL that it calls, so `http.publicUrl` must be set and match the configured callback. */
function lostReceipts({ providers, http: { publicUrl } }: ParsedConfig): ConfigFinding[] {
  return Object.entries(providers).flatMap(([name, config]): ConfigFinding[] => {
    if (config.type !== 'twilio' || config.statusCallback === undefined) return [];
    const path = ['providers', name, 'statusCallback'];
    if (publicUrl === undefined) {
      return [
        {
          path,
          message: 'its receipts are rejected: their signature is checked against http.publicUrl, which is not set',
          hint: 'http: { publicUrl: https://… }',
        },
      ];
    }
    const ours = `${publicUrl}/v1/receipts/${name}`;
    if (config.statusCallback.split('?')[0] === ours) return [];
    return [{ path, message: 'its receipts go elsewhere, or their signature does not match', hint: `this receiver is at ${ours}` }];
  });
}

/** Quiet hours without a time zone use UTC, which is rarely intended. */
function timeZoneWarnings({ quietHours, routes, contacts }: ParsedConfig): ConfigFinding[] {
  if (isTimed(quietHours) && quietHours.timeZone !== undefined) return [];
  const ofContacts = Object.entries(contacts).map(([name, { quietHours: hours, timeZone }]) => ({
    path: ['contacts', name, 'quietHours'],
    isUnplaced: isTimed(hours) && timeZone === undefined,
  }));
  const others = [
    { path: ['quietHours'], hours: quietHours },
    ...routes.map((route, index) => ({ path: ['routes', index, 'quietHours'], hours: route.quietHours })),
  ].map(({ path, hours }) => ({ path, isUnplaced: isTimed(hours) && hours.timeZone === undefined }));
  return [...others, ...ofContacts]
    .filter(({ isUnplaced }) => isUnplaced)
    .map(({ path }) => ({
      path,
      message: 'use UTC for contacts without timeZone',
      hint: 'set timeZone, such as Europe/Berlin, on the contact or in the global quietHours',
      hideValue: true,
    }));
}

function isTimed<Hours extends object>(hours: Hours | 'off' | undefined): hours is Hours {
  return hours !== undefined && hours !== 'off';
}
