/**
 * `${NAME}`, `${NAME:-default}` and `${file:/path}` in the YAML. A second dollar in front, `$${NAME}`, makes it
 * literal. A default may contain one pair of braces, such as `${PREFIX:-{sms}}`.
 */
const PLACEHOLDER = /(\$?)\$\{(?:file:(?<file>[^{}\n]+)|(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>(?:[^{}\n]|\{[^{}\n]*\})*))?)\}/g;

/** Characters with a meaning in YAML, and replacements (Unicode noncharacters) of the same length. */
const MEANINGFUL = '{}[],:#';
const FIRST_STAND_IN = 0xfdd0;
const STAND_INS = new RegExp(`[\\u{${FIRST_STAND_IN.toString(16)}}-\\u{${(FIRST_STAND_IN + MEANINGFUL.length - 1).toString(16)}}]`, 'gu');

/**
 * Makes placeholders safe to parse: in `{ token: ${TOKEN} }` YAML would take the first brace for the end of the map.
 * Keeps the length of the text, so that lines and columns stay correct; {@link unshelter} reverts it after parsing.
 */
export function shelter(yaml: string): string {
  return yaml.replace(PLACEHOLDER, (whole) =>
    whole.replace(/[{}[\],:#]/g, (char) => String.fromCodePoint(FIRST_STAND_IN + MEANINGFUL.indexOf(char))),
  );
}

export function unshelter(text: string): string {
  return text.replace(STAND_INS, (char) => MEANINGFUL[(char.codePointAt(0) as number) - FIRST_STAND_IN] as string);
}

export type Placeholder =
  | { readonly kind: 'variable'; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: 'file'; readonly file: string };

/** Replaces every placeholder by the result of `resolve`. */
export function expand(text: string, resolve: (placeholder: Placeholder) => string): string {
  return text.replace(PLACEHOLDER, (whole: string, dollar: string, ...rest: unknown[]) => {
    if (dollar !== '') return whole.slice(1);
    const { file, name, fallback } = rest.at(-1) as { file?: string; name: string; fallback?: string };
    return resolve(file === undefined ? { kind: 'variable', name, fallback } : { kind: 'file', file });
  });
}

/** An invalid placeholder, such as `$NAME` or `${1A}`. */
export function looksMisspelt(text: string): boolean {
  return /^\$[A-Z_][A-Z0-9_]+$/.test(text) || /(?<!\$)\$\{/.test(text.replace(PLACEHOLDER, ''));
}
