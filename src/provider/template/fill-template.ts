import { placeholders } from '../../alert/text.ts';
import { graphemes } from '../../text/graphemes.ts';
import { ProviderError, type SmsMessage } from '../contract/provider.ts';
import { neutraliseLinks } from './neutralise-links.ts';
import { type Templates, type Wording, wordingOf } from './template.ts';

/** A vendor's id of an approved template, and the params that go into its variables. */
export interface VendorTemplate {
  readonly id: string;
  /** The vendor's name (or position) of each variable and our param, in the vendor's order. */
  readonly variables: readonly (readonly [theirs: string, ours: string])[];
}

/** A vendor's rules for one variable. */
export interface VariableRules {
  /** Maximum length in UTF-16 units, at least 1. */
  readonly maxLength?: number | undefined;
  /** URLs, host names and IP addresses are rejected. */
  readonly noLinks?: boolean | undefined;
}

/** Maps our templates to those of a vendor. */
export interface TemplateBook {
  /** Id of the default template with the variables instance, priority, content. */
  readonly defaultId: string;
  readonly rules: VariableRules;
  /** Returns `undefined` for a template that the vendor does not have. */
  find(wording: Wording): VendorTemplate | undefined;
}

export interface FilledTemplate {
  readonly id: string;
  readonly values: readonly (readonly [theirs: string, value: string])[];
}

/** A param that cannot be sent unchanged, and why. */
export interface Misfit extends Unfit {
  readonly param: string;
}

/** Returns the vendor template filled for a message, or why the vendor would reject it (`content`). */
export function fillVendorTemplate(message: SmsMessage, templates: Templates, book: TemplateBook): FilledTemplate | ProviderError {
  const { misfits, ...filled } = fitTemplate(message, templates, book);
  return misfits[0] === undefined ? filled : new ProviderError('content', { code: misfits[0].unfit });
}

/**
 * Fits a message to a vendor template. Without a template at the vendor, the default one is used, with instance,
 * priority and content. `values` is complete when there are no `misfits`.
 */
export function fitTemplate(
  { template, variables }: Pick<SmsMessage, 'template' | 'variables'>,
  templates: Templates,
  { defaultId, rules, find }: TemplateBook,
): FilledTemplate & { readonly misfits: readonly Misfit[] } {
  const own = template && wordingOf(templates, template);
  const found = own && find(own);
  const { id, variables: wanted } = found ?? { id: defaultId, variables: THREE };
  const source: Readonly<Record<string, string>> = found === undefined ? variables : (template?.params ?? {});
  const exact = template?.exact ?? false;
  const values: [string, string][] = [];
  const misfits: Misfit[] = [];
  for (const [theirs, ours] of wanted) {
    const value = Object.hasOwn(source, ours) ? (source[ours] as string) : '';
    const fitted = found === undefined ? fitDefault(ours, value, rules, exact) : fitVariable(value, rules, exact);
    if (typeof fitted === 'string') values.push([theirs, fitted]);
    else misfits.push({ param: ours, ...fitted });
  }
  return { id, values, misfits };
}

/** Variables of a vendor's default template, by name or in this order. */
export const DEFAULT_VARIABLES = ['instance', 'priority', 'content'] as const;

const THREE: VendorTemplate['variables'] = DEFAULT_VARIABLES.map((name) => [name, name]);

/** For vendors with named variables: vendor name → our name from the config, else identical names. */
export function variablesByName({ text }: Wording, params: Readonly<Record<string, string>> | undefined): VendorTemplate['variables'] {
  return params === undefined ? placeholders(text).map((name) => [name, name] as const) : Object.entries(params);
}

/**
 * Fits a variable of the default template. Around a text that must stay unchanged, instance and priority and the line
 * breaks of our template may still be adapted.
 */
function fitDefault(name: string, value: string, rules: VariableRules, exact: boolean): string | Unfit {
  return name === 'content' ? fitVariable(toOneLine(value), rules, exact) : fitVariable(value, rules, false);
}

/** Why a value that must stay unchanged cannot be sent. */
export interface Unfit {
  readonly unfit: 'VARIABLE_EMPTY' | 'VARIABLE_CONTROL' | 'VARIABLE_LINK' | 'VARIABLE_TOO_LONG';
}

/**
 * Adapts one value to a vendor's rules: not empty, one line, without links when forbidden, not too long. An exact value
 * is returned unchanged or does not fit.
 */
export function fitVariable(value: string, rules: VariableRules, exact: boolean): string | Unfit {
  return exact ? judgeExact(value, rules) : makeFit(value, rules);
}

function judgeExact(value: string, { maxLength = Number.POSITIVE_INFINITY, noLinks = false }: VariableRules): string | Unfit {
  if (BLANK.test(value)) return { unfit: 'VARIABLE_EMPTY' };
  if (value.search(UNPRINTABLE) >= 0) return { unfit: 'VARIABLE_CONTROL' };
  if (noLinks && neutraliseLinks(value) !== value) return { unfit: 'VARIABLE_LINK' };
  return value.length > maxLength ? { unfit: 'VARIABLE_TOO_LONG' } : value;
}

function makeFit(value: string, { maxLength, noLinks = false }: VariableRules): string {
  const withoutLinks = (text: string) => (noLinks ? neutraliseLinks(text).trim() : text);
  const line = withoutLinks(toOneLine(value));
  if (BLANK.test(line)) return '-';
  // `1.2.3.4.5` is not an IP address, but its first four parts are one after truncation.
  return maxLength === undefined ? line : withoutLinks(cut(line, maxLength));
}

/** Whitespace and invisible characters. */
const BLANK = /^[\s\p{Cf}]*$/u;
/** Control characters, line ends, and unpaired surrogates, which no encoding can represent. */
const UNPRINTABLE = /\s*[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+\s*/gu;

function toOneLine(value: string): string {
  return value.replace(UNPRINTABLE, ' ').trim();
}

/** Truncates by UTF-16 units, the largest count any vendor uses. */
function cut(value: string, maxLength: number): string {
  if (value.length <= maxLength) return value;
  let head = '';
  for (const grapheme of graphemes(value)) {
    if (head.length + grapheme.length > maxLength - 1) break;
    head += grapheme;
  }
  return `${head.trimEnd()}…`;
}
