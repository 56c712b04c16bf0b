import { didYouMean } from '../../text/suggest.ts';
import type { Finding } from '../finding.ts';
import { list, type Quote, record, type Section, theyAre } from '../source/raw-file.ts';
import type { Path } from '../source/yaml-source.ts';

/** Names of escalations, channels and providers that there are not, and calling codes that are none. */
export function referenceFaults(file: Section, quote: Quote): Finding[] {
  const unknown = (what: string, name: unknown, path: Path, written = quote(path)): Finding[] => {
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

export function codeFaults(code: string, path: Path): Finding[] {
  if (/^[1-9]\d{0,2}$/.test(code)) return [];
  return [{ path, message: 'not a calling code: one to three digits, such as 86', hideValue: true }];
}
