import { parsePhone } from '../../alert/phone.ts';
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

/** A Redis that fails over or writes its disk out, a machine that is short of CPU: all of it takes seconds. */
const SHORTEST_LOCK_MS = 5_000;

/**
 * How long a run takes is no matter of the lock, which is renewed all the while, every quarter or half of it; and no
 * setting can make a lost one a second text: an attempt is held by its lease in the ledger, which is its provider's
 * timeout and a margin, whatever became of the lock. Two relations are left that cost something:
 * - A lock that runs out in an ordinary hiccup gives work away whose owner is well. Its run is called off, the message
 *   waits for the lease to end, and it is counted as one more that its worker left behind.
 * - A provider that may take longer than the grace has its calls cut off by an ordinary restart, each an unknown outcome. Who grants none at all knows.
 */
function timingWarnings({ worker, shutdown, providers }: ParsedConfig): ConfigFinding[] {
  const short: ConfigFinding[] =
    worker.lock >= SHORTEST_LOCK_MS
      ? []
      : [
          {
            path: ['worker', 'lock'],
            message: 'a Redis that is away for a moment makes others take over work whose owner is well',
            hint: `at least ${SHORTEST_LOCK_MS / 1000}s`,
          },
        ];
  const cutOff = Object.entries(providers).flatMap(([name, { timeoutMs }]): ConfigFinding[] => {
    if (timeoutMs <= shutdown.grace || shutdown.grace === 0) return [];
    const message = `longer than shutdown.grace (${shutdown.grace / 1000}s): a restart gives up its slow calls as unknown outcomes`;
    return [{ path: ['providers', name, 'timeout'], message, hint: `shutdown: { grace: ${Math.ceil(timeoutMs / 1000) + 5}s }` }];
  });
  return [...short, ...cutOff];
}

/** What is allowed and probably not meant. */
export function warningsFor(file: ParsedConfig, source: YamlSource): ConfigFinding[] {
  const { contacts, defaultCountry, routes } = file;
  const about = Object.entries(contacts).flatMap(([name, { phone }]): ConfigFinding[] => {
    const path = ['contacts', name];
    const verdict = parsePhone(phone, defaultCountry);
    const doubt = verdict.ok && verdict.warning !== undefined ? [{ path: [...path, 'phone'], message: verdict.warning }] : [];
    const silent = locate(source, [...path, 'consent']).node === undefined;
    return silent ? [...doubt, { path, message: 'gets no texts: consent is not given', hint: 'consent: true', hideValue: true }] : doubt;
  });
  const catchAll = routes.findIndex(({ match }) => Object.keys(match).length === 0);
  const dead = catchAll === -1 ? [] : routes.slice(catchAll + 1);
  return [
    ...about,
    ...dead.map((_, index) => ({
      path: ['routes', catchAll + 1 + index],
      message: `is never reached: routes[${catchAll}] before it matches every alert`,
      hint: 'the first route that matches wins: put the general one last',
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

/** A weight is a share of what its neighbours carry; without one that has a weight too there is nothing to share. */
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
              message: 'shares nothing: no provider beside it has a weight',
              hint: 'weights are for providers side by side that share the texts; leave it out for one that only takes over',
            },
          ];
        }),
    );
  });
}

/** Where a text made from a template goes out in a template that has its own words around it, or none of ours. */
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
            message: `has no "${type}": through ${provider} (route ${listNames(through)}) its text goes into that provider's own default template`,
            hint: `approve it with the vendor and say ${type}: { … }`,
            hideValue: true,
          },
        ];
      }),
  );
}

/** As the compiler names a route without a name. */
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

/** Shorter ones can be guessed: the right token is never locked out, however many are tried. */
const SHORTEST_SAFE_TOKEN = 16;

function shortTokens({ http: { tokens } }: ParsedConfig): ConfigFinding[] {
  return tokens.flatMap((token, index): ConfigFinding[] =>
    token.reveal().length >= SHORTEST_SAFE_TOKEN
      ? []
      : [
          {
            path: ['http', 'tokens', index],
            message: `can be guessed: it has fewer than ${SHORTEST_SAFE_TOKEN} characters`,
            hint: 'a random one: openssl rand -hex 24',
            hideValue: true,
          },
        ],
  );
}

/** Twilio signs the address that it calls; ours must be known, and be the one that it is told. */
function lostReceipts({ providers, http: { publicUrl } }: ParsedConfig): ConfigFinding[] {
  return Object.entries(providers).flatMap(([name, config]): ConfigFinding[] => {
    if (config.type !== 'twilio' || config.statusCallback === undefined) return [];
    const path = ['providers', name, 'statusCallback'];
    if (publicUrl === undefined) {
      return [
        {
          path,
          message: 'its receipts will be refused: their signature is checked against http.publicUrl, which is not set',
          hint: 'http: { publicUrl: https://… }',
        },
      ];
    }
    const ours = `${publicUrl}/v1/receipts/${name}`;
    if (config.statusCallback.split('?')[0] === ours) return [];
    return [{ path, message: 'its receipts go elsewhere, or their signature will not fit', hint: `this receiver is at ${ours}` }];
  });
}

/** Quiet hours go by a clock; where none is named that is UTC, by which few people sleep. */
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
      message: 'go by UTC for whoever has no timeZone',
      hint: 'timeZone: Europe/Berlin, of the contact or in quietHours of the file',
      hideValue: true,
    }));
}

function isTimed<Hours extends object>(hours: Hours | 'off' | undefined): hours is Hours {
  return hours !== undefined && hours !== 'off';
}
