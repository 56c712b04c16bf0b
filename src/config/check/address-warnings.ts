import { callingCode, parsePhone } from '../../alert/phone/phone.ts';
import { type Span, WEEK } from '../../policy/rotation.ts';
import { listNames } from '../../text/suggest.ts';
import type { ConfigFinding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';
import { describeSpan, weekOf } from './rotation-faults.ts';

/** Warns of contacts who receive fewer messages than configured, and of hours without an on-call contact. */
export function addressWarnings(file: ParsedConfig): ConfigFinding[] {
  return [...unreachable(file), ...wordless(file), ...gaps(file)];
}

function unreachable({ contacts, countries, defaultCountry }: ParsedConfig): ConfigFinding[] {
  if (countries === undefined) return [];
  return Object.entries(contacts).flatMap(([name, { phone }]): ConfigFinding[] => {
    const verdict = parsePhone(phone, defaultCountry);
    const code = verdict.ok ? callingCode(verdict.phone) : undefined;
    if (code !== undefined && countries.includes(code)) return [];
    return [
      {
        path: ['contacts', name, 'phone'],
        message: `receives no messages: +${code ?? ''} is not in countries`,
        hint: `countries: ${listNames(countries)}`,
      },
    ];
  });
}

function wordless({ contacts, templates, defaultLanguage }: ParsedConfig): ConfigFinding[] {
  const spoken = [defaultLanguage, ...Object.values(templates).flatMap(({ languages = {} }) => Object.keys(languages))];
  // A template in zh also serves zh-Hans.
  const has = (language: string) => spoken.some((tag) => `${language}-`.toLowerCase().startsWith(`${tag}-`.toLowerCase()));
  return Object.entries(contacts).flatMap(([name, { language }]): ConfigFinding[] => {
    if (language === undefined || has(language)) return [];
    return [{ path: ['contacts', name, 'language'], message: `no template has this language: messages are sent in ${defaultLanguage}` }];
  });
}

/** Number of gaps listed; further ones are counted. */
const NAMED = 3;

function gaps({ rotations }: ParsedConfig): ConfigFinding[] {
  return Object.entries(rotations).flatMap(([name, { shifts }]): ConfigFinding[] => {
    const holes = holesIn(shifts.flatMap(weekOf)).map(describeSpan);
    if (holes.length === 0) return [];
    const rest = holes.length > NAMED ? ` and ${holes.length - NAMED} more times a week` : '';
    return [
      {
        path: ['rotations', name, 'shifts'],
        message: `no contact is on call from ${holes.slice(0, NAMED).join(', ')}${rest}`,
        hint: 'alerts to this rotation reach no phone during these hours',
        hideValue: true,
      },
    ];
  });
}

/** Returns the time not covered by any span; a gap over the end of the week is one span. */
function holesIn(spans: readonly Span[]): Span[] {
  const sorted = spans.toSorted((a, b) => a.from - b.from);
  const holes = [...sorted, { from: WEEK, to: WEEK }].flatMap(({ from }, index) => {
    const covered = Math.max(0, ...sorted.slice(0, index).map(({ to }) => to));
    return covered < from ? [{ from: covered, to: from }] : [];
  });
  const [first, last] = [holes[0], holes.at(-1)];
  if (first?.from !== 0 || last?.to !== WEEK || first === last) return holes;
  return [...holes.slice(1, -1), { from: last.from, to: WEEK + first.to }];
}
