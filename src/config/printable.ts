import { maskAround } from '../alert/phone-text.ts';

const SECRET_KEYS =
  /secret|token|passw|api_?key|access_?key|authori[sz]ation|^key$|sid$|^headers$|^body$|^url$|^baseUrl$|^statusCallback$/i;

/** Names of account ids and addresses that are not secret by their schema and still tell more than a fault needs to. */
export function isSecretPath(path: readonly PropertyKey[]): boolean {
  return path.some((part) => typeof part === 'string' && SECRET_KEYS.test(part));
}

/**
 * Masks whatever may be a phone number, as `maskNumbers` of `alert/phone.ts` does. The last three digits stay, and the shape,
 * which is what a person got wrong.
 */
export function maskNumbers(text: string): string {
  return maskAround(text, (part) =>
    part.replace(/\+?\p{Nd}(?:[\p{Zs}\p{Cf}\p{M}\p{Pd}().\u2212]{0,3}\p{Nd}){6,}/gu, (run) =>
      run.replace(/\p{Nd}(?=(?:\P{Nd}*\p{Nd}){3})/gu, '*'),
    ),
  );
}

/**
 * Takes out of every URL what may be a credential: all up to the last `@`, and the query; of one without a user name the
 * path stays, which says what was meant.
 */
export function maskUrls(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\n]*@/gi, '$1[secret]@')
    .replace(/(?<![\w[.+-])[\w.+-]+:[^\s@/][^\s@]*@/g, '[secret]@')
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s"'?#]*)[?#][^\s"']*/gi, '$1?[secret]');
}

/** Text of a config as a fault shows it. */
export const maskText = (text: string): string => maskNumbers(maskUrls(text));

const LONGEST = 60;

/** A value as a fault shows it; `undefined` when there is nothing to show. */
export function printable(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (typeof value !== 'string') return maskNumbers(String(value));
  const masked = maskText(value);
  return JSON.stringify(masked.length > LONGEST ? `${masked.slice(0, LONGEST)}…` : masked);
}

/** A message with each quoted value, and each word that stands free, cut to what a fault shows of one. */
export function cutQuotes(text: string): string {
  return text
    .replace(/"(?:[^"\\]|\\.)*"/gu, (quoted) => (quoted.length > LONGEST + 2 ? `${quoted.slice(0, LONGEST + 1)}…"` : quoted))
    .replace(/[^\s"]{121,}/gu, (word) => `${word.slice(0, LONGEST)}…`);
}

/** How vendors begin what they give out, by which a person sees what it is; what follows is never shown. */
const KNOWN_BEGINNINGS = /^(?:AC|SK|MG|PN|AKIA|ASIA|AKID|LTAI|whsec_|Bearer |Basic |https?:\/\/|smtps?:\/\/|rediss?:\/\/)/;

/** A secret as a fault shows it: how long it is, of what, and how it begins where that is public. */
export function formOf(secret: string): string {
  const { length } = [...secret];
  const kind = /^\d+$/.test(secret) ? 'digit' : /^[0-9a-f]+$/i.test(secret) ? 'hex digit' : 'character';
  const beginning = KNOWN_BEGINNINGS.exec(secret)?.[0];
  const rest = beginning === undefined ? undefined : secret.slice(beginning.length);
  const begins = rest === undefined || rest.length < 4 ? '' : ` that begin with ${beginning?.trim()}`;
  return `${length} ${begins === '' ? kind : 'character'}${length === 1 ? '' : 's'}${begins}`;
}
