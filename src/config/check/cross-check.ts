import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { parsePhone } from '../../alert/phone/phone.ts';
import { placeholders } from '../../alert/text.ts';
import { isClusterUrl, judgePrefix } from '../../redis/connection/redis-url.ts';
import { judgeTls } from '../../redis/connection/tls-files.ts';
import { isLoopback } from '../../setting/loopback.ts';
import { didYouMean } from '../../text/suggest.ts';
import { type ConfigFinding, show } from '../finding.ts';
import { wholeOf } from '../source/contact-files.ts';
import type { Settings } from '../source/env-settings.ts';
import { countryOf, list, type Quote, record, type Section, theyAre } from '../source/raw-file.ts';
import type { Path, YamlSource } from '../source/yaml-source.ts';
import { addressFaults, phoneFault } from './address-faults.ts';
import { rotationFaults } from './rotation-faults.ts';
import { simulatedFaults } from './simulated-faults.ts';

/**
 * Checks that need more than one section. Works on the file as written, valid or not, so that a fault in one section
 * does not hide faults in another.
 * @param everybody whether all contacts are known: without the contents of a contact file, names in it would be reported as unknown
 */
export function crossCheck(source: YamlSource, given: Pick<Settings, 'host' | 'redisUrl'>, everybody: boolean): ConfigFinding[] {
  const file = wholeOf(source);
  const quote = (path: Path) => show(source, path) ?? '';
  return [
    ...['providers', 'contacts', 'groups', 'rotations', 'channels', 'events', 'escalations', 'templates'].flatMap((section) =>
      nameFaults(file, section),
    ),
    ...routeFaults(file, quote),
    ...simulatedFaults(file, quote),
    ...contactFaults(file),
    ...(everybody ? [...addressFaults(file, quote), ...rotationFaults(file, quote)] : []),
    ...referenceFaults(file, quote),
    ...languageFaults(file),
    ...openDoorFaults(file, given.host),
    ...prefixFaults(file, given.redisUrl?.reveal()),
    ...tlsFaults(file, given.redisUrl?.reveal()),
  ];
}

/** Checks names, which become metric labels, Redis keys and parts of URLs; a name that looks like a phone number would reveal one. */
function nameFaults(file: Section, section: string): ConfigFinding[] {
  const pattern =
    section === 'providers' || section === 'channels' || section === 'events'
      ? /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
      : /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
  return Object.keys(record(file[section]))
    .filter((name) => !pattern.test(name) || /\d{7}/.test(name))
    .map((name) => ({
      path: [section, name],
      message: 'not a valid name: use 1 to 64 letters, digits, . _ or -, starting with a letter or digit; not a phone number',
      hideValue: true,
    }));
}

function routeFaults(file: Section, quote: Quote): ConfigFinding[] {
  const providers = Object.keys(record(file.providers));
  const names = new Map<unknown, number>();
  return list(file.routes).flatMap((route, index): ConfigFinding[] => {
    const { name, providers: chain, countries } = record(route);
    const path = ['routes', index];
    const earlier = typeof name === 'string' ? names.get(name) : undefined;
    if (earlier === undefined) names.set(name, index);
    const byCode = Object.entries(record(countries));
    const lists = [[chain, 'providers'] as const, ...byCode.map(([code, own]) => [own, 'countries', code] as const)];
    const faults = lists.flatMap(([choices, ...within]) => choiceFaults(list(choices), [...path, ...within], providers, quote));
    faults.push(...byCode.flatMap(([code]) => codeFaults(code, [...path, 'countries', code])));
    faults.push(...templateFaults(route, [...path, 'template'], Object.keys(record(file.templates)), quote));
    if (earlier === undefined) return faults;
    return [
      { path: [...path, 'name'], message: `two routes named ${quote([...path, 'name'])}`, hint: `the first is routes[${earlier}]` },
      ...faults,
    ];
  });
}

/** Checks one failover order. */
function choiceFaults(choices: readonly unknown[], path: Path, providers: readonly string[], quote: Quote): ConfigFinding[] {
  const names = choices.map((choice) => (typeof choice === 'string' ? choice : record(choice).name));
  return names.flatMap((name, place): ConfigFinding[] => {
    const at = typeof choices[place] === 'string' ? [...path, place] : [...path, place, 'name'];
    if (typeof name !== 'string' || name === '') return [];
    if (names.indexOf(name) < place) return [{ path: at, message: `provider ${quote(at)} is listed twice`, hint: 'remove one' }];
    if (providers.includes(name)) return [];
    return [{ path: at, message: `no provider named ${quote(at)}`, hint: didYouMean(name, providers) ?? theyAre('providers', providers) }];
  });
}

function templateFaults(route: unknown, path: Path, templates: readonly string[], quote: Quote): ConfigFinding[] {
  const { template } = record(route);
  if (typeof template !== 'string' || template === '' || templates.includes(template)) return [];
  return [{ path, message: `no template named ${quote(path)}`, hint: didYouMean(template, templates) ?? theyAre('templates', templates) }];
}

function contactFaults(file: Section): ConfigFinding[] {
  return Object.entries(record(file.contacts)).flatMap(([name, contact]) => {
    const { phone } = record(contact);
    if (typeof phone !== 'string' || phone === '') return [];
    const verdict = parsePhone(phone, countryOf(file));
    return verdict.ok ? [] : [phoneFault(['contacts', name, 'phone'], phone, verdict.message)];
  });
}

/** Without tokens, every client that can reach the port may send messages at the operator's cost. */
function openDoorFaults(file: Section, givenHost: string | undefined): ConfigFinding[] {
  const { host = '127.0.0.1', tokens } = record(file.http);
  const effective = givenHost ?? host;
  if (typeof effective !== 'string' || isLoopback(effective) || list(tokens).length > 0) return [];
  return [
    {
      path: givenHost === undefined ? ['http', 'host'] : ['env HOST'],
      message: `other machines can reach ${JSON.stringify(effective)}, and http.tokens is not set`,
      hint: `set http.tokens: [ \${SMS_DISPATCH_TOKEN} ], or listen on 127.0.0.1`,
    },
  ];
}

function tlsFaults(file: Section, givenUrl: string | undefined): ConfigFinding[] {
  const { url, tls } = record(file.redis);
  if (tls === undefined || tls === null) return [];
  const settings = record(tls);
  const { cert, key } = settings;
  const message = judgeTls(
    { ...(typeof cert === 'string' && { cert }), ...(typeof key === 'string' && { key }) },
    /^rediss/i.test(givenUrl ?? String(url ?? '')),
  );
  const missing = (['ca', 'cert', 'key'] as const).flatMap((name): ConfigFinding[] => {
    const path = settings[name];
    if (typeof path !== 'string' || !isAbsolute(path) || existsSync(path)) return [];
    return [
      { path: ['redis', 'tls', name], message: `no such file: ${path}`, hint: 'check that the file exists and that this user may read it' },
    ];
  });
  return [...(message === undefined ? [] : [{ path: ['redis', 'tls'], message }]), ...missing];
}

function prefixFaults(file: Section, givenUrl: string | undefined): ConfigFinding[] {
  const { url = '', prefix = '{sms}' } = record(file.redis);
  const message = judgePrefix(String(prefix), isClusterUrl(givenUrl ?? String(url)));
  return message === undefined ? [] : [{ path: ['redis', 'prefix'], message }];
}

/** A translation must use the same placeholders as the main text: others would get no value. */
function languageFaults(file: Section): ConfigFinding[] {
  return Object.entries(record(file.templates)).flatMap(([name, template]) => {
    const { text: main, languages } = record(template);
    if (typeof main !== 'string') return [];
    const wanted = placeholders(main);
    return Object.entries(record(languages)).flatMap(([language, wording]): ConfigFinding[] => {
      const { text } = record(wording);
      if (typeof text !== 'string') return [];
      const found = placeholders(text);
      const missing = wanted.filter((placeholder) => !found.includes(placeholder));
      const strange = found.filter((placeholder) => !wanted.includes(placeholder));
      if (missing.length + strange.length === 0) return [];
      return [
        {
          path: ['templates', name, 'languages', language, 'text'],
          message: [
            ...(missing.length > 0 ? [`lacks ${inBraces(missing)} of the main text`] : []),
            ...(strange.length > 0 ? [`has ${inBraces(strange)}, which is not in the main text`] : []),
          ].join(' and '),
          hint: strange.map((placeholder) => didYouMean(placeholder, wanted))[0],
        },
      ];
    });
  });
}

function inBraces(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}

/** Finds unknown names of escalations, channels and providers, and invalid calling codes. */
function referenceFaults(file: Section, quote: Quote): ConfigFinding[] {
  const unknown = (what: string, name: unknown, path: Path, written = quote(path)): ConfigFinding[] => {
    const names = Object.keys(record(file[`${what}s`]));
    if (typeof name !== 'string' || name === '' || names.includes(name)) return [];
    return [{ path, message: `no ${what} named ${written}`, hint: didYouMean(name, names) ?? theyAre(`${what}s`, names), hideValue: true }];
  };
  return [
    ...list(file.routes).flatMap((route, index) => unknown('escalation', record(route).escalation, ['routes', index, 'escalation'])),
    ...Object.entries(record(file.escalations)).flatMap(([name, steps]) =>
      list(steps).flatMap((step, index) =>
        list(record(step).channels).flatMap((channel, place) =>
          unknown('channel', channel, ['escalations', name, index, 'channels', place]),
        ),
      ),
    ),
    ...Object.keys(record(record(file.money).prices)).flatMap((provider) =>
      unknown('provider', provider, ['money', 'prices', provider], JSON.stringify(provider)),
    ),
    ...Object.keys(record(record(file.caps).perCountry)).flatMap((code) => codeFaults(code, ['caps', 'perCountry', code])),
  ];
}

function codeFaults(code: string, path: Path): ConfigFinding[] {
  if (/^[1-9]\d{0,2}$/.test(code)) return [];
  return [{ path, message: 'not a calling code: one to three digits, such as 86', hideValue: true }];
}
