import { maskAround } from '../alert/phone/phone-text.ts';

const SECRET_KEYS =
  /secret|token|passw|api_?key|access_?key|authori[sz]ation|^key$|sid$|^headers$|^body$|^url$|^baseUrl$|^statusCallback$/i;

/** Names of account ids and addresses, which are not secret by their schema but reveal more than a fault needs. */
export function isSecretPath(path: readonly PropertyKey[]): boolean {
  return path.some((part) => typeof part === 'string' && SECRET_KEYS.test(part));
}

/**
 * Masks possible phone numbers, as `maskNumbers` of `alert/phone/phone.ts` does. The last three digits and the format remain,
 * so that the user can recognize the mistake.
 */
export function maskNumbers(text: string): string {
  return maskAround(text, (part) =>
    part.replace(/\+?\p{Nd}(?:[\p{Zs}\p{Cf}\p{M}\p{Pd}().\u2212]{0,3}\p{Nd}){6,}/gu, (run) =>
      run.replace(/\p{Nd}(?=(?:\P{Nd}*\p{Nd}){3})/gu, '*'),
    ),
  );
}

/**
 * Removes possible credentials from every URL: everything up to the last `@`, and the query. Without a user name the path
 * remains, to identify the URL.
 */
export function maskUrls(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\n]*@/gi, '$1[secret]@')
    .replace(/(?<![\w[.+-])[\w.+-]+:[^\s@/][^\s@]*@/g, '[secret]@')
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s"'?#]*)[?#][^\s"']*/gi, '$1?[secret]');
}

/** Text of a config as shown in a fault. */
export const maskText = (text: string): string => maskNumbers(maskUrls(text));

const LONGEST = 60;

/** A value as shown in a fault; `undefined` if there is none. */
export function printable(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (typeof value !== 'string') return maskNumbers(String(value));
  const masked = maskText(value);
  return JSON.stringify(masked.length > LONGEST ? `${masked.slice(0, LONGEST)}…` : masked);
}

/** Shortens each quoted value and each long word of a message. */
export function cutQuotes(text: string): string {
  return text
    .replace(/"(?:[^"\\]|\\.)*"/gu, (quoted) => (quoted.length > LONGEST + 2 ? `${quoted.slice(0, LONGEST + 1)}…"` : quoted))
    .replace(/[^\s"]{121,}/gu, (word) => `${word.slice(0, LONGEST)}…`);
}

/** Public prefixes of vendors' secrets, which identify their kind; the rest is never shown. */
const KNOWN_BEGINNINGS = /^(?:AC|SK|MG|PN|AKIA|ASIA|AKID|LTAI|whsec_|Bearer |Basic |https?:\/\/|smtps?:\/\/|rediss?:\/\/)/;

/** Describes a secret in a fault: its length, its characters, and its prefix where that is public. */
export function formOf(secret: string): string {
  const { length } = [...secret];
  const kind = /^\d+$/.test(secret) ? 'digit' : /^[0-9a-f]+$/i.test(secret) ? 'hex digit' : 'character';
  const beginning = KNOWN_BEGINNINGS.exec(secret)?.[0];
  const rest = beginning === undefined ? undefined : secret.slice(beginning.length);
  const begins = rest === undefined || rest.length < 4 ? '' : ` that start with ${beginning?.trim()}`;
  return `${length} ${begins === '' ? kind : 'character'}${length === 1 ? '' : 's'}${begins}`;
}
