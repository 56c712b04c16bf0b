import { parsePhone } from '../alert/phone.ts';
import type { Finding } from './finding.ts';
import type { ParsedConfig } from './schema.ts';
import { locate, type YamlSource } from './yaml-source.ts';

/** What is allowed and probably not meant. */
export function warningsFor({ contacts, defaultCountry, routes }: ParsedConfig, source: YamlSource): Finding[] {
  const about = Object.entries(contacts).flatMap(([name, { phone }]): Finding[] => {
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
  ];
}
